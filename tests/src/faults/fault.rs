//! What can break.

use std::fmt;
use std::time::Duration;

use super::kill_points;
use super::links::Link;
use super::proxy::Mode;
use crate::stack::services::Kind;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// NATS.
    Queue,
    /// Redis.
    Cache,
    /// Postgres, ended by an immediate stop.
    Database,
}

/// Something that breaks, and is put right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, and started again.
    Killed(Kind),
    /// SIGSTOP, and SIGCONT.
    Frozen(Kind),
    /// SIGTERM, the end that follows, and started again.
    Ended(Kind),
    /// A server is gone, and comes back.
    Away(Part),
    /// A server says nothing for a while.
    Quiet(Part),
    /// A link.
    Broken(Link, Mode),
    /// Between the providers and `ingest`.
    Unreachable(Mode),
    /// The server commits, and nobody hears of it.
    CommitReplyLost,
    /// The same, and the worker is killed then.
    KilledInCommit,
    /// Frames are published, the cache is not moved forward, and the worker is killed.
    KilledInAnnouncement,
    /// A worker is killed at a point.
    KilledAt(&'static str),
    /// `FLUSHALL`
    CacheEmptied,
    /// Somebody deletes it, and runs `curbe migrate`.
    ConsumerDeleted,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(kind) => write!(f, "{} killed", kind.program()),
            Self::Frozen(kind) => write!(f, "{} frozen", kind.program()),
            Self::Ended(kind) => write!(f, "{} told to end", kind.program()),
            Self::Away(part) => write!(f, "{part:?} killed"),
            Self::Quiet(part) => write!(f, "{part:?} frozen"),
            Self::Broken(link, mode) => write!(f, "{link:?} {mode:?}"),
            Self::Unreachable(mode) => write!(f, "providers to ingest {mode:?}"),
            Self::CommitReplyLost => write!(f, "reply to COMMIT lost"),
            Self::KilledInCommit => write!(f, "worker killed during COMMIT"),
            Self::KilledInAnnouncement => write!(f, "worker killed between publish and cache"),
            Self::KilledAt(point) => write!(f, "worker killed at `{point}`"),
            Self::CacheEmptied => write!(f, "FLUSHALL"),
            Self::ConsumerDeleted => write!(f, "consumer deleted, curbe migrate"),
        }
    }
}

const KINDS: [Kind; 3] = [Kind::Ingest, Kind::Worker, Kind::Notifier];
const PARTS: [Part; 3] = [Part::Queue, Part::Cache, Part::Database];
const MODES: [Mode; 6] = [
    Mode::Cut,
    Mode::Silent,
    Mode::SilentToServer,
    Mode::SilentToClient,
    Mode::LostReplies,
    Mode::Delay(Duration::from_millis(100)),
];

impl Fault {
    /// Everything that can break.
    #[must_use]
    pub fn catalogue() -> Vec<Self> {
        let mut faults = vec![Self::CommitReplyLost, Self::CacheEmptied, Self::ConsumerDeleted];
        faults.extend(
            KINDS.iter().flat_map(|k| [Self::Killed, Self::Frozen, Self::Ended].map(|f| f(*k))),
        );
        faults.extend(PARTS.iter().flat_map(|part| [Self::Away(*part), Self::Quiet(*part)]));
        faults
            .extend(Link::ALL.iter().flat_map(|link| MODES.map(|mode| Self::Broken(*link, mode))));
        faults.extend(MODES.map(Self::Unreachable));
        faults.extend(Self::kills());
        faults
    }

    /// The rows of the matrix that it belongs to.
    #[must_use]
    pub fn rows(self) -> &'static [u8] {
        match self {
            Self::Killed(Kind::Ingest) => &[1, 2],
            Self::Killed(Kind::Notifier) | Self::Frozen(Kind::Notifier) => &[39],
            Self::Killed(Kind::Worker)
            | Self::Frozen(Kind::Worker)
            | Self::KilledInCommit
            | Self::KilledInAnnouncement
            | Self::KilledAt(_) => &[4],
            Self::Ended(_) => &[36],
            Self::Away(Part::Queue) => &[10, 12],
            Self::Quiet(Part::Queue) => &[11],
            Self::Away(Part::Cache) | Self::Quiet(Part::Cache) | Self::CacheEmptied => &[23],
            Self::Away(Part::Database) => &[16],
            Self::Quiet(Part::Database) | Self::Broken(Link::WorkerDatabase, Mode::Delay(_)) => {
                &[18]
            }
            Self::Broken(Link::IngestQueue, Mode::LostReplies) => &[3, 26],
            Self::Broken(Link::NotifierCache, Mode::LostReplies) => &[26, 39],
            Self::Frozen(Kind::Ingest) | Self::Broken(..) | Self::Unreachable(_) => &[26],
            Self::CommitReplyLost => &[5],
            Self::ConsumerDeleted => &[14],
        }
    }

    /// Whether it is `ingest` itself that breaks: whatever else does, no webhook of an event is turned away.
    #[must_use]
    pub fn is_of_ingest(self) -> bool {
        matches!(
            self,
            Self::Killed(Kind::Ingest) | Self::Frozen(Kind::Ingest) | Self::Ended(Kind::Ingest)
        )
    }

    /// A worker's death at each point of a message's way, in their order.
    #[must_use]
    pub fn kills() -> Vec<Self> {
        let mut kills = kill_points::WORKER.map(Self::KilledAt).to_vec();
        kills.insert(3, Self::KilledInCommit);
        kills.insert(5, Self::KilledInAnnouncement);
        kills
    }
}
