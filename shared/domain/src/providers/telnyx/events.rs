//! What a webhook of Telnyx's says: Call Control speaks JSON, TeXML forms with Twilio's names.

use time::OffsetDateTime;

use super::{call_control, texml};
use crate::legs::event::ParsedEvent;
use crate::providers::laml::fields::MediaType;
use crate::providers::{Classified, Kind, Summary};

/// Sorts a signed webhook into the queue. What cannot be read is queued as unknown: it was signed, so it is kept.
#[must_use]
pub fn classify(content_type: Option<&str>, body: &[u8]) -> Classified {
    match MediaType::of(content_type) {
        MediaType::Json => call_control::classify(body),
        MediaType::Form => texml::classify(content_type, body),
        MediaType::Other => unknown(),
    }
}

/// The facts that a webhook tells of its leg.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what Telnyx documents, or its duration can be
/// read in two ways.
pub fn parse(content_type: Option<&str>, body: &[u8], received_at: OffsetDateTime) -> ParsedEvent {
    match MediaType::of(content_type) {
        MediaType::Json => call_control::parse(body, received_at),
        MediaType::Form | MediaType::Other => texml::parse(content_type, body, received_at),
    }
}

/// The leg of a request for instructions: TeXML's, or Call Control's `call.initiated`.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what Telnyx documents.
pub fn asked(content_type: Option<&str>, body: &[u8]) -> ParsedEvent {
    match MediaType::of(content_type) {
        MediaType::Json => call_control::asked(body),
        MediaType::Form | MediaType::Other => texml::asked(content_type, body),
    }
}

/// Kept for a person to look at.
pub(super) fn unknown() -> Classified {
    Classified::Queue(Summary { kind: Kind::Unknown, leg: None, account: None })
}
