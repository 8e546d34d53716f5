//! What a webhook of SignalWire's says.

use time::OffsetDateTime;

use crate::legs::event::ParsedEvent;
use crate::providers::Provider;
use crate::providers::laml::{self, Dialect};

pub use crate::providers::laml::classify;

/// A number's own status callback has neither of these fields, and its `Timestamp` is when the call was created.
const DIALECT: Dialect =
    Dialect { provider: Provider::SignalWire, timed_by: &["SequenceNumber", "CallbackSource"] };

/// The facts that a webhook tells of its leg.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what SignalWire documents, or its duration can
/// be read in two ways.
pub fn parse(content_type: Option<&str>, body: &[u8], received_at: OffsetDateTime) -> ParsedEvent {
    laml::parse(&DIALECT, content_type, body, received_at)
}

/// The leg of a request for instructions: everything that is known of it before it begins.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what SignalWire documents.
pub fn asked(content_type: Option<&str>, body: &[u8]) -> ParsedEvent {
    laml::asked(&DIALECT, content_type, body)
}
