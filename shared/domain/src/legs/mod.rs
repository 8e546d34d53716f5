//! A leg, one side of a call with its own provider id: what is known of it, and how news of it is merged.

use time::OffsetDateTime;

use crate::money::Money;
use crate::providers::Provider;

pub mod duration;
pub mod event;
pub mod merge;

/// What identifies a leg everywhere: **the** charge key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegKey {
    /// Who carries it.
    pub provider: Provider,
    /// The provider's id of it: `CallSid`, `call_leg_id`.
    pub leg: String,
}

/// The side from which the customer sees the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the customer.
    Inbound,
    /// From the customer.
    Outbound,
}

/// How a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was answered and is over.
    Completed,
    /// The other side was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It could not be set up.
    Failed,
    /// The caller gave up before an answer.
    Canceled,
}

/// The state of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingStatus {
    /// Being made.
    Processing,
    /// There, at its URL.
    Completed,
    /// There will be none.
    Failed,
    /// Not recorded.
    None,
}

/// Everything merged so far about one leg from the provider's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegFacts {
    /// Which leg.
    pub key: LegKey,
    /// Other names by which an event calls the leg (`call_control_id` beside `call_leg_id`).
    pub other_names: Vec<String>,
    /// The leg that caused this one (`ParentCallSid`).
    pub parent: Option<String>,
    /// What the legs of one call have in common (`call_session_id`).
    pub session: Option<String>,
    /// The provider's account, project or connection.
    pub account: Option<String>,
    /// `From`, as the provider wrote it.
    pub from: Option<String>,
    /// `To`, as the provider wrote it.
    pub to: Option<String>,
    /// The provider's word on the direction.
    pub direction: Option<Direction>,
    /// When it came into being, not when it was answered.
    pub initiated_at: Option<OffsetDateTime>,
    /// When it was answered, where the provider tells that apart from the end.
    pub answered_at: Option<OffsetDateTime>,
    /// How it ended; `None` while it runs or only its children are known.
    pub hangup: Option<Hangup>,
    /// What the provider charges for it.
    pub billed: Option<Billed>,
    /// What is known of its recording.
    pub recording: Option<Recording>,
}

/// The end of a leg, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hangup {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it lasted, as far as that was told.
    pub talk: Talk,
    /// When it ended, by the provider's clock, else when we heard of it.
    pub ended_at: OffsetDateTime,
}

/// What the news of a leg's end says of its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Seconds from answer to end; 0 when it was not answered.
    Stated(u32),
    /// Nothing: it follows from when the leg was answered.
    Unstated {
        /// The cause of the end is one of an answered leg, as far as a cause can say.
        was_answered: bool,
    },
}

/// What the provider charges for a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    /// What it charges the owner. Never shown to a customer.
    pub cost: Option<Money>,
    /// The seconds that it charges for.
    pub seconds: Option<u32>,
}

/// A recording of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its state.
    pub status: RecordingStatus,
    /// Where it is, once completed.
    pub url: Option<String>,
    /// The provider's id of it: links die, ids do not.
    pub id: Option<String>,
}

impl LegFacts {
    /// Only the name of a leg: what a child's event tells of its parent.
    #[must_use]
    pub fn named(key: LegKey) -> Self {
        Self {
            key,
            other_names: Vec::new(),
            parent: None,
            session: None,
            account: None,
            from: None,
            to: None,
            direction: None,
            initiated_at: None,
            answered_at: None,
            hangup: None,
            billed: None,
            recording: None,
        }
    }
}

macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in rows and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names!(Direction { Inbound => "inbound", Outbound => "outbound" });
names!(Outcome {
    Completed => "completed",
    Busy => "busy",
    NoAnswer => "no_answer",
    Failed => "failed",
    Canceled => "canceled",
});
names!(RecordingStatus {
    Processing => "processing",
    Completed => "completed",
    Failed => "failed",
    None => "none",
});
