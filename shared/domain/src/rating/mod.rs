//! What a leg costs: a rate found by the longest prefix in the deck in force, and one rounding.

pub mod deck;
pub mod funding;
#[cfg(test)]
mod funding_tests;
pub mod price;

use crate::legs::Direction;
use crate::money::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One row of a deck: what a minute to a prefix costs the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// The row in `call_rates`.
    pub id: Uuid,
    /// Digits without `+`, for example `5255`.
    pub prefix: String,
    /// For this direction only; `None` for both.
    pub direction: Option<Direction>,
    /// Price of one minute.
    pub rate_per_minute: Money,
    /// Added once to every call that lasts.
    pub connection_fee: Money,
    /// The first step of the duration, in seconds, at least 1.
    pub initial_increment_seconds: u32,
    /// Every further step, in seconds, at least 1.
    pub increment_seconds: u32,
}
