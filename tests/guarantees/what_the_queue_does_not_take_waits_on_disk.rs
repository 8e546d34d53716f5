//! What the queue does not take waits on ingest's own disk, in its order, also for the next process; and it is refused
//! only where the disk does not take it either.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Stdio;

use curbe_tests::simulator::send::Sender;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::{Service, is_ready};
use curbe_tests::stack::{Stack, paths, wait_until};
use redis::AsyncCommands as _;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use time::OffsetDateTime;
use tokio::process::Command;

use crate::fixture::asking::document;
use crate::fixture::spool::{given_up, spools};
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";

/// The first ingest's spool has so many events, and no queue to go to.
async fn with_spooled(count: usize) -> (Bank, Vec<TwilioCall>) {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.stack.nats().process().kill();
    let calls: Vec<TwilioCall> = (0..count).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&calls).await;
    // The first of them may have waited for an answer of the queue.
    spools(&bank.ingest, |events| events == count as u64).await;
    (bank, calls)
}

async fn all_are_charged(bank: &Bank, calls: &[TwilioCall]) {
    bank.stack.nats().restart().await.unwrap();
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    for call in calls {
        assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    }
    wait_until(SOON, "the spool to be empty", async || match bank.segments() {
        segments if segments.is_empty() => Ok(()),
        segments => Err(format!("{segments:?}")),
    })
    .await;
}

#[tokio::test]
async fn also_for_the_next_process() {
    let (bank, mut calls) = with_spooled(40).await;
    bank.ingest.restart().await.unwrap();
    spools(&bank.ingest, |events| events == 40).await;
    let later = calls[0].clone().sid("CA0000000000000000000000000000abcd".to_owned());
    bank.hang_up(&later).await;
    calls.push(later);
    all_are_charged(&bank, &calls).await;
}

#[tokio::test]
async fn without_what_was_being_written_when_the_process_died() {
    let (bank, calls) = with_spooled(10).await;
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
    all_are_charged(&bank, &calls).await;
}

