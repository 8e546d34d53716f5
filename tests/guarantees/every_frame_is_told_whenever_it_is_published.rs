//! Commit, publication and reading come in any order: a frame that was read back before it was published is not told
//! again, and one that is published late, or in the wrong order, or never, is told in its place.

use curbe_tests::simulator::browser::Hello;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::customers::User;
use crate::fixture::socket::{QUICK_HEARTBEAT, Socket};
use crate::fixture::tokens::claims;

/// A wallet whose frames are published by hand, and two notifiers that hear of them.
struct Desk {
    bank: Bank,
    user: User,
    token: String,
    redis: MultiplexedConnection,
}

async fn desk() -> Desk {
    let bank = Bank::open().await;
    for _ in 0..2 {
        bank.stack.start_notifier(&[QUICK_HEARTBEAT]).await.unwrap();
    }
    let user = bank.customer().await;
    let token = bank.sign(&claims(user.id));
    let redis = bank.redis().await;
    Desk { bank, user, token, redis }
}

impl Desk {
    /// Nobody may publish, or everybody.
    async fn allow(&mut self, rule: &str) {
        let () = cmd("ACL")
            .arg(&["SETUSER", "default", rule])
            .query_async(&mut self.redis)
            .await
            .unwrap();
    }

    /// A call is charged: committed, and not published.
    async fn commit(&mut self) {
        self.allow("-publish").await;
        let call = self.user.calls("+523312345678", 61);
        self.bank.hang_up(&call).await;
        assert_eq!(self.bank.settled(&call.sid).await, "charged");
        // The announcement has failed by the time the message is done.
        self.bank.drained().await;
        self.allow("+publish").await;
    }

    /// A frame as the worker publishes it.
    async fn publish(&mut self, frame: &Value) {
        let envelope = json!({
            "seq": frame["seq"],
            "userId": self.user.id,
            "organizationId": self.user.organization,
            "frame": frame,
        });
        let channel = format!("frames:{}", self.user.wallet);
        self.send(&channel, &envelope).await;
    }

    async fn send(&mut self, channel: &str, message: &Value) {
        let publish = [channel, &message.to_string()];
        let heard: i64 = cmd("PUBLISH").arg(&publish).query_async(&mut self.redis).await.unwrap();
        assert!(heard > 0, "no notifier is subscribed");
    }

    /// A socket at one of the notifiers.
    async fn socket(&self, notifier: usize, since: Option<i64>) -> Socket {
        let hello = Hello { since, ..Hello::new(&self.token) };
        Socket::open(self.bank.notifiers()[notifier].url(), &hello).await.unwrap()
    }

    /// What the second notifier reads back of what the first knows nothing of.
    async fn written(&self, since: i64, upto: i64) -> Vec<Value> {
        self.socket(1, Some(since)).await.up_to(upto).await
    }
}

fn numbers(frames: &[Value]) -> Vec<i64> {
    frames.iter().map(|frame| frame["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn read_between_commit_and_publication() {
    let mut desk = desk().await;
    let mut early = desk.socket(0, None).await;
    desk.commit().await;
    // Whoever comes now is told what nobody published; so are those who are there already.
    let mut late = desk.socket(0, Some(1)).await;
    assert_eq!(late.welcome()["seq"], 3);
    let frames = late.up_to(3).await;
    assert_eq!(numbers(&frames), [2, 3]);
    assert_eq!(early.up_to(3).await, frames);
    // Published at last, in whatever order: nobody is told again.
    desk.publish(&frames[1]).await;
    desk.publish(&frames[0]).await;
    desk.bank.refill(&desk.user, "1.0000", "next").await;
    for socket in [&mut early, &mut late] {
        assert_eq!(numbers(&socket.up_to(4).await), [4]);
    }
}

#[tokio::test]
async fn published_before_and_after_somebody_comes() {
    let mut desk = desk().await;
    let mut early = desk.socket(0, None).await;
    for (seq, first, second) in [(1, 0, 1), (3, 1, 0)] {
        desk.commit().await;
        let written = desk.written(seq, seq + 2).await;
        assert_eq!(numbers(&written), [seq + 1, seq + 2]);
        desk.publish(&written[first]).await;
        let mut back = desk.socket(0, Some(seq)).await;
        desk.publish(&written[second]).await;
        for socket in [&mut early, &mut back] {
            assert_eq!(socket.up_to(seq + 2).await, written);
            let beat = socket.until(|frame| frame["type"] == "heartbeat").await;
            assert_eq!((beat.len(), &beat[0]["seq"]), (1, &json!(seq + 2)), "{beat:?}");
        }
    }
}

#[tokio::test]
async fn published_in_the_wrong_order_or_never() {
    let mut desk = desk().await;
    let mut socket = desk.socket(0, None).await;
    desk.commit().await;
    desk.commit().await;
    let written = desk.written(1, 5).await;
    assert_eq!(numbers(&written), [2, 3, 4, 5]);
    for frame in [&written[3], &written[1]] {
        desk.publish(frame).await;
    }
    assert_eq!(socket.up_to(5).await, written);
}

#[tokio::test]
async fn announced_and_never_published() {
    let mut desk = desk().await;
    let mut socket = desk.socket(0, None).await;
    desk.commit().await;
    let channel = format!("frames:{}", desk.user.wallet);
    desk.send(&channel, &json!({ "type": "seq", "seq": 3 })).await;
    assert_eq!(numbers(&socket.up_to(3).await), [2, 3]);
}
