//! Only what a provider signed is processed; who did not sign is told nothing; who dawdles is cut off.

use std::time::{Duration, Instant};

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::sign::{Signer, Webhook};
use curbe_tests::stack::Stack;
use reqwest::{Client, Method, Response};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::fixture::bank::with;
use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

const FORM: &str = "application/x-www-form-urlencoded";

struct Forgery {
    what: &'static str,
    path: String,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn forgery(what: &'static str, webhook: Webhook) -> Forgery {
    let Webhook { path, content_type, signature, body } = webhook;
    Forgery { what, path, content_type, headers: vec![signature], body }
}

/// Each would be charged if it were believed.
fn forgeries(bank: &Bank, user: &User) -> Vec<Forgery> {
    let signed = || bank.signed(&user.calls("+523312345678", 61).hangup());
    let call = user.calls("+523312345678", 61);
    let shorter = bank.signed(&with(call.hangup(), "CallDuration", Some("1")));
    let elsewhere =
        Signer::new(&bank.stack.secrets().twilio_auth_token, "https://elsewhere.example");
    let stranger = Signer::new("another token", bank.ingest.url());
    let longer = Webhook { signature: shorter.signature.clone(), ..bank.signed(&call.hangup()) };
    let queried = Webhook { path: format!("{VOICE_EVENTS}?a=1"), ..signed() };
    let json = Webhook { content_type: "application/json", ..signed() };
    let mut twice = forgery("two signatures", signed());
    twice.headers.push(twice.headers[0].clone());
    let mut of_two = forgery("signatures of two providers", signed());
    of_two.headers.push(("X-SignalWire-Signature", of_two.headers[0].1.clone()));
    let mut renamed = forgery("the signature of another provider", signed());
    renamed.headers[0].0 = "X-SignalWire-Signature";
    vec![
        forgery("a changed signature", signed().forged()),
        forgery(
            "an empty signature",
            Webhook { signature: ("X-Twilio-Signature", String::new()), ..signed() },
        ),
        Forgery { headers: vec![], ..forgery("no signature", signed()) },
        forgery("a changed body", longer),
        forgery("a changed query", queried),
        forgery("another address", elsewhere.form(VOICE_EVENTS, &call.hangup())),
        forgery("another token", stranger.form(VOICE_EVENTS, &call.hangup())),
        forgery("no token", Signer::new("", bank.ingest.url()).form(VOICE_EVENTS, &call.hangup())),
        forgery("a body that no signature covers", json),
        twice,
        of_two,
        renamed,
    ]
}

async fn send(bank: &Bank, forgery: &Forgery) -> Response {
    let url = format!("{}{}", bank.ingest.url(), forgery.path);
    let mut request = Client::new().post(url).header("Content-Type", forgery.content_type);
    for (name, value) in &forgery.headers {
        request = request.header(*name, value);
    }
    request.body(forgery.body.clone()).send().await.unwrap()
}

#[tokio::test]
async fn and_its_sender_is_told_nothing() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let mut answers = Vec::new();
    for forgery in forgeries(&bank, &user) {
        let answer = send(&bank, &forgery).await;
        assert_eq!(answer.status(), 403, "{}", forgery.what);
        let mut headers = answer.headers().clone();
        for its_own in ["date", "x-request-id"] {
            headers.remove(its_own);
        }
        assert_eq!(answer.bytes().await.unwrap().len(), 0, "{}", forgery.what);
        answers.push(headers);
    }
    // All of them look the same.
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");

    // What is signed goes through on the same way.
    let marker = user.calls("+523312345678", 61);
    let genuine = forgery("none", bank.signed(&marker.hangup()));
    assert_eq!(send(&bank, &genuine).await.status(), 204);
    assert_eq!(bank.settled(&marker.sid).await, "charged");
    assert_eq!(bank.count("select count(*) from call_legs").await, 1);
    assert_eq!(bank.stream().await.cached_info().state.messages, 1);
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.all_is_well().await;
}

#[tokio::test]
async fn refusals_come_in_their_order() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let (nowhere, somewhere) = ("/api/webhooks/voice-event", VOICE_EVENTS);
    let (large, small) = (vec![b'a'; 70_000], b"a=b".to_vec());
    for (method, path, content_type, body, expected) in [
        (Method::GET, nowhere, "text/plain", &large, 404),
        (Method::POST, nowhere, "text/plain", &large, 404),
        (Method::PUT, somewhere, "text/plain", &large, 405),
        (Method::POST, somewhere, "text/plain", &large, 413),
        (Method::POST, somewhere, "text/plain", &small, 403),
        (Method::POST, somewhere, FORM, &small, 403),
    ] {
        let url = format!("{}{path}", bank.ingest.url());
        let request =
            Client::new().request(method.clone(), url).header("Content-Type", content_type);
        let answer = request.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{method} {path} {content_type}");
        assert_eq!(answer.headers().contains_key("allow"), expected == 405);
    }
    // Signed, so it is told what it is refused for.
    let body = b"<xml/>".to_vec();
    let text = signed_by_digest(&bank, "text/xml", body);
    assert_eq!(bank.send(&text).await.status, 415);
    let call = user.calls("+523312345678", 61);
    let fields: serde_json::Map<_, _> =
        call.hangup().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let json = signed_by_digest(&bank, "application/json", serde_json::to_vec(&fields).unwrap());
    assert_eq!(bank.send(&json).await.status, 204);
    bank.stack.start_worker(&[]).await.unwrap();
    assert_eq!(bank.settled(&call.sid).await, "charged");
    assert_eq!(bank.balance(&user).await, "9.9726");
}

/// What is no form is signed by a digest in its address.
fn signed_by_digest(bank: &Bank, content_type: &'static str, body: Vec<u8>) -> Webhook {
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("{VOICE_EVENTS}?bodySHA256={digest}");
    Webhook { content_type, body, ..bank.signer.form(&path, &vec![]) }
}

#[tokio::test]
async fn a_slow_sender_is_cut_off() {
    let bank = Bank::on(Stack::for_test().await, &[("INGEST_BODY_TIMEOUT", "500ms")]).await;
    let user = bank.customer().await;
    let head = format!("POST {VOICE_EVENTS} HTTP/1.1\r\nhost: a\r\n");
    let body = format!("{head}content-type: {FORM}\r\ncontent-length: 100\r\n\r\n");
    // Byte after byte, so that no pause between two of them is long.
    let (slow_head, slow_body) = tokio::join!(dribble(&bank, &head), dribble(&bank, &body));
    assert!(slow_body.starts_with("HTTP/1.1 408"), "{slow_body}");
    assert!(slow_head.is_empty() || slow_head.starts_with("HTTP/1.1 408"), "{slow_head}");
    // Everybody else is served meanwhile and afterwards.
    bank.hang_up(&user.calls("+523312345678", 61)).await;
    assert_eq!(bank.balance(&user).await, OPENING);
}

/// Sends a beginning, then a byte at a time until the other side has had enough; tells what it said.
async fn dribble(bank: &Bank, beginning: &str) -> String {
    let address = bank.ingest.url().replace("http://", "");
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    writer.write_all(beginning.as_bytes()).await.unwrap();
    let writing = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let begun = Instant::now();
    let mut answer = Vec::new();
    let read = timeout(SOON, reader.read_to_end(&mut answer)).await;
    writing.abort();
    assert!(read.is_ok(), "never cut off");
    // 5 s for a head, less for a body, and two busy cores.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    String::from_utf8_lossy(&answer).into_owned()
}
