//! Dead letters: events that can never be used as they are, kept with everything needed to send them through again; and
//! what operators do about them.

pub mod accept;
pub mod detail;
pub mod discard;
pub mod payload;
pub mod preview;
pub mod replay;
pub mod report;
pub mod republish;
pub mod run;
pub mod watch;

use bytes::Bytes;
use curbe_domain::legs::LegKey;
use serde_json::Value;
use time::OffsetDateTime;

use crate::store::dead_letters::Letter;

/// Why an event was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The bytes are not what the provider documents.
    Unreadable,
    /// Nobody is known whose call it could be.
    UnknownOwner,
    /// Account and customer's side belong to different organizations.
    OwnerConflict,
    /// The organization has no wallet yet.
    NoWallet,
    /// No deck has a price for it. No price is never price zero.
    NoRate,
    /// The seconds are missing, or there where they must not be.
    DurationAmbiguous,
    /// The same leg was told differently before.
    Conflict,
    /// The leg that caused it never ended.
    ParentMissing,
    /// Price or balance does not fit the column.
    AmountOverflow,
    /// The database refuses this event, alone.
    DatabaseRefused,
    /// The worker died of it, again and again.
    CrashesWorker,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unreadable,
        Self::UnknownOwner,
        Self::OwnerConflict,
        Self::NoWallet,
        Self::NoRate,
        Self::DurationAmbiguous,
        Self::Conflict,
        Self::ParentMissing,
        Self::AmountOverflow,
        Self::DatabaseRefused,
        Self::CrashesWorker,
    ];

    /// The name in rows, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownOwner => "unknown_owner",
            Self::OwnerConflict => "owner_conflict",
            Self::NoWallet => "no_wallet",
            Self::NoRate => "no_rate",
            Self::DurationAmbiguous => "duration_ambiguous",
            Self::Conflict => "conflict",
            Self::ParentMissing => "parent_missing",
            Self::AmountOverflow => "amount_overflow",
            Self::DatabaseRefused => "database_refused",
            Self::CrashesWorker => "crashes_worker",
        }
    }
}

/// A reason with its words, before it is known which bytes it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// In words, for a person.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its words.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// A dead letter as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The subject that it came on.
    pub subject: String,
    /// The provider's bytes.
    pub payload: Bytes,
    /// The message's headers.
    pub headers: Value,
    /// The provider's name, as far as known.
    pub provider: String,
    /// The leg, as far as known.
    pub leg: Option<String>,
    /// The reason.
    pub reason: Reason,
    /// In words.
    pub detail: String,
    /// How often it was delivered.
    pub attempts: i64,
    /// When ingest had read it.
    pub received_at: OffsetDateTime,
}

/// The leg of a letter, where both parts of its key are known.
fn leg_of(letter: &Letter) -> Option<LegKey> {
    let provider = curbe_domain::providers::Provider::parse(&letter.row.provider)?;
    Some(LegKey { provider, leg: letter.row.leg.clone()? })
}

/// Legs whose parents nobody waits for any more, once these letters are sent through again.
fn left_alone(letters: &[Letter]) -> Vec<LegKey> {
    let waited = |letter: &&Letter| letter.row.reason == Reason::ParentMissing.as_str();
    letters.iter().filter(waited).filter_map(leg_of).collect()
}
