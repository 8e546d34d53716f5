//! What a webhook of Twilio's says.

use time::OffsetDateTime;

use crate::legs::event::ParsedEvent;
use crate::providers::Provider;
use crate::providers::laml::{self, Dialect};

pub use crate::providers::laml::classify;

const DIALECT: Dialect = Dialect { provider: Provider::Twilio, timed_by: &[] };

/// The facts that a webhook tells of its leg.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what Twilio documents, or its duration can be
/// read in two ways.
pub fn parse(content_type: Option<&str>, body: &[u8], received_at: OffsetDateTime) -> ParsedEvent {
    laml::parse(&DIALECT, content_type, body, received_at)
}

/// The leg of a request for instructions: everything that is known of it before it begins.
///
/// # Errors
/// [`EventError`](crate::legs::event::EventError) when the body is not what Twilio documents.
pub fn asked(content_type: Option<&str>, body: &[u8]) -> ParsedEvent {
    laml::asked(&DIALECT, content_type, body)
}
