//! Rates as they stand in rows beside what was priced by them: a copy, which no later price list changes.

use curbe_domain::rating::Rate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::wallets::money;

/// A rate, as it was written down with what it priced.
pub(super) struct RateColumns {
    pub(super) id: Option<Uuid>,
    pub(super) prefix: Option<String>,
    pub(super) per_minute: Option<Decimal>,
    pub(super) connection_fee: Option<Decimal>,
    pub(super) initial_increment_seconds: Option<i32>,
    pub(super) increment_seconds: Option<i32>,
}

impl RateColumns {
    /// `None`: it costs nothing.
    pub(super) fn rate(self) -> Result<Option<Rate>, sqlx::Error> {
        let increment = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
        let (Some(id), Some(per_minute), Some(connection_fee)) =
            (self.id, self.per_minute, self.connection_fee)
        else {
            return Ok(None);
        };
        Ok(Some(Rate {
            id,
            prefix: self.prefix.unwrap_or_default(),
            direction: None,
            rate_per_minute: money(per_minute)?,
            connection_fee: money(connection_fee)?,
            initial_increment_seconds: increment(self.initial_increment_seconds).unwrap_or(60),
            increment_seconds: increment(self.increment_seconds).unwrap_or(60),
        }))
    }
}
