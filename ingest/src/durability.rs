//! Where a message is durable: on the queue, or on this machine's own disk until the queue takes it. Nobody is told yes
//! before one of them has said so.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use metrics::{counter, describe_gauge, gauge};
use tokio::time::timeout;

use crate::publisher::{NotQueued, Outgoing, Publisher};
use crate::rejection::Rejection;
use crate::spool::{Place, Spool, SpoolError};

/// What must have happened before a provider is told yes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// The queue has acknowledged it; the spool takes what the queue does not.
    #[default]
    Queue,
    /// It was written and synced here, whatever the queue says later.
    Disk,
}

impl Durability {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Disk => "disk",
        }
    }

    /// How long what went to the queue is kept here too: a server that syncs every two minutes may forget as much when
    /// its power fails (nats-server 2.9 stream.go, its default afterwards).
    pub(crate) fn keeps(self) -> Duration {
        match self {
            Self::Queue => Duration::ZERO,
            Self::Disk => Duration::from_mins(5),
        }
    }
}

/// Where a message is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// On the queue, at this place; or there before.
    Queued { sequence: u64, is_duplicate: bool },
    /// On this machine's disk, for as long as it takes until the queue has it.
    Spooled(Place),
}

/// Makes messages durable; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    publisher: Publisher,
    spool: Spool,
    durability: Durability,
    ack_timeout: Duration,
}

impl Keeper {
    pub(crate) fn new(
        publisher: Publisher,
        spool: Spool,
        durability: Durability,
        ack_timeout: Duration,
    ) -> Self {
        describe_gauge!("curbe_durability", "1 for what a 2xx waits for: queue or disk");
        gauge!("curbe_durability", "of" => durability.as_str()).set(1);
        let words = match durability {
            Durability::Queue => {
                "a 2xx waits for the queue: it survives the death of any process, and a loss of power where the queue \
                 syncs each write (sync_interval: always) or the spool answers"
            }
            Durability::Disk => {
                "a 2xx waits for a synced write here: it survives a loss of power too"
            }
        };
        tracing::info!(durability = durability.as_str(), "{words}");
        Self { publisher, spool, durability, ack_timeout }
    }

    /// For requests beside the stream.
    pub(crate) fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Makes a message durable; it is made anew for each place that is asked, which is one as a rule. After an error it may be so all the same, and a repeat of it does no harm.
    pub(crate) async fn keep(
        &self,
        message: impl Fn() -> Outgoing + Send + Sync,
        within: Duration,
    ) -> Result<Kept, Rejection> {
        let deadline = Instant::now() + within;
        let not_queued = match self.in_turn() {
            Ok(()) => {
                // The disk needs its part of the time.
                let patience = self.ack_timeout.min(within / 2);
                match self.publisher.publish(message(), patience).await {
                    Ok(ack) => {
                        return Ok(Kept::Queued {
                            sequence: ack.sequence,
                            is_duplicate: ack.duplicate,
                        });
                    }
                    Err(not_queued) => not_queued,
                }
            }
            Err(not_queued) => not_queued,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let spooled = message();
        let spooled = timeout(left, self.spool.append(&spooled)).await;
        match spooled.unwrap_or(Err(SpoolError::Busy)) {
            Ok(place) => {
                counter!("curbe_spooled_total", "reason" => not_queued.reason).increment(1);
                Ok(Kept::Spooled(place))
            }
            Err(error) => Err(Rejection::Unavailable {
                reason: error.reason(),
                detail: format!("{error}; {}", not_queued.detail),
            }),
        }
    }

    /// Whether the queue has what was kept: it has acknowledged it. Where all goes over the disk, that is waited for, no
    /// longer than [`Self::keep`] waits elsewhere.
    pub(crate) async fn is_queued(&self, kept: Kept, within: Duration) -> bool {
        match kept {
            Kept::Queued { .. } => true,
            Kept::Spooled(place) => {
                self.durability == Durability::Disk
                    && self.publisher.takes_events().is_ok()
                    && self.spool.has_gone(place, self.ack_timeout.min(within / 2)).await
            }
        }
    }

    /// Whether the queue is to be asked, and not the disk.
    fn in_turn(&self) -> Result<(), NotQueued> {
        if self.durability == Durability::Disk {
            return Err(NotQueued::new("durability", "the disk comes first"));
        }
        if self.spool.waiting() > 0 {
            return Err(NotQueued::new("behind_others", "others wait in the spool"));
        }
        self.publisher.takes_events()
    }
}
