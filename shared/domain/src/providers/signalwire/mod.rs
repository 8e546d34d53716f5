//! SignalWire's compatibility API: how its webhooks are signed and what they say. Forms, and JSON bodies with the same
//! names; the documents say JSON, the guides say forms, so both are taken.

pub mod events;
mod markup;
pub mod signature;

#[cfg(test)]
mod events_tests;
#[cfg(test)]
mod signature_tests;

pub use events::{asked, classify, parse};
pub use markup::instructions;
pub use signature::{Refusal, SignedRequest, verify};
