//! Only what a provider signed is processed; who did not sign is told nothing; who dawdles is cut off.

use std::time::{Duration, Instant};

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::sign::Webhook;
use curbe_tests::simulator::signers::Signers;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::stack::Stack;
use curbe_tests::stack::secrets::Secrets;
use curbe_tests::stack::wait_until;
use futures_util::StreamExt;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::fixture::customers::OPENING;
use crate::fixture::forgeries::{Attempt, forgeries};
use crate::fixture::hangups::{CANARY, NUMBERS, UNNAMED, call_control, hangups, texml};
use crate::fixture::{Bank, SOON};

const FORM: &str = "application/x-www-form-urlencoded";
/// Requests under way at the same time.
const SENDERS: usize = 8;

/// Sends them all; what each was told.
async fn told(bank: &Bank, attempts: Vec<Attempt>) -> Vec<(String, u16, HeaderMap, usize)> {
    let client = Client::builder().no_proxy().build().unwrap();
    let sent = futures_util::stream::iter(attempts).map(|attempt| {
        let url = format!("{}{}", bank.ingest.url(), attempt.path);
        let request = client.post(url).body(attempt.body);
        let request = attempt
            .headers
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        async move {
            let answer = request.send().await.unwrap();
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            (attempt.what, status, headers, answer.bytes().await.unwrap().len())
        }
    });
    sent.buffer_unordered(SENDERS).collect().await
}

#[tokio::test]
async fn and_its_sender_is_told_nothing() {
    let bank = Bank::without_worker().await;
    let genuine = hangups(&bank.signers, UNNAMED);
    let strangers = by_strangers(&bank);
    let strangers = strangers.iter().map(|webhook| vec![Attempt::new("a stranger's", webhook)]);
    let mut looks = Vec::new();
    for attempts in genuine.iter().map(forgeries).chain(strangers) {
        for (what, status, mut headers, length) in told(&bank, attempts).await {
            assert_eq!((status, length), (403, 0), "{what}");
            for its_own in ["date", "x-request-id"] {
                headers.remove(its_own);
            }
            looks.push(headers);
        }
    }
    // All of them look the same.
    looks.dedup();
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert_eq!(bank.stream().await.cached_info().state.messages, 0);

    // What is signed goes through on the same way.
    for webhook in &genuine {
        let answer = bank.send(webhook).await;
        assert_eq!(answer.status, 204, "{} {}", webhook.signature.0, webhook.content_type);
    }
    bank.nothing_is_spooled().await;
    assert_eq!(bank.stream().await.cached_info().state.messages, 6);
    nothing_of_it_is_logged(&bank, &genuine).await;
}

/// Well signed, but with secrets or for an address that are not ours.
fn by_strangers(bank: &Bank) -> Vec<Webhook> {
    let (url, own) = (bank.ingest.url(), bank.stack.secrets());
    let of = |secrets: &Secrets, url| hangups(&Signers::new(secrets, url), UNNAMED);
    let stranger = Secrets::random();
    let nobody = Secrets {
        twilio_auth_token: String::new(),
        signalwire_signing_key: String::new(),
        telnyx_private_key: format!("{}=", "A".repeat(43)),
        ..stranger.clone()
    };
    // Twilio's secret in SignalWire's name.
    let confused =
        Secrets { signalwire_signing_key: own.twilio_auth_token.clone(), ..stranger.clone() };
    // Telnyx alone does not sign for an address.
    let misled = Secrets { telnyx_private_key: stranger.telnyx_private_key.clone(), ..own.clone() };
    [
        of(&stranger, url),
        of(&nobody, url),
        of(&confused, url),
        of(&misled, "https://elsewhere.example"),
    ]
    .concat()
}

async fn nothing_of_it_is_logged(bank: &Bank, genuine: &[Webhook]) {
    wait_until(SOON, "the last of them to be logged", async || {
        let log = bank.ingest.process().log();
        match log.matches("\"queued\"").count() + log.matches("\"spooled\"").count() {
            taken if taken == genuine.len() => Ok(()),
            taken => Err(taken),
        }
    })
    .await;
    let (log, secrets) = (bank.ingest.process().log(), bank.stack.secrets());
    assert!(log.contains("rejected"), "{log}");
    let signatures = genuine.iter().map(|webhook| webhook.signature.1.as_str());
    let others = [
        CANARY,
        &NUMBERS[0][1..],
        &NUMBERS[1][1..],
        "customer=17",
        &secrets.twilio_auth_token,
        &secrets.signalwire_signing_key,
        &secrets.telnyx_private_key,
        &secrets.telnyx_public_key(),
    ];
    for text in signatures.chain(others) {
        assert!(!log.contains(text), "{text} is in the log");
    }
}

