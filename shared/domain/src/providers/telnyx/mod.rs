//! Telnyx: how its webhooks are signed and what they say.

mod call_control;
mod claim;
pub mod events;
mod markup;
pub mod signature;
mod texml;

#[cfg(test)]
mod events_tests;
#[cfg(test)]
mod signature_tests;

pub use claim::claimed_connection;
pub use events::{asked, classify, parse};
pub use markup::instructions;
pub use signature::{KeyError, PublicKey, Refusal, SignedEvent, verify};
