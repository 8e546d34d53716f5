//! Plays the telephony providers: webhooks in their shapes, signed as they sign them, sent as they send them.
//!
//! Shares no code with what it tests, so that both check each other.

pub mod browser;
pub mod flow;
pub mod instructions;
mod maker;
pub mod placed;
pub mod provider_api;
pub mod send;
pub mod sign;
pub mod signalwire;
pub mod signers;
pub mod telnyx;
pub mod twilio;
