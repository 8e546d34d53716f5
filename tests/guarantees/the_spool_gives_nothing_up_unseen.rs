//! What ingest's disk has taken is given up for no shortage that passes, and what the disk does not give back is counted and
//! kept for a person.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Stdio;

use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::{paths, wait_until};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::process::Command;

use crate::fixture::spool::given_up;
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";

#[tokio::test]
async fn but_what_was_being_written_when_the_process_died() {
    let (bank, calls) = Bank::with_spooled(10).await;
    bank.ingest.process().kill();
    let newest = bank.segments().pop().unwrap();
    let mut torn = OpenOptions::new().append(true).open(&newest).unwrap();
    torn.write_all(b"CEv1 half an event").unwrap();
    bank.ingest.restart().await.unwrap();
    wait_until(SOON, "the tail to be told of", async || {
        let log = bank.ingest.process().log();
        if log.contains("torn tail") { Ok(()) } else { Err(log) }
    })
    .await;
    assert!(newest.with_extension("damaged").exists());
    bank.drains(&calls).await;
}

#[tokio::test]
async fn though_the_disk_gives_one_segment_back_in_part() {
    let (bank, _) = Bank::with_spooled(5).await;
    let user = bank.customer().await;
    let segment = bank.segments().pop().unwrap();
    OpenOptions::new().write(true).open(&segment).unwrap().set_len(40).unwrap();
    bank.stack.nats().restart().await.unwrap();
    bank.nothing_is_spooled().await;
    assert!(segment.with_extension("unreadable").exists(), "kept for a person");
    assert_eq!(given_up(&bank.ingest, "unreadable").await, 5);
    let later = user.calls(MEXICO, 61);
    bank.hang_up(&later).await;
    assert_eq!(bank.settled(&later.sid).await, "charged");
    bank.all_is_well().await;
}

#[tokio::test]
async fn though_the_disk_damages_one_event_of_many() {
    let (bank, calls) = Bank::with_spooled(5).await;
    let segment = bank.segments().pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    bank.stack.nats().restart().await.unwrap();
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    let mut charged = 0;
    for call in &calls {
        charged += bank.charges(&call.sid).await.len();
    }
    assert_eq!(charged, 4);
    assert_eq!(given_up(&bank.ingest, "damaged").await, 1);
    wait_until(SOON, "the segment to be kept for a person", async || {
        match std::fs::read(segment.with_extension("damaged")) {
            Ok(kept) if kept == bytes => Ok(()),
            found => Err(format!("{:?}", found.map(|kept| kept.len()))),
        }
    })
    .await;
    // Its number is not given out again: put back, it is in nobody's way.
    bank.ingest.restart().await.unwrap();
    bank.stack.nats().process().kill();
    let call = bank.customer().await.calls(MEXICO, 61);
    bank.hang_up(&call).await;
    assert!(bank.segments()[0] > segment, "{:?}", bank.segments());
    bank.drains(&[call]).await;
}

#[tokio::test]
async fn though_no_file_can_be_opened_for_a_while() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    // Its connection stays, so that nothing but the spool needs another descriptor afterwards.
    bank.stack.nats().process().freeze();
    let calls: Vec<TwilioCall> = (0..20).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&calls).await;
    let before = open_files_of(&bank.ingest, 3);
    bank.stack.nats().process().resume();
    // More often than a segment is read again that is damaged.
    wait_until(SOON, "the drain to wait", async || {
        match bank.ingest.process().log().matches("Too many open files").count() {
            8.. => Ok(()),
            count => Err(count),
        }
    })
    .await;
    assert!(bank.given_up().is_empty(), "{:?}", bank.given_up());
    open_files_of(&bank.ingest, before);
    bank.drains(&calls).await;
    assert!(bank.given_up().is_empty(), "{:?}", bank.given_up());
}

/// Lets a process have only so many files open, whatever it has; returns how many it might have before.
fn open_files_of(service: &Service, most: u64) -> u64 {
    let pid = service.process().pid().and_then(|pid| Pid::from_raw(pid.try_into().unwrap()));
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit { current: Some(most), maximum };
    prlimit(pid, Resource::Nofile, limit).unwrap().current.unwrap()
}

#[tokio::test]
async fn nor_does_it_begin_where_too_few_files_can_be_opened() {
    let bank = Bank::without_worker().await;
    let program = paths::binaries().unwrap().join("curbe-ingest");
    let begun = |limit: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$0\"")]).arg(&program).env_clear();
        for (name, value) in [
            ("NATS_URL", bank.stack.nats_url()),
            ("REDIS_URL", bank.stack.redis_url()),
            ("PUBLIC_BASE_URL", "https://hooks.example.com"),
            ("AUTH_TOKEN", "token"),
            ("INGEST_LISTEN", "127.0.0.1:0"),
            ("INGEST_ADMIN_LISTEN", "127.0.0.1:0"),
        ] {
            shell.env(name, value);
        }
        shell.env("SPOOL_DIRECTORY", bank.stack.folder().join("spools/limited"));
        shell.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        shell
    };
    let refused = begun("-n 300").output().await.unwrap();
    assert_eq!(refused.status.code(), Some(78));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("INGEST_CONNECTIONS_MAX") && told.contains("1152"), "{told}");
    // Its own limit alone is low: it raises that.
    let mut raised = begun("-Sn 300").spawn().unwrap();
    let pid = raised.id().unwrap();
    wait_until(SOON, "the limit", async || {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let current: u64 = files.split_whitespace().nth(3).unwrap().parse().unwrap();
        if current == 1152 { Ok(()) } else { Err(files.to_owned()) }
    })
    .await;
    raised.kill().await.unwrap();
}
