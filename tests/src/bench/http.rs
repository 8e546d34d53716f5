//! A load generator that costs little: requests made beforehand, plain keep-alive connections, one request at a time
//! on each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::simulator::sign::Webhook;

/// Connections of the load generator.
pub(super) const CONNECTIONS: usize = 48;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The bytes of a request.
pub(super) fn bytes(webhook: &Webhook) -> Vec<u8> {
    let headers = webhook.headers().map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\
         {}Content-Length: {}\r\n\r\n",
        webhook.path,
        headers.collect::<String>(),
        webhook.body.len()
    );
    [head.as_bytes(), &webhook.body].concat()
}

/// One keep-alive connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// To `http://127.0.0.1:1234`.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let address = url.trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    /// Sends a request and waits for its answer, which must be a yes.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
            let end = self.buffer.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END);
            if let Some(end) = end {
                break end + HEAD_END.len();
            }
        };
        let length = content_length(&self.buffer[..head]);
        while self.buffer.len() < head + length {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
        }
        match self.buffer.get(9) {
            Some(b'2') => Ok(()),
            _ => bail!("{}", String::from_utf8_lossy(&self.buffer)),
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}

/// Sends every request once, a new one on each connection as soon as the last is answered; how long that took.
pub(super) async fn send_all(url: &str, requests: &Arc<Vec<Vec<u8>>>) -> Result<Duration> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(url).await?;
        let (next, requests) = (Arc::clone(&next), Arc::clone(requests));
        running.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                connection.exchange(request).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(begin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_answer() {
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), 12);
        assert_eq!(content_length(b"HTTP/1.1 204 No Content\r\n\r\n"), 0);
    }
}