#[tokio::test]
async fn nor_is_what_telnyx_signed_at_another_time() {
    let bank = Bank::without_worker().await;
    let (signer, leg) = (&bank.signers.telnyx, TelnyxLeg::outbound(NUMBERS[0], NUMBERS[1], 61));
    let other = TelnyxLeg::outbound(NUMBERS[0], NUMBERS[1], 61);
    let form = |at| texml(signer, &leg, UNNAMED.telnyx, at);
    let json = |at| call_control(signer, &other, UNNAMED.telnyx, at);
    for sign in [&form as &dyn Fn(OffsetDateTime) -> Webhook, &json] {
        // The one whose age is to be seen comes last: what is too far ahead may be so no more when it arrives.
        for (age, expected) in
            [(0, 204), (299, 204), (301, 403), (-301, 403), (86_400, 403), (-299, 204)]
        {
            assert_eq!(at_age(&bank, sign, age).await, expected, "{age} s");
        }
    }
    // The same bytes, signed again and again.
    bank.nothing_is_spooled().await;
    assert_eq!(bank.stream().await.cached_info().state.messages, 2);
    let metrics = reqwest::get(format!("{}/metrics", bank.ingest.admin_url())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for age in ["up_to_1m", "over_1m", "ahead_over_1m", "over_5m", "ahead_over_5m", "over_1h"] {
        let line = format!("curbe_telnyx_signatures_total{{age=\"{age}\"}} ");
        assert!(metrics.contains(&line), "{age}\n{metrics}");
    }
    assert!(metrics.contains("curbe_telnyx_signature_age_seconds -299"), "{metrics}");
    let is_logged = async || {
        let log = bank.ingest.process().log();
        if log.contains("\"signature_age_seconds\":301") { Ok(()) } else { Err(log) }
    };
    wait_until(SOON, "the age to be logged", is_logged).await;
    // Its address proves nothing, so it may be another.
    let elsewhere = Webhook { path: VOICE_EVENTS.to_owned(), ..json(OffsetDateTime::now_utc()) };
    assert_eq!(bank.send(&elsewhere).await.status, 204);
}

/// The status for a webhook that is exactly so old when it arrives: once more if a second began on its way.
async fn at_age(bank: &Bank, sign: &dyn Fn(OffsetDateTime) -> Webhook, age: i64) -> u16 {
    loop {
        let now = OffsetDateTime::now_utc();
        let answer = bank.send(&sign(now - time::Duration::seconds(age))).await;
        if OffsetDateTime::now_utc().unix_timestamp() == now.unix_timestamp() {
            return answer.status;
        }
    }
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
    Webhook { content_type, body, ..bank.signers.twilio.form(&path, &vec![]) }
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

#[tokio::test]
async fn nor_do_hundreds_of_slow_senders_delay_anybody() {
    const SLOW: usize = 400;
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let head = format!("POST {VOICE_EVENTS} HTTP/1.1\r\nhost: a\r\n");
    let body = format!("{head}content-type: {FORM}\r\ncontent-length: 100\r\n\r\na=");
    let mut slow = Vec::new();
    for number in 0..SLOW {
        // Some say nothing, some half a head, some half a body.
        let beginning = ["", head.as_str(), body.as_str()][number % 3];
        let address = bank.ingest.url().replace("http://", "");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let calls: Vec<_> = (0..20).map(|_| user.calls("+523312345678", 61)).collect();
    let mut taken = Vec::new();
    for call in &calls {
        let answer = bank.send(&bank.signed(&call.hangup())).await;
        assert_eq!(answer.status, 204);
        taken.push(answer.latency);
    }
    // A busy machine may have had no time for one of them itself; the slow ones would delay all of them.
    taken.sort_unstable();
    assert!(taken[calls.len() - 2] < Duration::from_secs(2), "{taken:?}");
    // All of them are closed by then, whatever they did.
    for mut stream in slow {
        let mut answer = Vec::new();
        let read = timeout(SOON, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "never closed: {}", String::from_utf8_lossy(&answer));
    }
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.5480");
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
