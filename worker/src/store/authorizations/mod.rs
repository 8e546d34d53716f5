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

pub use decisions::{absorb, insert_calls, insert_emergency, take_over, withdraw};
pub use ends::{settle, settled, wallets_of_legs};
pub use holds::{open_among, open_of_wallet};
pub use overdue::{Expired, Overdue, expire, overdue};
pub use purchases::{AuthorizationRow, by_id, by_reference, close, insert};
pub use terms::{Terms, terms};

fn key(provider: &str, leg: String) -> LegKey {
    // The check constraint admits our own names alone.
    LegKey { provider: Provider::parse(provider).unwrap_or(Provider::Twilio), leg }
}
