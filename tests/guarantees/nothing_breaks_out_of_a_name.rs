//! Whatever stands in an id, a number or a header: it becomes no other subject of the queue, no other key of the cache, and
//! no second line of a log.

use std::collections::BTreeSet;

use curbe_tests::simulator::twilio::TwilioCall;
use futures_util::StreamExt;
use redis::AsyncCommands as _;
use reqwest::Client;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::bank::with;
use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

/// What separates, what stands for anything, and what ends.
const NAMES: [&str; 14] = [
    "CA.>",
    "*",
    ">",
    "CA1 CA2",
    "}",
    "{wallet}",
    "CA1\r\nCurbe-Provider: telnyx",
    "CA1\n{\"message\":\"charged\"}",
    "CA1\0",
    "wallet:00000000-0000-0000-0000-000000000001",
    "$JS.API.STREAM.DELETE.CURBE",
    "../../etc/passwd",
    "\u{202e}CA1",
    "'; drop table wallets; --",
];
/// How the keys of the cache begin.
const KEYS: [&str; 8] =
    ["wallet:", "wallets:complete", "holds:", "refusals:", "directory", "rates", "epoch", "deck"];

fn calls(user: &User) -> Vec<TwilioCall> {
    NAMES.iter().map(|name| user.calls("+523312345678", 61).sid((*name).to_owned())).collect()
}

/// Every line is an entry of its own, as the service wrote it.
fn lines_are_entries(log: &str) {
    // The last one may still be on its way.
    let written = log.rfind('\n').map_or("", |end| &log[..end]);
    for line in written.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn of_a_leg_a_number_or_an_account() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    for (call, name) in calls(&user).iter().zip(NAMES) {
        bank.tell(&call.hangup()).await;
        bank.send(&bank.request(&call.voice_request())).await;
        for field in ["From", "To", "AccountSid", "ParentCallSid", "Direction", "CallStatus"] {
            let call = user.calls("+523312345678", 61);
            let told = with(call.hangup(), field, Some(name));
            bank.tell(&told).await;
            let asked = with(call.voice_request(), field, Some(name));
            assert!(bank.send(&bank.request(&asked)).await.status < 500, "{field} {name:?}");
        }
        bank.tell(&with(call.recording("completed"), "RecordingUrl", Some(name))).await;
    }
    let good = user.calls("+523312345678", 61);
    bank.hang_up(&good).await;
    assert_eq!(bank.settled(&good.sid).await, "charged");
    bank.drained().await;
    bank.books_are_clean().await;

    let stream = bank.stream().await;
    let subjects: BTreeSet<String> =
        stream.info_with_subjects(">").await.unwrap().map(|found| found.unwrap().0).collect().await;
    let known = ["voice.twilio.hangup", "voice.twilio.recording", "voice.twilio.unknown"];
    let decisions =
        ["credit.twilio.authorized", "credit.twilio.refused", "credit.twilio.withdrawn"];
    let is_known = |subject: &String| known.iter().chain(&decisions).any(|known| known == subject);
    assert!(subjects.iter().all(is_known), "{subjects:?}");
    let keys: Vec<String> = bank.redis().await.keys("*").await.unwrap();
    for key in &keys {
        assert!(KEYS.iter().any(|known| key.starts_with(known)), "{key:?}");
        assert!(NAMES.iter().all(|name| *name == "*" || !key.contains(name)), "{key:?}");
    }
    for service in [&worker, &bank.ingest] {
        lines_are_entries(&service.process().log());
    }
}

#[tokio::test]
async fn of_a_request() {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let notifier = bank.notifiers().remove(0);
    for (base, path) in
        [(bank.ingest.url(), "/api/webhooks/voice-events"), (notifier.url(), "/api/wallet/balance")]
    {
        let client = Client::builder().no_proxy().build().unwrap();
        for id in ["{\"level\":\"INFO\"}", "a b", &"x".repeat(5_000), "\u{e9}"] {
            let answer = client.post(format!("{base}{path}")).header("X-Request-Id", id);
            let answer = answer.send().await.unwrap();
            let told = answer.headers().get("x-request-id").map(|told| told.as_bytes().to_vec());
            assert_ne!(told.as_deref(), Some(id.as_bytes()), "{path}");
        }
        // A header of a megabyte is cut off, and so is a line break inside of one.
        for head in [
            format!("X-Long: {}\r\n", "a".repeat(1 << 20)),
            "X-Broken: a\nb\r\n".to_owned(),
            format!("{}\r\n", "X-Many: a\r\n".repeat(2_000).trim_end()),
        ] {
            let answer = raw(base, &format!("POST {path} HTTP/1.1\r\nhost: a\r\n{head}\r\n")).await;
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(refused, "{path}: {answer:.100}");
        }
    }
    bank.tell(&user.calls("+523312345678", 61).hangup()).await;
    assert_eq!(bank.browser(&user).get("/api/wallet/balance").await.status, 200);
    for service in [&notifier, &bank.ingest] {
        lines_are_entries(&service.process().log());
        assert!(service.process().log().lines().all(|line| line.len() < 8_192), "a long line");
    }
}

/// What a server says to these bytes before it closes.
async fn raw(base: &str, bytes: &str) -> String {
    let mut stream = TcpStream::connect(base.replace("http://", "")).await.unwrap();
    // It may close before everything is written.
    stream.write_all(bytes.as_bytes()).await.ok();
    stream.shutdown().await.ok();
    let mut answer = Vec::new();
    timeout(SOON, stream.read_to_end(&mut answer)).await.expect("an end").ok();
    String::from_utf8_lossy(&answer).into_owned()
}
