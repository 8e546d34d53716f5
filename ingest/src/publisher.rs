//! Onto the queue: an event counts as durable once the queue has acknowledged it, never before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::publish::PublishAck;
use async_nats::{Client, HeaderMap};
use curbe_platform::queue::topology::{self, TopologyError};
use curbe_platform::queue::{self, STREAM};
use hyper::body::Bytes;
use metrics::histogram;
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use crate::config::Config;

/// More than an event with its headers takes; with less room than this stream and spool count as full.
pub(crate) const EVENT_BYTES_MAX: usize = 128 * 1024;

/// Why the queue is not believed to take events.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Doubt {
    /// It is not there, does not answer, or would lose events.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// It stopped answering.
    #[error("the queue stopped answering")]
    Silent,
    /// Once it is full to the last byte, the server drops the oldest event for one that it lets in.
    #[error("the stream is nearly full: raise its max_bytes, or let the worker catch up")]
    NearlyFull,
}

/// How full the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Less than half.
    Low,
    /// It may be full soon.
    High,
    /// Nothing more is given to it, so that it never is full to the last byte: what is on its way still fits.
    NearlyFull,
}

impl Fill {
    fn of(bytes: usize, bytes_max: usize) -> Self {
        let kept_free = (bytes_max / 20).max(EVENT_BYTES_MAX);
        if bytes.saturating_add(kept_free) > bytes_max {
            Self::NearlyFull
        } else if bytes >= bytes_max / 2 {
            Self::High
        } else {
            Self::Low
        }
    }
}

/// A message on its way onto the queue.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A way onto the queue, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    client: Client,
    context: Context,
    /// Whether the stream was found to keep what it is given.
    is_trusted: Arc<AtomicBool>,
}

impl Publisher {
    /// Starts connecting; whether that succeeds shows later.
    pub(crate) async fn connect(config: &Config) -> anyhow::Result<Self> {
        let client = queue::connect(config.nats_url.expose_secret(), "curbe-ingest").await;
        let client = client.context("NATS_URL cannot be used")?;
        Ok(Self {
            context: queue::jetstream(client.clone()),
            client,
            is_trusted: Arc::new(AtomicBool::new(false)),
        })
    }

    /// For requests beside the stream.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn is_connected(&self) -> bool {
        queue::is_connected(&self.client)
    }

    /// How often a connection was made: another number means another server may answer.
    pub(crate) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Looks whether the stream takes events and keeps them. Nothing is published to one that would lose them.
    pub(crate) async fn verify(&self) -> Result<Fill, Doubt> {
        match topology::verify(&self.context).await {
            Ok(()) => {}
            Err(error @ TopologyError::Unsafe { .. }) => {
                self.is_trusted.store(false, Ordering::Relaxed);
                return Err(error.into());
            }
            // Nothing new is known of it; a publish shows for itself whether it is kept.
            Err(error @ TopologyError::Unavailable { .. }) => return Err(error.into()),
        }
        let stream = self.context.get_stream(STREAM).await.map_err(|_| Doubt::Silent)?;
        let info = stream.cached_info();
        let bytes = usize::try_from(info.state.bytes).unwrap_or(usize::MAX);
        let fill = Fill::of(bytes, usize::try_from(info.config.max_bytes).unwrap_or_default());
        self.is_trusted.store(fill != Fill::NearlyFull, Ordering::Relaxed);
        if fill == Fill::NearlyFull { Err(Doubt::NearlyFull) } else { Ok(fill) }
    }

    /// Whether anything may be published: to a stream that would forget it nothing is. Without a connection the client
    /// would keep it for later and let its sender wait for nothing.
    pub(crate) fn takes_events(&self) -> Result<(), NotQueued> {
        if !self.is_connected() {
            return Err(NotQueued::new("queue_unreachable", "no connection to the queue"));
        }
        if !self.is_trusted.load(Ordering::Relaxed) {
            let detail = "the queue was not found to keep events, or has no room for them";
            return Err(NotQueued::new("queue_unverified", detail));
        }
        Ok(())
    }

    /// Publishes the provider's bytes. Only `Ok` means that they are kept; a repeat of what is kept already is `Ok` too.
    /// After an error they may be kept all the same, and a repeat of them does no harm.
    pub(crate) async fn publish(
        &self,
        message: Outgoing,
        within: Duration,
    ) -> Result<PublishAck, NotQueued> {
        let begun = Instant::now();
        let acknowledged = async { self.send(message).await?.acknowledged().await };
        let acknowledged = timeout(within, acknowledged).await;
        histogram!("curbe_ingest_ack_seconds").record(begun.elapsed());
        acknowledged.unwrap_or_else(|_| Err(NotQueued::silent()))
    }

    /// Sends without waiting for the answer. What is sent one after the other by one caller arrives in that order.
    pub(crate) async fn send(&self, message: Outgoing) -> Result<Sent, NotQueued> {
        self.takes_events()?;
        let Outgoing { subject, headers, body } = message;
        let sent = self.context.publish_with_headers(subject, headers, body).await;
        sent.map(Sent).map_err(|error| NotQueued::of(&error))
    }
}

/// A message whose acknowledgement is awaited.
pub(crate) struct Sent(PublishAckFuture);

impl Sent {
    pub(crate) async fn acknowledged(self) -> Result<PublishAck, NotQueued> {
        self.0.await.map_err(|error| NotQueued::of(&error))
    }
}

/// Why a message is not known to be on the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotQueued {
    /// A label for logs and metrics.
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl NotQueued {
    pub(crate) fn new(reason: &'static str, detail: &str) -> Self {
        Self { reason, detail: detail.to_owned() }
    }

    /// There was no answer in time.
    pub(crate) fn silent() -> Self {
        Self::new("ack_timed_out", "the queue did not answer in time")
    }

    fn of(error: &PublishError) -> Self {
        Self::new(reason(error.kind()), &error.to_string())
    }
}

fn reason(kind: PublishErrorKind) -> &'static str {
    match kind {
        PublishErrorKind::TimedOut => "ack_timed_out",
        PublishErrorKind::StreamNotFound => "stream_not_found",
        PublishErrorKind::BrokenPipe => "queue_unreachable",
        PublishErrorKind::MaxAckPending => "too_many_unacknowledged",
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => "queue_refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_nearly_full_before_it_is_full() {
        const GIB: usize = 1 << 30;
        for (bytes, bytes_max, fill) in [
            (0, GIB, Fill::Low),
            (GIB / 2 - 1, GIB, Fill::Low),
            (GIB / 2, GIB, Fill::High),
            (GIB - GIB / 20, GIB, Fill::High),
            (GIB - GIB / 20 + 1, GIB, Fill::NearlyFull),
            (usize::MAX, GIB, Fill::NearlyFull),
            // An event would not fit.
            (0, EVENT_BYTES_MAX - 1, Fill::NearlyFull),
            (0, 0, Fill::NearlyFull),
        ] {
            assert_eq!(Fill::of(bytes, bytes_max), fill, "{bytes} of {bytes_max}");
        }
    }
}
