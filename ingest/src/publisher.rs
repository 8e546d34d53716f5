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
    /// It refuses what would not fit.
    #[error("the stream is full: raise its max_bytes, or let the worker catch up")]
    Full,
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
    /// Whether a publish failed since the stream was last looked at.
    is_doubted: Arc<AtomicBool>,
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
            is_doubted: Arc::new(AtomicBool::new(false)),
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

    /// Whether a publish has failed since the last [`Self::verify`].
    pub(crate) fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Relaxed)
    }

    /// Looks whether the stream takes events and keeps them. Nothing is published to one that would lose them.
    pub(crate) async fn verify(&self) -> Result<(), Doubt> {
        self.is_doubted.store(false, Ordering::Relaxed);
        match topology::verify(&self.context).await {
            Ok(()) => self.is_trusted.store(true, Ordering::Relaxed),
            Err(error @ TopologyError::Unsafe { .. }) => {
                self.is_trusted.store(false, Ordering::Relaxed);
                return Err(error.into());
            }
            // Nothing new is known of it; a publish shows for itself whether it is kept.
            Err(error @ TopologyError::Unavailable { .. }) => return Err(error.into()),
        }
        let stream = self.context.get_stream(STREAM).await.map_err(|_| Doubt::Silent)?;
        let info = stream.cached_info();
        let taken = usize::try_from(info.state.bytes).unwrap_or(usize::MAX);
        let room = usize::try_from(info.config.max_bytes).unwrap_or_default();
        if taken.saturating_add(EVENT_BYTES_MAX) > room { Err(Doubt::Full) } else { Ok(()) }
    }

    /// Whether anything may be published: to a stream that would forget it nothing is. Without a connection the client
    /// would keep it for later and let its sender wait for nothing.
    pub(crate) fn takes_events(&self) -> Result<(), NotQueued> {
        if !self.is_connected() {
            return Err(NotQueued::new("queue_unreachable", "no connection to the queue"));
        }
        if !self.is_trusted.load(Ordering::Relaxed) {
            let detail = "the queue was not found to keep events";
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
        let outcome = acknowledged.unwrap_or_else(|_| Err(NotQueued::silent()));
        if outcome.is_err() {
            self.is_doubted.store(true, Ordering::Relaxed);
        }
        outcome
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
