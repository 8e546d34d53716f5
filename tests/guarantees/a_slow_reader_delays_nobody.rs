//! A browser that stops reading is closed with a code that means "come back", costs little memory until then, and the
//! others notice nothing. While it is told what it missed it may take its time.

use std::time::{Duration, Instant};

use curbe_tests::simulator::browser::{Ended, Hello, RawSocket, connect, next_text};
use curbe_tests::stack::services::Service;
use futures_util::SinkExt;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::fixture::customers::User;
use crate::fixture::tokens::claims;
use crate::fixture::{Bank, SOON};

const STOPPED: usize = 20;
/// Frames of this size, so many at once.
const FRAME_BYTES: usize = 16 * 1024;
const BURST: i64 = 32;
/// Less than the notifier waits for one that does not read. On a machine that is busy with other things, so many times
/// what the first bursts took, when nobody had to wait for anybody.
const WITHOUT_DELAY: Duration = Duration::from_secs(4);
const CALM_BURSTS: usize = 4;
const TIMES_CALM: u32 = 20;
/// If each of them kept what it does not read, it would be many times this.
const MEMORY_BYTES_MAX: u64 = 32 << 20;
const CLOSED: &str = "curbe_ws_closed_total{code=\"4008\"}";

/// A client that reads nothing has its connection for half a minute.
const LET_GO_WITHIN: Duration = Duration::from_secs(40);
const HELD_FOR: Duration = Duration::from_secs(10);

struct Hall {
    bank: Bank,
    user: User,
    redis: MultiplexedConnection,
}

async fn hall() -> Hall {
    let bank = Bank::open().await;
    let limits = [("NOTIFIER_SOCKETS_PER_USER_MAX", "100"), ("NOTIFIER_HEARTBEAT", "2m")];
    bank.stack.start_notifier(&limits).await.unwrap();
    let user = bank.customer().await;
    let redis = bank.redis().await;
    Hall { bank, user, redis }
}

impl Hall {
    /// A socket that nobody reads from.
    async fn stopped(&self, since: Option<i64>) -> RawSocket {
        let mut socket = connect(&self.bank.stack.notifier_url(), None).await.unwrap();
        let token = self.bank.sign(&claims(self.user.id));
        let hello = Hello { since, ..Hello::new(&token) }.message();
        socket.send(Message::text(hello.to_string())).await.unwrap();
        socket
    }

    async fn publish(&mut self, message: &Value) {
        let channel = format!("frames:{}", self.user.wallet);
        let publish = [channel, message.to_string()];
        let () = cmd("PUBLISH").arg(&publish).query_async(&mut self.redis).await.unwrap();
    }

    /// A large frame with this number, straight to the notifier.
    async fn publish_large(&mut self, seq: i64) {
        let url = format!("https://recordings.example/{}", "x".repeat(FRAME_BYTES));
        let data = json!({ "callLogId": Uuid::nil(), "recordingUrl": url, "recordingStatus": "completed" });
        let frame = json!({ "type": "recording_ready", "seq": seq, "data": data });
        let (user, organization) = (self.user.id, self.user.organization);
        let envelope =
            json!({ "seq": seq, "userId": user, "organizationId": organization, "frame": frame });
        self.publish(&envelope).await;
    }
}

