//! What Curbe decides, as pure functions: money, numbers, legs, rating, frames and the providers' formats.
//!
//! Nothing here does I/O or reads a clock: time, ids and bytes come in as arguments.

pub mod authorization;
pub mod frames;
pub mod json;
pub mod legs;
pub mod money;
pub mod ownership;
pub mod phone;
pub mod preflight;
pub mod providers;
pub mod rating;
#[cfg(feature = "schema")]
pub mod schema;
