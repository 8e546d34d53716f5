//! The webhooks of Twilio and of those that imitate it: the same names in forms or flat JSON objects, forms signed with
//! their parameters. What follows a provider, and not the family, stands in the provider's own folder.

pub(super) mod claim;
pub(super) mod events;
pub(super) mod fields;
pub mod form;
pub(super) mod markup;
pub(super) mod seconds;
pub(super) mod signature;
pub mod urls;

pub use claim::claimed_account;
pub use events::classify;
pub(super) use events::{asked, parse, web_address};
pub use signature::{Refusal, SignedRequest, refuse_slowly};

use super::Provider;

/// In what the events of a provider differ from those of the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Whose they are.
    pub(super) provider: Provider,
    /// Only beside one of these fields is `Timestamp` the time of the event; with none listed, it always is.
    pub(super) timed_by: &'static [&'static str],
}
