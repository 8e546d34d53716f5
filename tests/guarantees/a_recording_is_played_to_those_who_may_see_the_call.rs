//! The notifier plays a recording to those who may see the call, as the worker hands it out, piece by piece; it holds
//! nothing back, passes on nothing but audio, and asks for nothing on behalf of a stranger.

use std::sync::{Arc, Mutex};

use curbe_tests::stack::wait_until;
use futures_util::{StreamExt, stream};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use reqwest::Method;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::fixture::SOON;
use crate::fixture::browser::Page;
use crate::fixture::customers::User;
use crate::fixture::office::Office;
use crate::fixture::recordings_port::{RecordingsPort, answer, streamed};

const AT_ONCE_MAX: usize = 4;
const AUDIO: &[u8] = b"RIFF, or so";
const HEADERS: [(&str, &str); 5] = [
    ("content-type", "audio/x-wav"),
    ("accept-ranges", "bytes"),
    ("etag", "\"r1\""),
    ("set-cookie", "provider=1"),
    ("x-amz-request-id", "1"),
];

/// An office with a call that has been recorded, and the port that its notifier asks.
struct Studio {
    office: Office,
    port: RecordingsPort,
    path: String,
}

impl Studio {
    async fn open(port: RecordingsPort) -> Self {
        let office = Office::open(&[("WORKER_URL", &format!("{}/", port.url))]).await;
        let (call, id) = office.call(&office.caller).await;
        office.bank.tell(&call.recording("completed")).await;
        wait_until(SOON, "the recording to be logged", async || {
            let log = office.bank.log(&call.sid).await.and_then(|log| log.recording_url);
            log.ok_or("no recording")
        })
        .await;
        Self { office, port, path: format!("/api/logs/{id}/recording") }
    }

    async fn ask(&self, user: &User) -> Page {
        self.office.bank.browser(user).get(&self.path).await
    }

