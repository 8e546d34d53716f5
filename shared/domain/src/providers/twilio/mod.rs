//! Twilio: how its webhooks are signed and what they say. Form bodies, and JSON bodies with the same names.

pub mod events;
mod fields;
pub mod form;
mod seconds;
pub mod signature;
pub mod urls;

#[cfg(test)]
mod events_tests;
#[cfg(test)]
mod signature_tests;

pub use events::{classify, parse};
pub use signature::{Refusal, SignedRequest, verify};
