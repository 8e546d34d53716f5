//! The spool: events on this machine's own disk, durable before their senders are told so, until the queue takes them.

mod aside;
mod backlog;
mod drain;
mod frame;
mod holds;
mod mark;
mod progress;
mod recovery;
mod segment;
mod tracked;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::publisher::Outgoing;
use backlog::Backlog;
use frame::{Parts, TooLarge};
use segment::Directory;
use writer::{Append, Order, Writer};

pub(crate) use drain::drain;
pub(crate) use progress::Place;

/// So few are sent together, in no time.
const SOON_GONE: usize = 256;
/// Those that wait to be written; more than there are connections as a rule.
const ORDERS_MAX: usize = 4_096;
const PAUSE: Duration = Duration::from_millis(10);

/// Why an event is not in the spool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpoolError {
    /// Its bound is reached.
    #[error("the spool is full: raise SPOOL_BYTES_MAX, or bring the queue back")]
    Full,
    /// The disk does not take it.
    #[error("the spool cannot be written: {0}")]
    Unwritable(String),
    /// More wait to be written than can be.
    #[error("the spool cannot be written fast enough")]
    Busy,
    /// It is no webhook.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

impl SpoolError {
    /// A label for logs and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Full => "spool_full",
            Self::Unwritable(_) => "spool_unwritable",
            Self::Busy => "spool_busy",
            Self::TooLarge(_) => "spool_too_large",
        }
    }
}

/// The spool of this process; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    orders: Sender<Order>,
    backlog: Arc<Backlog>,
    bytes_max: usize,
}

impl Spool {
    /// Takes a directory, with what an earlier process has left there. What has gone to the queue is kept for `keeps`
    /// more, and sent again if the queue comes back from somewhere.
    pub(crate) fn open(path: &Path, bytes_max: usize, keeps: Duration) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        let backlog = Arc::new(Backlog::new(directory.segments()?, keeps));
        let waiting = backlog.waiting();
        if waiting > 0 {
            tracing::info!(events = waiting, "events wait in the spool");
        }
        let (orders, received) = channel(ORDERS_MAX);
        let writer = Writer::new(directory, Arc::clone(&backlog), bytes_max)?;
        thread::Builder::new().name("spool".to_owned()).spawn(move || writer.run(received))?;
        Ok(Self { orders, backlog, bytes_max })
    }

    /// Keeps an event; `Ok` once it is durable, with where it stands.
    pub(crate) async fn append(&self, event: &Outgoing) -> Result<Place, SpoolError> {
        let (reply, answer) = oneshot::channel();
        let append = Append { event: Parts::of(event)?, reply };
        self.orders.try_send(Order::Append(append)).map_err(|_| SpoolError::Busy)?;
        answer.await.unwrap_or_else(|_| Err(SpoolError::Unwritable("its thread ended".to_owned())))
    }

    /// Whether the queue acknowledges what stands there within this time; asked for in vain while it acknowledges nothing,
    /// or there is much to be sent.
    pub(crate) async fn has_gone(&self, place: Place, within: Duration) -> bool {
        let is_soon = self.backlog.progress.is_flowing() && self.waiting() < SOON_GONE;
        is_soon && self.backlog.progress.reaches(place, within).await
    }

    /// Whether it would take another event.
    pub(crate) fn takes_events(&self) -> bool {
        self.backlog.takes_events(self.bytes_max)
    }

    /// Tries the disk again after it has failed; in time to be ready before anybody needs it.
    pub(crate) async fn look_again(&self) {
        if self.backlog.has_failed() {
            self.orders.send(Order::Try).await.ok();
        }
    }

    /// Gives what waits a moment to go to the queue.
    pub(crate) async fn finish(&self, within: Duration) {
        let gone = async {
            while self.waiting() > 0 {
                sleep(PAUSE).await;
            }
        };
        if timeout(within, gone).await.is_err() {
            tracing::warn!(
                events = self.waiting(),
                "events stay in the spool for the next process"
            );
        }
    }

    /// Events that the queue does not have yet. While there are any, what comes after them goes behind them: a decision
    /// must not be overtaken by the end of its call.
    pub(crate) fn waiting(&self) -> usize {
        self.backlog.waiting()
    }
}

/// Whether a directory can be had.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    Directory::open(path).map(drop)
}

/// Counts bytes that were found and are no event.
fn count_cut(bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    metrics::counter!("curbe_spool_cut_bytes_total").increment(bytes);
}

/// Counts what does not go to the queue unless a person sees to it.
fn count_given_up(reason: &'static str, segments: u64, events: usize) {
    use metrics::counter;
    counter!("curbe_spool_given_up_segments_total", "reason" => reason).increment(segments);
    let events = u64::try_from(events).unwrap_or(u64::MAX);
    counter!("curbe_spool_given_up_events_total", "reason" => reason).increment(events);
}

/// Says what the metrics mean.
pub(crate) fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("curbe_spool_events", "Events on this disk that the queue does not have yet");
    describe_gauge!("curbe_spool_bytes", Unit::Bytes, "What the spool takes of the disk");
    describe_counter!(
        "curbe_spool_kept_too_short_total",
        "Segments that made room before what they hold was surely safe in the queue"
    );
    describe_histogram!("curbe_spool_sync_seconds", "A write to the spool with its sync");
    describe_counter!("curbe_spooled_total", "Events that went to the spool, by why");
    describe_counter!("curbe_spool_drained_total", "Events that went from the spool to the queue");
    describe_counter!(
        "curbe_spool_given_up_segments_total",
        "Segments that are not read any more, by why: unreadable, or removed by somebody"
    );
    describe_counter!(
        "curbe_spool_given_up_events_total",
        "Events that were kept and cannot be brought to the queue, as far as they could be counted, by why: unreadable, \
         removed, or damaged"
    );
    describe_counter!(
        "curbe_spool_cut_bytes_total",
        "Bytes that were found in the spool and are no event: a torn tail, or a damaged disk"
    );
}

#[cfg(test)]
mod tests;
