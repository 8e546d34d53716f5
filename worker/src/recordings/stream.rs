//! Audio on its way from a provider to a listener: a few chunks at a time, never the whole, as fast as the slower one.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use metrics::gauge;
use reqwest::Response;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::report::{Ending, Report, STREAMS};
use crate::http::Body;

/// Chunks, of some kilobytes each, that a listener may be behind.
const CHUNKS: usize = 4;

/// The answer ends before the audio does. Whoever listens must not take what he has for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the recording broke off")]
struct BrokeOff;

/// A place among the streams that may be under way.
#[derive(Debug)]
pub(super) struct Slot(
    #[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit,
);

impl Slot {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        gauge!(STREAMS).increment(1);
        Self(permit)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        gauge!(STREAMS).decrement(1);
    }
}

/// The body that carries what the provider sends. Dropped, it ends the provider's connection too.
pub(super) fn relay(mut provider: Response, silence: Duration, slot: Slot, report: Report) -> Body {
    let (sender, receiver) = channel(CHUNKS);
    tokio::spawn(async move {
        let mut bytes = 0;
        let ending = carry(&mut provider, &sender, silence, &mut bytes).await;
        drop((provider, sender, slot));
        report.ended(ending, bytes);
    });
    StreamBody::new(stream::unfold(Some(receiver), next_frame)).boxed_unsync()
}

type Chunks = Receiver<Option<Bytes>>;

/// `None` in the channel is the end of the audio; the end of the channel without it is an end too early.
async fn next_frame(
    chunks: Option<Chunks>,
) -> Option<(Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>, Option<Chunks>)> {
    let mut chunks = chunks?;
    match chunks.recv().await {
        Some(Some(chunk)) => Some((Ok(Frame::data(chunk)), Some(chunks))),
        Some(None) => None,
        None => Some((Err(BrokeOff.into()), None)),
    }
}

async fn carry(
    provider: &mut Response,
    listener: &Sender<Option<Bytes>>,
    silence: Duration,
    bytes: &mut u64,
) -> Ending {
    loop {
        let place = match timeout(silence, listener.reserve()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Ending::ListenerGone,
            Err(_) => return Ending::ListenerSilent,
        };
        let chunk = tokio::select! {
            () = listener.closed() => return Ending::ListenerGone,
            chunk = timeout(silence, provider.chunk()) => chunk,
        };
        match chunk {
            Ok(Ok(Some(chunk))) => {
                *bytes += chunk.len() as u64;
                place.send(Some(chunk));
            }
            Ok(Ok(None)) => {
                place.send(None);
                return Ending::Complete;
            }
            Ok(Err(_)) => return Ending::ProviderGone,
            Err(_) => return Ending::ProviderSilent,
        }
    }
}
