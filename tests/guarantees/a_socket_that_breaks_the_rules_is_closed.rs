//! Who does not keep to the protocol is closed with a code that says whether to come back, and has learnt nothing.

use curbe_tests::simulator::browser::{Ended, Hello, RawSocket, connect, next_text};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::customers::User;
use crate::fixture::socket::QUICK_HEARTBEAT;
use crate::fixture::tokens::claims;
use crate::fixture::{Bank, SOON};

const NO_SUCH_PROTOCOL: Ended = Ended::Closed(Some(4505));

async fn bank(more: &[(&str, &str)]) -> (Bank, User) {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(more).await.unwrap();
    let user = bank.customer().await;
    (bank, user)
}

async fn raw(bank: &Bank) -> RawSocket {
    connect(&bank.stack.notifier_url(), None).await.unwrap()
}

/// What a socket is told until it ends.
async fn told(socket: &mut RawSocket) -> (Vec<Value>, Ended) {
    let reading = async {
        let mut frames = Vec::new();
        loop {
            match next_text(socket).await {
                Ok(seen) => frames.push(seen.json().unwrap()),
                Err(ended) => return (frames, ended),
            }
        }
    };
    timeout(SOON, reading).await.expect("the socket was not closed")
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}

#[tokio::test]
async fn instead_of_a_hello() {
    let (bank, user) = bank(&[]).await;
    let token = bank.sign(&claims(user.id));
    for (what, message) in [
        ("no JSON", Message::text("{")),
        ("no object", text(&json!([]))),
        ("no text", Message::binary(json!({ "type": "hello", "token": token }).to_string())),
        ("no token", text(&json!({ "type": "hello" }))),
        ("another message", text(&json!({ "type": "refresh", "token": token }))),
        ("an unknown one", text(&json!({ "type": "subscribe", "token": token }))),
        ("no number", text(&json!({ "type": "hello", "token": token, "since": "1" }))),
        (
            "too large",
            text(&json!({ "type": "hello", "token": token, "more": "x".repeat(20_000) })),
        ),
    ] {
        let mut socket = raw(&bank).await;
        socket.send(message).await.unwrap();
        assert_eq!(told(&mut socket).await, (Vec::new(), NO_SUCH_PROTOCOL), "{what}");
    }
}

#[tokio::test]
async fn with_bytes_that_are_no_websocket() {
    let (bank, _) = bank(&[]).await;
    for (what, bytes) in [
        ("not masked", b"\x81\x02{}".as_slice()),
        ("an unknown kind of frame", b"\x83\x82abcd\x1a\x1f"),
        ("no UTF-8", b"\x81\x82\0\0\0\0\xff\xfe"),
        ("a length beyond all bounds", b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"),
    ] {
        let mut socket = raw(&bank).await;
        let MaybeTlsStream::Plain(stream) = socket.get_mut() else { unreachable!() };
        stream.write_all(bytes).await.unwrap();
        assert_eq!(told(&mut socket).await, (Vec::new(), NO_SUCH_PROTOCOL), "{what}");
    }
}

#[tokio::test]
async fn after_the_welcome() {
    // No heartbeat comes in between.
    let (bank, user) = bank(&[("NOTIFIER_HEARTBEAT", "2m")]).await;
    let other = bank.customer().await;
    let [own, others] = [&user, &other].map(|user| bank.sign(&claims(user.id)));
    let hello = |token: &str| Hello::new(token).message();
    let refresh = json!({ "type": "refresh", "token": own });
    for (what, messages, answers) in [
        ("a second hello", vec![hello(&own)], 0),
        ("a second hello as somebody else", vec![hello(&others)], 0),
        ("too many messages", vec![json!({ "type": "later" }); 61], 0),
        ("too many refreshes", vec![refresh; 7], 6),
        ("no JSON object", vec![json!(7)], 0),
        ("a refresh without a token", vec![json!({ "type": "refresh" })], 0),
    ] {
        let mut socket = raw(&bank).await;
        socket.send(text(&hello(&own))).await.unwrap();
        for message in messages {
            socket.feed(text(&message)).await.unwrap();
        }
        socket.flush().await.unwrap();
        let (frames, ended) = told(&mut socket).await;
        assert_eq!(ended, NO_SUCH_PROTOCOL, "{what}: {frames:?}");
        assert_eq!(frames[0]["type"], "welcome", "{what}: {frames:?}");
        let refreshed = frames[1..].iter().filter(|frame| frame["type"] == "refreshed").count();
        assert_eq!((refreshed, frames.len()), (answers, answers + 1), "{what}: {frames:?}");
    }
    // Sixty are not too many. What is not announced at once is told again by a worker.
    bank.stack.start_worker(&[]).await.unwrap();
    let mut socket = bank.socket(&user).await;
    for _ in 0..60 {
        socket.say(&json!({ "type": "later" })).await;
    }
    bank.refill(&user, "1.0000", "later").await;
    assert_eq!(socket.up_to(2).await.len(), 1);
}

#[tokio::test]
async fn by_saying_nothing() {
    let (bank, user) = bank(&[QUICK_HEARTBEAT]).await;
    let mut silent = raw(&bank).await;
    // One that is not read from does not answer pings either.
    let mut deaf = raw(&bank).await;
    let hello = Hello::new(&bank.sign(&claims(user.id))).message();
    deaf.send(text(&hello)).await.unwrap();
    bank.measures("curbe_ws_closed_total{code=\"4009\"}", 1).await;
    // Read too late, it is gone before its goodbye; the code is known all the same.
    let (frames, ended) = told(&mut deaf).await;
    assert!(matches!(ended, Ended::Closed(Some(4009) | None)), "{ended:?}");
    let kinds: Vec<_> = frames.iter().map(|frame| &frame["type"]).collect();
    assert_eq!(kinds, ["welcome", "heartbeat", "heartbeat"]);
    assert_eq!(told(&mut silent).await, (Vec::new(), Ended::Closed(Some(4001))));
}

#[tokio::test]
async fn by_being_too_many() {
    let limits = [("NOTIFIER_SOCKETS_PER_USER_MAX", "2"), ("NOTIFIER_SOCKETS_MAX", "4")];
    let (bank, user) = bank(&limits).await;
    let other = bank.customer().await;
    let own = bank.sign(&claims(user.id));
    let first = bank.socket(&user).await;
    let _second = bank.socket(&user).await;
    let refused = bank.try_socket(&Hello::new(&own)).await.err();
    assert_eq!(refused, Some(Ended::Closed(Some(4013))));
    // Others have room left, until nobody has.
    let _others = [bank.socket(&other).await, bank.socket(&other).await];
    let refused = bank.try_socket(&Hello::new(&own)).await.err();
    assert_eq!(refused, Some(Ended::Upgrade(503)));
    drop(first);
    bank.measures("curbe_ws_connections", 3).await;
    bank.socket(&user).await;
}
