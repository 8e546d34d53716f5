//! Reading from and writing to one socket, each write with a deadline.

use std::future::Future;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;
use metrics::counter;
use tokio::time::timeout;

use super::close::Close;
use super::from_browser::FromBrowser;
use super::protocol::ToBrowser;
use crate::fanout::Outgoing;
use crate::measures;

/// A write that takes longer means that the browser does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the browser may take to answer a goodbye.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// One socket.
pub(super) struct Wire {
    socket: WebSocket,
}

impl Wire {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self { socket }
    }

    /// The next message; control frames, answered by the library, are `None`. Dropping the future loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Option<FromBrowser>, Close> {
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => {
                serde_json::from_str(&text).map(Some).map_err(|_| Close::Protocol)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => Err(Close::Protocol),
            Some(Ok(Message::Close(_))) | None => Err(Close::Peer),
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    /// Writes all of them at once.
    pub(super) async fn send(&mut self, batch: &[Outgoing]) -> Result<(), Close> {
        self.write(batch.iter().map(message)).await
    }

    /// Writes one message that is no frame.
    pub(super) async fn say(&mut self, what: &ToBrowser) -> Result<(), Close> {
        self.write([spoken(what)]).await
    }

    /// The same with a ping, whose answer is a sign of life.
    pub(super) async fn beat(&mut self, heartbeat: &ToBrowser) -> Result<(), Close> {
        self.write([spoken(heartbeat), Message::Ping(Bytes::new())]).await
    }

    async fn write(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), Close> {
        let written = async {
            for message in messages {
                self.socket.feed(message).await?;
            }
            self.socket.flush().await
        };
        match timeout(WRITE_TIMEOUT, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Close::Peer),
            Err(_) => Err(Close::SlowReader),
        }
    }

    /// Says why, and waits a moment for the answer: an end without one could overtake the code.
    pub(super) async fn close(mut self, close: Close) {
        let said = self.socket.send(Message::Close(close.frame()));
        if matches!(timeout(WRITE_TIMEOUT, said).await, Ok(Ok(()))) {
            timeout(GOODBYE_TIMEOUT, until_ended(&mut self.socket)).await.ok();
        }
    }
}

fn message(outgoing: &Outgoing) -> Message {
    match outgoing {
        Outgoing::Frame { kind, text, .. } | Outgoing::Notice { kind, text } => {
            counter!(measures::FRAMES_SENT, "type" => *kind).increment(1);
            Message::Text(text.clone())
        }
        Outgoing::Resync { .. } => spoken(&ToBrowser::Resync {}),
    }
}

fn spoken(what: &ToBrowser) -> Message {
    counter!(measures::FRAMES_SENT, "type" => what.kind()).increment(1);
    Message::Text(what.to_json().into())
}

async fn until_ended(socket: &mut WebSocket) {
    while let Some(Ok(_)) = socket.recv().await {}
}

/// What the library cannot read is no WebSocket, or too large, unless the browser is simply no longer there.
fn broken(error: &axum::Error) -> Close {
    // How the library calls an end without a goodbye. Its own type is not within reach behind axum's.
    const RESET: &str = "without closing handshake";
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<std::io::Error>() || error.to_string().ends_with(RESET) {
            return Close::Peer;
        }
        source = error.source();
    }
    Close::Protocol
}

/// Drops a future that is not worth waiting for once `reason` holds.
pub(super) async fn unless<T>(
    stopped: impl Future<Output = ()>,
    reason: Close,
    work: impl Future<Output = Result<T, Close>>,
) -> Result<T, Close> {
    tokio::select! {
        biased;
        () = stopped => Err(reason),
        result = work => result,
    }
}
