//! One event as a provider's parser gives it: facts of a leg, or the reason why there are none.

use super::LegFacts;

/// Why an event that was signed and queued cannot be used: the reason of its dead letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The body is not what the provider documents.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// The seconds are missing where they must be there, or there where they must not.
    #[error("the duration is ambiguous: {0}")]
    DurationAmbiguous(String),
}

/// What an event says: the facts of its leg.
pub type ParsedEvent = Result<LegFacts, EventError>;
