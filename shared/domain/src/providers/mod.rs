//! The providers' formats: one folder has all of one provider (signature, events); `laml` has what some share.

use std::fmt;

use serde::{Deserialize, Serialize};

mod instant;
pub mod laml;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod properties_tests;
pub mod signalwire;
pub mod telnyx;
pub mod twilio;

/// A telephony provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Twilio.
    Twilio,
    /// Telnyx, Call Control and TeXML.
    Telnyx,
    /// SignalWire, compatibility API.
    SignalWire,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Twilio, Self::Telnyx, Self::SignalWire];

    /// The name in subjects, rows, JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Telnyx => "telnyx",
            Self::SignalWire => "signalwire",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of event a webhook is: the last part of its subject in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The leg is over, however it ended.
    Hangup,
    /// The leg was picked up.
    Answered,
    /// The leg came into being.
    Initiated,
    /// Something about its recording.
    Recording,
    /// What the provider charges for it.
    Cost,
    /// Signed, but of no kind that we know: kept, and looked at by a person.
    Unknown,
}

impl Kind {
    /// The name in subjects and headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hangup => "hangup",
            Self::Answered => "answered",
            Self::Initiated => "initiated",
            Self::Recording => "recording",
            Self::Cost => "cost",
            Self::Unknown => "unknown",
        }
    }
}

/// What ingest needs to know of a webhook before it goes into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classified {
    /// Goes into the queue under this kind.
    Queue(Summary),
    /// Costs nothing and says nothing that is needed: answered, counted, not kept.
    Ignore,
}

/// The few facts of an event that its queue headers carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its kind.
    pub kind: Kind,
    /// The provider's id of the leg; `None` where the body has none that could be read.
    pub leg: Option<String>,
    /// The provider's id of the account, project or connection.
    pub account: Option<String>,
}
