//! Twilio: how its webhooks are signed and what they say. Form bodies, and JSON bodies with the same names.

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
