//! The limits, over real sockets.

use std::sync::Arc;

use http_body_util::Full;
use hyper::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;

const SOON: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(200);

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

/// Answers with the length of the body, or why there is none; `/wait` only once it is released.
async fn start(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, gate) = (Arc::clone(&entered), Arc::clone(&release));
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let (inside, gate) = (Arc::clone(&inside), Arc::clone(&gate));
        async move {
            if request.uri().path() == "/wait" {
                inside.notify_one();
                gate.notified().await;
            }
            let (status, text) = match read_body(request.into_body(), 1024, SHORT).await {
                Ok(body) => (StatusCode::OK, body.len().to_string()),
                Err(BodyError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, String::new()),
                Err(BodyError::TimedOut) => (StatusCode::REQUEST_TIMEOUT, String::new()),
                Err(BodyError::Broken) => (StatusCode::BAD_REQUEST, String::new()),
            };
            let mut response = Response::new(Full::<Bytes>::from(text));
            *response.status_mut() = status;
            response
        }
    };
    let task = tokio::spawn(serve(listener, limits, handler, shutdown.clone()));
    Server { address, shutdown, task, entered, release }
}

impl Server {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn ends(self) {
        timeout(SOON, self.task).await.expect("the server ends").unwrap();
    }
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    timeout(SOON, stream.read_to_end(&mut text)).await.expect("the server closes").unwrap();
    String::from_utf8(text).unwrap()
}

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let server = start(Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let begun = Instant::now();
    rest(&mut server.send("POST / HTTP/1.1\r\nHost:").await).await;
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = start(Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let answer = rest(&mut server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn too_many_header_lines_are_refused() {
    let server = start(Limits { headers_max: 4, ..Limits::default() }).await;
    let lines = "X: y\r\n".repeat(5);
    let answer = rest(&mut server.send(&format!("GET / HTTP/1.1\r\n{lines}\r\n")).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let server = start(Limits::default()).await;
    for (length, status) in [(0, "200"), (1024, "200"), (1025, "413"), (700_000, "413")] {
        let request = post(length) + &"x".repeat(length);
        let answer = rest(&mut server.send(&request).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{length}: {answer}");
    }
}

#[tokio::test]
async fn an_announced_flood_is_refused_unread() {
    let server = start(Limits::default()).await;
    let answer = rest(&mut server.send(&post(1 << 30)).await).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_has_the_same_limit() {
    let server = start(Limits::default()).await;
    let head =
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let fits = rest(&mut server.send(&format!("{head}{chunk}0\r\n\r\n")).await).await;
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    let large = rest(&mut server.send(&format!("{head}{chunk}{chunk}0\r\n\r\n")).await).await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
}

#[tokio::test]
async fn a_slow_body_times_out() {
    let server = start(Limits::default()).await;
    let answer = rest(&mut server.send(&(post(10) + "half")).await).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_request_in_progress_is_answered_before_the_end() {
    let server = start(Limits::default()).await;
    let mut stream = server.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    timeout(SOON, server.entered.notified()).await.expect("the request arrives");
    server.shutdown.cancel();
    tokio::time::sleep(SHORT).await;
    assert!(!server.task.is_finished());
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is let in");
    server.release.notify_one();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    server.ends().await;
    drop(idle);
}

#[tokio::test]
async fn the_end_waits_no_longer_than_the_deadline() {
    let server = start(Limits { drain_deadline: SHORT, ..Limits::default() }).await;
    let _stream = server.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(SOON, server.entered.notified()).await.expect("the request arrives");
    server.shutdown.cancel();
    server.ends().await;
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_for_its_turn() {
    let server = start(Limits { connections_max: 1, ..Limits::default() }).await;
    let first = server.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(SOON, server.entered.notified()).await.expect("the request arrives");
    let mut second = server.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let mut byte = [0];
    assert!(timeout(SHORT, second.read(&mut byte)).await.is_err(), "no answer yet");
    // Its sender is gone, the request goes on.
    drop(first);
    assert!(timeout(SHORT, second.read(&mut byte)).await.is_err(), "the first is given up");
    server.release.notify_one();
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}
