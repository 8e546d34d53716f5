//! Plays a browser: one WebSocket to the notifier, each frame with the instant at which it came. It is read from at all
//! times, as browsers do.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATH: &str = "/api/ws";
const SUBPROTOCOL: &str = "curbe.v1.json";
/// Long enough for a busy machine, short enough for whoever waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket as it comes from the library, for whoever wants to misbehave.
pub type RawSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no socket, or none any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Nobody answered, or not in time.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// No WebSocket at all.
    #[error("refused with status {0}")]
    Upgrade(u16),
    /// Closed with this code; none where the connection simply ended.
    #[error("closed with code {0:?}")]
    Closed(Option<u16>),
}

/// Who it is.
#[derive(Clone, Copy, Debug)]
pub struct Hello<'a> {
    /// What it proves it with.
    pub token: &'a str,
    /// How far it had come.
    pub since: Option<i64>,
    /// The page that it shows.
    pub origin: Option<&'a str>,
}

impl<'a> Hello<'a> {
    /// For the first time, without a page.
    #[must_use]
    pub fn new(token: &'a str) -> Self {
        Self { token, since: None, origin: None }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> Value {
        let mut message = json!({ "type": "hello", "token": self.token });
        if let Some(since) = self.since {
            message["since"] = json!(since);
        }
        message
    }
}

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
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("the frame {}", self.text))
    }
}

/// An open socket. Dropped, it is gone without a goodbye.
#[derive(Debug)]
pub struct Browser {
    welcome: Value,
    frames: UnboundedReceiver<Result<Seen, Ended>>,
    sink: SplitSink<RawSocket, Message>,
    reader: JoinHandle<()>,
}

impl Browser {
    /// Connects, says who it is and waits for the welcome.
    ///
    /// # Errors
    /// The notifier does not answer, or does not let it in.
    pub async fn open(notifier_url: &str, token: &str) -> Result<Self> {
        Ok(Self::enter(notifier_url, &Hello::new(token)).await?)
    }

    /// The same for whoever comes back, or comes from a page.
    ///
    /// # Errors
    /// Why it is not let in.
    pub async fn enter(notifier_url: &str, hello: &Hello<'_>) -> Result<Self, Ended> {
        let entering = async {
            let mut socket = connect(notifier_url, hello.origin).await?;
            let said = Message::text(hello.message().to_string());
            socket.send(said).await.map_err(|_| Ended::Closed(None))?;
            let (sink, mut stream) = socket.split();
            let welcome = next_text(&mut stream).await?;
            let welcome = welcome.json().map_err(|no| Ended::Unreachable(format!("{no:#}")))?;
            let (sender, frames) = unbounded_channel();
            let reader = tokio::spawn(read(stream, sender));
            Ok(Self { welcome, frames, sink, reader })
        };
        let late = |_| Ended::Unreachable("no welcome in time".to_owned());
        tokio::time::timeout(PATIENCE, entering).await.map_err(late)?
    }

    /// What it was welcomed with.
    #[must_use]
    pub fn welcome(&self) -> &Value {
        &self.welcome
    }

    /// The next frame.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn next(&mut self) -> Result<Seen, Ended> {
        self.frames.recv().await.unwrap_or(Err(Ended::Closed(None)))
    }

    /// Says something.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn say(&mut self, message: &Value) -> Result<(), Ended> {
        let said = self.sink.send(Message::text(message.to_string())).await;
        said.map_err(|_| Ended::Closed(None))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Opens a socket and says nothing.
///
/// # Errors
/// There is none for this page, or at this address.
pub async fn connect(notifier_url: &str, origin: Option<&str>) -> Result<RawSocket, Ended> {
    let unreachable = |error: Error| Ended::Unreachable(error.to_string());
    let mut request = address(notifier_url).into_client_request().map_err(unreachable)?;
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    if let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(origin).ok()) {
        headers.insert("origin", origin);
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(Ended::Upgrade(response.status().as_u16())),
        Err(error) => Err(unreachable(error)),
    }
}

/// The next text that comes; pings are answered by reading on.
///
/// # Errors
/// The socket has ended.
pub async fn next_text<S>(stream: &mut S) -> Result<Seen, Ended>
where
    S: StreamExt<Item = Result<Message, Error>> + Unpin,
{
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Seen { at: Instant::now(), text }),
            Some(Ok(Message::Close(frame))) => {
                return Err(Ended::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Ended::Closed(None)),
        }
    }
}

fn address(notifier_url: &str) -> String {
    let socket = notifier_url.trim_end_matches('/').replacen("http", "ws", 1);
    format!("{socket}{PATH}")
}

async fn read(
    mut stream: impl StreamExt<Item = Result<Message, Error>> + Unpin,
    sender: UnboundedSender<Result<Seen, Ended>>,
) {
    loop {
        let seen = next_text(&mut stream).await;
        let has_ended = seen.is_err();
        // Nobody may be listening any more.
        if sender.send(seen).is_err() {
            return;
        }
        if has_ended {
            // Reading on answers a goodbye.
            while let Some(Ok(_)) = stream.next().await {}
            return;
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
