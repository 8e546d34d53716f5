//! `authorizations`: money set aside, for calls and for everything else that costs. Decided once: from `authorized` to one
//! of the others.

mod decisions;
mod ends;
mod holds;
mod overdue;
mod purchases;
mod terms;

use curbe_domain::legs::LegKey;
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::wallets::money;

pub use decisions::{absorb, insert_calls, insert_emergency, take_over, withdraw};
pub use ends::{settle, settled, wallets_of_legs};
pub use holds::{open_among, open_of_wallet};
pub use overdue::{Expired, Overdue, expire, overdue};
pub use purchases::{AuthorizationRow, by_id, by_reference, close, insert};
pub use terms::{Terms, terms};

/// A rate, as it was written down with what was authorized on it.
struct RateColumns {
    id: Option<Uuid>,
    prefix: Option<String>,
    per_minute: Option<Decimal>,
    connection_fee: Option<Decimal>,
    initial_increment_seconds: Option<i32>,
    increment_seconds: Option<i32>,
}

impl RateColumns {
    /// `None`: it costs nothing.
    fn rate(self) -> Result<Option<Rate>, sqlx::Error> {
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

fn key(provider: &str, leg: String) -> LegKey {
    // The check constraint admits our own names alone.
    LegKey { provider: Provider::parse(provider).unwrap_or(Provider::Twilio), leg }
}

fn split(keys: &[LegKey]) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|key| (key.provider.as_str().to_owned(), key.leg.clone())).unzip()
}