#[tokio::test]
async fn though_the_disk_gives_one_segment_back_in_part() {
    let (bank, _) = with_spooled(5).await;
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
    let (bank, calls) = with_spooled(5).await;
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
    all_are_charged(&bank, &[call]).await;
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
    all_are_charged(&bank, &calls).await;
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
async fn or_so_many_files_as_connections_need_could_not_be_opened_and_it_says_so() {
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

/// While the spool is drained too: what is sent meanwhile must not overtake it.
#[tokio::test]
async fn and_what_comes_later_goes_behind_it() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    bank.stack.nats().process().kill();
    let earlier: Vec<TwilioCall> = (0..1_500).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&earlier).await;
    bank.stack.nats().restart().await.unwrap();
    let mut later = Vec::new();
    let queued = bank.ingest.process().log().matches("\"queued\"").count();
    while bank.ingest.process().log().matches("\"queued\"").count() == queued {
        let call = user.calls(MEXICO, 61);
        bank.hang_up(&call).await;
        later.push(call.sid);
    }
    bank.nothing_is_spooled().await;
    assert!(later.len() > 5, "{} were sent meanwhile", later.len());
    let order = bank.legs_in_order(earlier.len() + later.len()).await;
    let first_later = order.iter().position(|leg| later.contains(leg)).unwrap();
    let ahead: HashSet<&String> = order[..first_later].iter().collect();
    assert!(earlier.iter().all(|call| ahead.contains(&call.sid)), "{first_later}");
    let behind: Vec<&String> = order.iter().filter(|leg| later.contains(leg)).collect();
    assert_eq!(behind, later.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn together_with_the_decisions_about_it() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    assert!(bank.ask(&call).await.limit().is_some(), "the wallet is in the cache");
    bank.stack.nats().process().kill();
    // Another call is authorized, and ends, without a queue; a third one is refused without words, since nobody could
    // tell that its end costs nothing.
    let second = TwilioCall::outbound(&user.number, MEXICO);
    assert!(bank.ask(&second).await.limit().is_some());
    // However long the queue is away, its hold is not taken for one that nothing stands behind.
    let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3_600;
    let mut redis = bank.redis().await;
    let lasting: Vec<String> =
        redis.zrangebyscore("holds:index", in_an_hour, "+inf").await.unwrap();
    assert!(lasting.len() == 1 && lasting[0].contains(&second.sid), "{lasting:?}");
    bank.hang_up(&second.clone().completed(61)).await;
    let refused = TwilioCall::outbound(&user.number, "+9999999999");
    assert!(bank.ask(&refused).await.is_silent());
    bank.hang_up(&call.clone().completed(61)).await;

    bank.stack.nats().restart().await.unwrap();
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0548");
    bank.sets_aside(&user, "0.0000").await;
    let decided = "select count(*) from authorizations where status = 'settled'";
    assert_eq!(bank.count(decided).await, 2);
}

/// The cache is emptied while the queue is away, and loaded before the decision has reached it.
#[tokio::test]
async fn with_what_was_set_aside_for_it() {
    let bank = Bank::open().await;
    bank.insert_rate("60", "1.0000", "0.0000").await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let dear = || TwilioCall::outbound(&user.number, "+6012345678");
    // It brings the wallet into the cache, and ends.
    let first = dear();
    assert!(bank.ask(&first).await.limit().is_some());
    bank.hang_up(&first.completed(0)).await;
    bank.all_is_well().await;

    bank.stack.nats().process().kill();
    assert_eq!(bank.ask(&dear()).await.limit(), Some(597), "it takes everything");
    spools(&bank.ingest, |events| events > 0).await;
    bank.ingest.process().freeze();
    let mut redis = bank.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    bank.stack.nats().restart().await.unwrap();
    let second = bank.stack.start_ingest(&[]).await.unwrap();
    bank.cache_is_current().await;
    let elsewhere = Sender::new(second.url()).unwrap();
    // Nobody can know of the first one yet. Until the worker is back at the queue nobody can load the wallet either.
    wait_until(SOON, "another call to get everything", async || {
        let asked = elsewhere.send(&bank.request(&dear().voice_request())).await.unwrap();
        let answer = document(asked);
        if answer.limit() == Some(597) { Ok(()) } else { Err(answer.0) }
    })
    .await;
    bank.ingest.process().resume();
    bank.nothing_is_spooled().await;
    // From now on both count; the sweep is not needed for it.
    wait_until(SOON, "both holds", async || {
        let held = bank.cached(&user, &["held"]).await[0].clone();
        if held.as_deref() == Some("200000") { Ok(()) } else { Err(format!("{held:?}")) }
    })
    .await;
}

#[tokio::test]
async fn for_as_long_as_the_disk_takes_it() {
    let bank = Bank::on(Stack::for_test().await, &[("SPOOL_BYTES_MAX", "16777216")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.stack.nats().process().kill();
    let mut kept = Vec::new();
    let refused = loop {
        let call = user.calls(MEXICO, 61);
        let mut fields = call.hangup();
        fields.push(("Padding", "x".repeat(60_000)));
        let answer = bank.send(&bank.signed(&fields)).await;
        if !answer.is_success() {
            break answer;
        }
        kept.push(call);
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert!(kept.len() > 200, "{}", kept.len());
    // Its lines go out by a thread of their own.
    wait_until(SOON, "the reason", async || match bank.ingest.process().log() {
        log if log.contains("spool_full") => Ok(()),
        log => Err(log),
    })
    .await;
    wait_until(SOON, "ingest to say so", async || match is_ready(bank.ingest.admin_url()).await {
        Ok(()) => Err("it is ready"),
        Err(_) => Ok(()),
    })
    .await;
    all_are_charged(&bank, &kept).await;
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;
}

/// Whatever the queue could take: nobody is told yes by it there.
#[tokio::test]
async fn and_where_the_disk_answers_it_must_take_it() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    let user = bank.customer().await;
    std::fs::remove_dir_all(bank.spool()).unwrap();
    let answer = bank.send(&bank.signed(&user.calls(MEXICO, 61).hangup())).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    wait_until(SOON, "ingest to say so", async || match is_ready(bank.ingest.admin_url()).await {
        Ok(()) => Err("it is ready"),
        Err(_) => Ok(()),
    })
    .await;
    std::fs::create_dir(bank.spool()).unwrap();
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;
    bank.hang_up(&user.calls(MEXICO, 61)).await;
}

/// A link that says nothing is still connected: what was sent on it is not on the queue, and the end of a call, told to
/// another ingest, would be there first.
#[tokio::test]
async fn and_a_decision_counts_as_told_once_the_queue_has_it_where_the_disk_answers() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let nowhere = || TwilioCall::outbound(&user.number, "+9999999999");
    let lasting = async || {
        let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3_600;
        let mut redis = bank.redis().await;
        let lasting: Vec<String> =
            redis.zrangebyscore("holds:index", in_an_hour, "+inf").await.unwrap();
        lasting
    };
    let first = TwilioCall::outbound(&user.number, MEXICO);
    assert!(bank.ask(&first).await.limit().is_some());
    assert!(!bank.ask(&nowhere()).await.is_silent());
    assert_eq!(lasting().await, [""; 0]);

    bank.stack.nats().process().freeze();
    for _ in 0..2 {
        assert!(bank.ask(&nowhere()).await.is_silent());
    }
    let second = TwilioCall::outbound(&user.number, MEXICO);
    assert!(bank.ask(&second).await.limit().is_some());
    let left_alone = lasting().await;
    assert!(left_alone.len() == 1 && left_alone[0].contains(&second.sid), "{left_alone:?}");
    let log = bank.ingest.process().log();
    assert!(!log.contains("no connection to the queue"), "the link is silent, not gone: {log}");

    bank.stack.nats().process().resume();
    bank.nothing_is_spooled().await;
    assert!(!bank.ask(&nowhere()).await.is_silent());
    for call in [first, second] {
        bank.hang_up(&call.completed(61)).await;
    }
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0548");
}

/// Each deploy sends the last minutes again: what had been set aside for calls that are over by now must not come back.
#[tokio::test]
async fn and_what_has_gone_sets_nothing_aside_again_where_the_disk_answers() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let call = async || {
        let call = TwilioCall::outbound(&user.number, MEXICO);
        assert!(bank.ask(&call).await.limit().is_some());
        bank.hang_up(&call.completed(61)).await;
        bank.nothing_is_spooled().await;
        bank.all_is_well().await;
        bank.cached_as_booked(&user).await;
    };
    let nothing_comes_back = async || {
        bank.ingest.restart().await.unwrap();
        bank.nothing_is_spooled().await;
        let cached = bank.cached(&user, &["held", "calls"]).await;
        assert_eq!(cached, [Some("0".to_owned()), Some("0".to_owned())]);
    };
    call().await;
    assert!(!bank.segments().is_empty(), "kept to be sent again");
    nothing_comes_back().await;
    nothing_comes_back().await;
    // Of the next segment one part has gone, and one has not.
    call().await;
    let segments = bank.segments();
    bank.stack.nats().process().freeze();
    bank.hang_up(&user.calls(MEXICO, 61)).await;
    assert_eq!(bank.segments(), segments);
    bank.ingest.process().kill();
    bank.stack.nats().process().resume();
    nothing_comes_back().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0822");
}

#[tokio::test]
async fn and_only_for_one_process() {
    let bank = Bank::without_worker().await;
    let spool = bank.spool();
    let spool = spool.to_str().unwrap();
    let second = bank.stack.start_ingest(&[("SPOOL_DIRECTORY", spool)]).await;
    let refused = format!("{:#}", second.unwrap_err());
    assert!(refused.contains("SPOOL_DIRECTORY  cannot be used: another process"), "{refused}");
}

/// The queue's disk loses what it had acknowledged, as one does that does not sync and whose power fails.
#[tokio::test]
async fn and_for_a_while_after_the_queue_has_it_where_the_disk_answers() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    let user = bank.customer().await;
    let calls: Vec<TwilioCall> = (0..30).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&calls).await;
    bank.nothing_is_spooled().await;
    assert_eq!(bank.standing().await.pending, 30);

    bank.stack.nats().process().kill();
    std::fs::remove_dir_all(bank.stack.folder().join("nats/streams")).unwrap();
    bank.stack.nats().restart().await.unwrap();
    let migrate = bank.run(&["migrate"]).await;
    assert_eq!(migrate.status, Some(0), "{migrate:?}");
    bank.stack.start_worker(&[]).await.unwrap();
    for call in &calls {
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.8220");
    assert!(!bank.segments().is_empty(), "kept for the next time");
}

#[tokio::test]
async fn and_calls_that_begin_are_turned_away_before_those_that_end() {
    let bank = Bank::on(Stack::for_test().await, &[("INGEST_PREFLIGHTS_MAX", "1")]).await;
    let user = bank.customer().await;
    bank.stack.start_worker(&[]).await.unwrap();
    bank.cache_is_current().await;
    bank.stack.redis().process().freeze();
    // One is being decided on for as long as its budget lasts; the others find no place.
    let asked: Vec<_> = (0..20)
        .map(|_| bank.request(&TwilioCall::outbound(&user.number, MEXICO).voice_request()))
        .collect();
    let asking = bank.sending(asked);
    let ended: Vec<_> = (0..20).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&ended).await;
    // Who calls for help is not turned away, however busy it is.
    let help = TwilioCall::outbound(&user.number, "911");
    assert_eq!(bank.ask(&help).await.text("Number"), Some("911"));
    let answers = asking.await.unwrap();
    bank.stack.redis().process().resume();
    let turned_away = answers.iter().filter(|(_, status)| *status == Some(503)).count();
    assert!((1..20).contains(&turned_away), "{turned_away}");
    bank.all_is_well().await;
}
