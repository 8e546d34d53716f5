//! Plays a browser: one WebSocket to the notifier, each frame with the instant at which it came.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATH: &str = "/api/ws";
const SUBPROTOCOL: &str = "curbe.v1.json";
/// Long enough for a busy machine, short enough for whoever waits.
const PATIENCE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A frame as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// The JSON text.
    pub text: Utf8Bytes,
}

impl Seen {
    /// What it says.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.text).with_context(|| format!("the frame {}", self.text))
    }
}

/// An open socket. Dropped, it is gone without a goodbye.
#[derive(Debug)]
pub struct Browser {
    welcome: serde_json::Value,
    frames: UnboundedReceiver<Seen>,
    reader: JoinHandle<()>,
}

impl Browser {
    /// Connects, says who it is and waits for the welcome.
    ///
    /// # Errors
    /// The notifier does not answer, or does not let it in.
    pub async fn open(notifier_url: &str, token: &str) -> Result<Self> {
        tokio::time::timeout(PATIENCE, Self::enter(notifier_url, token))
            .await
            .context("no welcome in time")?
    }

    async fn enter(notifier_url: &str, token: &str) -> Result<Self> {
        let mut request = address(notifier_url).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (mut socket, _) = connect_async(request).await.context("the notifier's socket")?;
        let hello = serde_json::json!({ "type": "hello", "token": token });
        socket.send(Message::text(hello.to_string())).await?;
        let welcome = next_text(&mut socket).await?.json()?;
        if welcome["type"] != "welcome" {
            bail!("not welcome: {welcome}");
        }
        let (sender, frames) = unbounded_channel();
        let reader = tokio::spawn(read(socket, sender));
        Ok(Self { welcome, frames, reader })
    }

    /// What it was welcomed with.
    #[must_use]
    pub fn welcome(&self) -> &serde_json::Value {
        &self.welcome
    }

    /// The next frame; none once the socket is closed.
    pub async fn next(&mut self) -> Option<Seen> {
        self.frames.recv().await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn address(notifier_url: &str) -> String {
    let socket = notifier_url.trim_end_matches('/').replacen("http", "ws", 1);
    format!("{socket}{PATH}")
}

async fn read(mut socket: Socket, sender: UnboundedSender<Seen>) {
    // Pings are answered by reading on. Whoever waits for frames notices the end of the channel.
    while let Ok(seen) = next_text(&mut socket).await {
        if sender.send(seen).is_err() {
            return;
        }
    }
}

async fn next_text(socket: &mut Socket) -> Result<Seen> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Seen { at: Instant::now(), text }),
            Some(Ok(Message::Close(reason))) => bail!("closed: {reason:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => bail!("the connection is gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_at_the_notifiers_own_address() {
        assert_eq!(address("http://127.0.0.1:8081/"), "ws://127.0.0.1:8081/api/ws");
        assert_eq!(address("https://push.example.com"), "wss://push.example.com/api/ws");
    }
}