/// What it occupies, where the system tells; 0 elsewhere.
fn memory_bytes(notifier: &Service) -> u64 {
    let pid = notifier.process().pid().unwrap();
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn nor_fills_the_memory() {
    let mut hall = hall().await;
    let mut reader = hall.bank.socket(&hall.user).await;
    let mut sockets = Vec::new();
    for _ in 0..STOPPED {
        sockets.push(hall.stopped(None).await);
    }
    let welcomes = "curbe_frames_sent_total{type=\"welcome\"}";
    hall.bank.measures(welcomes, STOPPED as u64 + 1).await;
    let notifier = hall.bank.notifiers().remove(0);
    let before = memory_bytes(&notifier);

    let (mut seq, mut most, mut bursts) = (1, before, Vec::new());
    while hall.bank.measured(CLOSED).await < STOPPED as u64 {
        assert!(seq < 10_000, "not all are closed after {seq} frames");
        let begun = Instant::now();
        for _ in 0..BURST {
            seq += 1;
            hall.publish_large(seq).await;
        }
        assert_eq!(reader.up_to(seq).await.len(), usize::try_from(BURST).unwrap());
        bursts.push(begun.elapsed());
        most = most.max(memory_bytes(&notifier));
    }
    let calm = bursts[..CALM_BURSTS].iter().max().unwrap();
    let slowest = bursts.iter().max().unwrap();
    println!("{} MiB more after {seq} frames, {slowest:?}", (most - before) >> 20);
    assert!(*slowest < WITHOUT_DELAY.max(*calm * TIMES_CALM), "{bursts:?}");
    assert!(most - before < MEMORY_BYTES_MAX, "{} MiB more", (most - before) >> 20);

    // Who reads again in time is told why.
    let mut ended = Vec::new();
    for socket in &mut sockets {
        ended.push(loop {
            if let Err(ended) = next_text(socket).await {
                break ended;
            }
        });
    }
    let is_in_time = *slowest < WITHOUT_DELAY;
    assert!(!is_in_time || ended.contains(&Ended::Closed(Some(4008))), "{ended:?}");
}

/// Asks for more than the connection holds, and reads none of it.
async fn deaf(notifier: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address = notifier.strip_prefix("http://").unwrap().parse().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let asked = "GET /page/page.css HTTP/1.1\r\nHost: notifier\r\n\r\n".repeat(2_000);
    stream.write_all(asked.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    stream
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nor_holds_a_connection_for_ever() {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[("NOTIFIER_CONNECTIONS_MAX", "1")]).await.unwrap();
    let url = bank.stack.notifier_url();
    let _deaf = deaf(&url).await;
    let begun = Instant::now();
    let answered = timeout(LET_GO_WITHIN, reqwest::get(format!("{url}/page/page.css"))).await;
    assert_eq!(answered.expect("the only connection is held").unwrap().status(), 200);
    // It did hold the only one.
    assert!(begun.elapsed() > HELD_FOR, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn and_catches_up_at_his_own_pace() {
    const LOGS: i64 = 4_000;
    const REFILLS: i64 = 400;
    let mut hall = hall().await;
    let call = hall.user.calls("+523312345678", 61);
    hall.bank.hang_up(&call).await;
    assert_eq!(hall.bank.settled(&call.sid).await, "charged");
    // More than fits into the connection.
    hall.bank
        .sql(&format!(
            "insert into call_logs select (jsonb_populate_record(l, jsonb_build_object(
                'id', gen_random_uuid(), 'external_call_id', 'CA' || n, 'seq', l.seq + n,
                'recording_url', repeat('x', 4096)))).* from call_logs l, generate_series(1, {LOGS}) n;
            update wallets set seq = seq + {LOGS} where id = '{}'",
            hall.user.wallet
        ))
        .await;
    let mut reader = hall.bank.socket(&hall.user).await;
    let mut slow = hall.stopped(Some(1)).await;
    hall.bank.measures("curbe_ws_resumes_total{resumed=\"true\"}", 1).await;
    // And more meanwhile than may wait for it.
    hall.bank
        .sql(&format!(
            "insert into wallet_transactions (wallet_id, amount, type, seq, balance_after)
                select id, 1, 'refill', seq + n, balance + n
                from wallets, generate_series(1, {REFILLS}) n where id = '{0}';
            update wallets set seq = seq + {REFILLS}, balance = balance + {REFILLS},
                version = version + {REFILLS} where id = '{0}'",
            hall.user.wallet
        ))
        .await;
    let last = 3 + LOGS + REFILLS;
    hall.publish(&json!({ "type": "seq", "seq": last })).await;
    assert_eq!(reader.up_to(last).await.len(), usize::try_from(REFILLS).unwrap());

    let welcome = next_text(&mut slow).await.unwrap().json().unwrap();
    assert_eq!((&welcome["seq"], &welcome["resumed"]), (&json!(3 + LOGS), &json!(true)));
    hall.bank.refill(&hall.user, "1.0000", "later").await;
    for expected in 2..=last + 1 {
        let seen = timeout(SOON, next_text(&mut slow)).await.expect("a frame in time");
        assert_eq!(seen.unwrap().json().unwrap()["seq"], expected);
    }
}
