//! Where the audio is: links that die, and listeners that are made to wait.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::LOCATION;
use hyper::{Response, StatusCode};
use tokio::sync::mpsc::{Sender, channel};

use super::audio::{message, ranged, set, tone, with_body};
use super::host::{Body, Seen};
use super::{Behaviour, State};

/// Between two pieces of what has no end.
const PACE: Duration = Duration::from_millis(10);

/// Answers as Telnyx's bucket does, and as `files.signalwire.com` for every other path.
pub(super) async fn answer(state: Arc<State>, seen: Seen) -> Response<Body> {
    let path = seen.uri.path();
    let signature = seen.uri.query().and_then(|query| query.split_once("X-Amz-Signature="));
    let generation = state.generation.load(Ordering::Relaxed).to_string();
    let is_alive = signature.is_some_and(|(_, signature)| signature == generation);
    if path.starts_with("/telephony-recorder-prod/") && !is_alive {
        let text = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        return message(StatusCode::FORBIDDEN, "application/xml", text);
    }
    let recording = name(path).to_owned();
    play(&state, &recording, &seen).await
}

/// The recording that a path names, without its ending.
pub(super) fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default()
}

/// Does with a recording what was said of it.
pub(super) async fn play(state: &Arc<State>, recording: &str, seen: &Seen) -> Response<Body> {
    match state.behaviour(recording) {
        Behaviour::Audio => ranged(&tone(), seen),
        Behaviour::Redirect(location) => {
            let mut response = message(StatusCode::FOUND, "text/plain", "");
            set(&mut response, LOCATION, &location);
            response
        }
        Behaviour::Endless => {
            let (sender, pieces) = channel(1);
            tokio::spawn(send_for_ever(sender, Arc::clone(state)));
            let pieces = stream::unfold(pieces, async |mut pieces| {
                let piece: Bytes = pieces.recv().await?;
                Some((Ok(Frame::data(piece)), pieces))
            });
            with_body(StreamBody::new(pieces).boxed_unsync())
        }
        Behaviour::Stalled => with_body(beginning(stream::pending())),
        Behaviour::Broken => {
            let broken = stream::once(async {
                // The beginning goes out first.
                tokio::time::sleep(PACE).await;
                Err(io::ErrorKind::ConnectionReset.into())
            });
            with_body(beginning(broken))
        }
        Behaviour::Silent => std::future::pending().await,
        Behaviour::Page => {
            message(StatusCode::OK, "text/html", "<script>alert(document.cookie)</script>")
        }
        Behaviour::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            message(status, "text/plain", "no")
        }
    }
}

/// The first bytes, and then what follows.
fn beginning(
    rest: impl futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send + 'static,
) -> Body {
    let first = stream::once(async { Ok(Frame::data(tone().slice(..1_000))) });
    StreamBody::new(futures_util::StreamExt::chain(first, rest)).boxed_unsync()
}

async fn send_for_ever(listener: Sender<Bytes>, state: Arc<State>) {
    while listener.send(tone()).await.is_ok() {
        tokio::time::sleep(PACE).await;
    }
    state.abandoned.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_recording() {
        assert_eq!(name("/2010-04-01/Accounts/AC1/Recordings/RE1.mp3"), "RE1");
        assert_eq!(name("/RE1"), "RE1");
        assert_eq!(name("/"), "");
    }
}