    /// What the caller hears.
    async fn hear(&self, headers: &[(&str, &str)]) -> reqwest::Response {
        let browser = self.office.bank.browser(&self.office.caller);
        let mut request = browser.request(Method::GET, &self.path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        timeout(SOON, request.send()).await.expect("no answer").unwrap()
    }
}

#[tokio::test]
async fn and_to_nobody_else() {
    let studio = Studio::open(RecordingsPort::open(|_| answer(200, &HEADERS, AUDIO)).await).await;
    let Office { bank, caller, colleague, admin, stranger } = &studio.office;
    for user in [colleague, stranger] {
        assert_eq!(studio.ask(user).await.outcome(), (404, Some("not_found")));
    }
    let unknown = format!("/api/logs/{}/recording", uuid::Uuid::new_v4());
    assert_eq!(bank.browser(admin).get(&unknown).await.outcome(), (404, Some("not_found")));
    let (_, unrecorded) = studio.office.call(caller).await;
    let unrecorded = bank.browser(caller).get(&format!("/api/logs/{unrecorded}/recording")).await;
    assert_eq!(unrecorded.outcome(), (404, Some("recording_not_ready")));
    assert_eq!(studio.port.asked().len(), 0, "{:?}", studio.port.asked());
    for user in [caller, admin] {
        assert_eq!(studio.ask(user).await.status, 200);
    }
}

#[tokio::test]
async fn the_whole_or_the_part_that_is_wanted() {
    let whole_or_part = |headers: &HeaderMap| match headers.get("range") {
        None => answer(200, &HEADERS, AUDIO),
        Some(range) if range == "bytes=99-" => {
            answer(416, &[("content-range", "bytes */11")], b"?")
        }
        Some(_) => {
            let range = [("content-range", "bytes 0-3/11"), ("content-type", "audio/x-wav")];
            answer(206, &range, &AUDIO[..4])
        }
    };
    let studio = Studio::open(RecordingsPort::open(whole_or_part).await).await;
    let whole = studio.hear(&[]).await;
    assert_eq!(whole.status(), 200);
    for (name, value) in [
        ("content-type", "audio/x-wav"),
        ("content-length", "11"),
        ("accept-ranges", "bytes"),
        ("etag", "\"r1\""),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline"),
    ] {
        assert_eq!(whole.headers()[name], value, "{name}");
    }
    for name in ["set-cookie", "x-amz-request-id"] {
        assert!(!whole.headers().contains_key(name), "{name}");
    }
    assert_eq!(whole.bytes().await.unwrap(), AUDIO);

    let part = studio.hear(&[("range", "bytes=0-3"), ("if-range", "\"r1\"")]).await;
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-range"]),
        (206, &"bytes 0-3/11".parse().unwrap())
    );
    assert_eq!(part.bytes().await.unwrap(), AUDIO[..4]);
    let beyond = studio.hear(&[("range", "bytes=99-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), &beyond.headers()["content-range"]),
        (416, &"bytes */11".parse().unwrap())
    );
    let problem: serde_json::Value = beyond.json().await.unwrap();
    assert_eq!(problem["code"], "range_not_satisfiable");

    let asked = studio.port.asked();
    let id = studio.path.split('/').nth(3).unwrap();
    let token = &studio.office.bank.stack.secrets().service_token;
    for asked in &asked {
        assert_eq!(asked.path, format!("/api/recordings/{id}"));
        assert_eq!(asked.bearer(), token);
    }
    assert_eq!(
        (&asked[1].headers["range"], &asked[1].headers["if-range"]),
        (&"bytes=0-3".parse().unwrap(), &"\"r1\"".parse().unwrap())
    );
}

#[tokio::test]
async fn as_audio_or_as_nothing_that_a_browser_runs() {
    let html = |_: &HeaderMap| answer(200, &[("content-type", "text/html")], b"<script>");
    let studio = Studio::open(RecordingsPort::open(html).await).await;
    let heard = studio.hear(&[]).await;
    assert_eq!(heard.headers()["content-type"], "application/octet-stream");
    assert_eq!(heard.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn or_it_is_said_why_not() {
    let status = Arc::new(Mutex::new(404));
    let told = Arc::clone(&status);
    let refusing = move |_: &HeaderMap| answer(*told.lock().unwrap(), &[], b"secret words");
    let studio = Studio::open(RecordingsPort::open(refusing).await).await;
    for (worker, expected, code) in [
        (404, 404, "recording_gone"),
        (502, 502, "provider_unavailable"),
        (504, 502, "provider_unavailable"),
        (503, 503, "unavailable"),
        (500, 503, "unavailable"),
        (401, 503, "recordings_unavailable"),
    ] {
        *status.lock().unwrap() = worker;
        let page = studio.ask(&studio.office.caller).await;
        assert_eq!(page.outcome(), (expected, Some(code)), "{worker}: {page:?}");
        assert_eq!(page.header("retry-after").is_some(), expected == 503, "{worker}");
        assert!(!page.body.to_string().contains("secret words"));
    }
    let Studio { office, port, path } = studio;
    drop(port);
    let browser = office.bank.browser(&office.caller);
    wait_until(SOON, "the port to be closed", async || {
        let page = browser.get(&path).await;
        let is_away = page.outcome() == (503, Some("unavailable"));
        if is_away && page.header("retry-after") == Some("1") {
            Ok(())
        } else {
            Err(format!("{page:?}"))
        }
    })
    .await;
}

#[tokio::test]
async fn where_they_are_offered() {
    let office = Office::open(&[("WORKER_URL", "")]).await;
    let (call, id) = office.call(&office.caller).await;
    office
        .bank
        .sql(&format!(
            "update call_logs set recording_status = 'completed' where external_call_id = '{}'",
            call.sid
        ))
        .await;
    let page = office.bank.browser(&office.caller).get(&format!("/api/logs/{id}/recording")).await;
    assert_eq!(page.outcome(), (503, Some("recordings_unavailable")));
}

/// A recording that comes piece by piece, as the test says; it also sees when nobody listens any more.
async fn piecewise() -> (Studio, UnboundedSender<Bytes>) {
    let (sender, receiver) = unbounded_channel();
    let receiver = Mutex::new(Some(receiver));
    let streaming = move |_: &HeaderMap| {
        let pieces: UnboundedReceiver<Bytes> = receiver.lock().unwrap().take().unwrap();
        let next = async |mut pieces: UnboundedReceiver<_>| Some((pieces.recv().await?, pieces));
        streamed(&HEADERS, stream::unfold(pieces, next))
    };
    (Studio::open(RecordingsPort::open(streaming).await).await, sender)
}

/// The next piece; none at the end.
async fn next(heard: &mut reqwest::Response) -> Option<Bytes> {
    timeout(SOON, heard.chunk()).await.expect("a piece is held back").unwrap()
}

#[tokio::test]
async fn as_it_comes() {
    let (studio, pieces) = piecewise().await;
    pieces.send(Bytes::from_static(b"one")).unwrap();
    let mut heard = studio.hear(&[]).await;
    assert_eq!(next(&mut heard).await.unwrap(), "one");
    pieces.send(Bytes::from_static(b"two")).unwrap();
    assert_eq!(next(&mut heard).await.unwrap(), "two");
    drop(pieces);
    assert_eq!(next(&mut heard).await, None);
}

#[tokio::test]
async fn so_many_at_once() {
    let endless = |_: &HeaderMap| {
        let one = stream::iter([Bytes::from_static(b"one")]);
        streamed(&HEADERS, one.chain(stream::pending()))
    };
    let studio = Studio::open(RecordingsPort::open(endless).await).await;
    let Office { bank, caller, admin, .. } = &studio.office;
    let mut heard = Vec::new();
    for _ in 0..AT_ONCE_MAX {
        let mut response = studio.hear(&[]).await;
        assert_eq!(next(&mut response).await.unwrap(), "one");
        heard.push(response);
    }
    let refused = studio.ask(caller).await;
    assert_eq!(refused.outcome(), (429, Some("too_many_recordings")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(studio.port.asked().len(), AT_ONCE_MAX);
    // Others may listen, and so may he where he has let go of one.
    let others = bank.browser(admin).request(Method::GET, &studio.path).send().await.unwrap();
    assert_eq!(others.status(), 200);
    drop(heard.pop());
    wait_until(SOON, "room for one more", async || {
        let status = studio.hear(&[]).await.status();
        if status == 200 { Ok(()) } else { Err(status) }
    })
    .await;
}

#[tokio::test]
async fn until_the_listener_goes() {
    let (studio, pieces) = piecewise().await;
    pieces.send(Bytes::from_static(b"one")).unwrap();
    let mut heard = studio.hear(&[]).await;
    assert_eq!(next(&mut heard).await.unwrap(), "one");
    drop(heard);
    timeout(SOON, pieces.closed()).await.expect("the request to the worker goes on");
}
