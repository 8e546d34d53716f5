//! Credit on Redis: cached wallets, what is set aside of them, and what a call that begins must know of its customer.
//!
//! Redis is never believed about money that it was not told of. A wallet's hash only ever moves forward, by the version
//! that Postgres gave it, and counts only under the current epoch: a server that is empty, replaced or promoted begins a
//! new one, and everything is brought in again. Each script is one step that nothing interrupts.

mod announce;
mod directory;
mod epoch;
mod holds;
mod look_up;

use std::time::Duration;

use curbe_domain::json::misread;
use tokio::time::timeout;
use uuid::Uuid;

use crate::redis::{Connection, Link};

pub use announce::{Dropped, Notice, WalletState};
pub use directory::{
    AccountEntry, DeckEntry, Field, IdentityEntry, NumberEntry, OrganizationEntry, UserNumber,
};
pub use epoch::{Epoch, Hold, Loaded, Standing};
pub use holds::{Ask, Confirmed, Kind, Placed, Refused, Taken, Wanted};
pub use look_up::Question;

/// The longest that a commit's announcement may take. It never delays an ack; the sweep repeats what was missed.
const ANNOUNCE_BUDGET: Duration = Duration::from_millis(50);
/// Whoever waits for a decision has little time, and Redis answers in microseconds.
const DECISION_BUDGET: Duration = Duration::from_millis(250);
/// A sweep has no caller waiting for it.
const SWEEP_BUDGET: Duration = Duration::from_secs(1);

const EPOCH: &str = "epoch";
/// Every hold there is, by the time at which it was last looked at.
const INDEX: &str = "holds:index";

/// Redis did not do it in time, or there is no connection. Nothing is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// There is no connection at the moment.
    #[error("no connection to Redis")]
    Away,
    /// No answer within the budget: it may still happen.
    #[error("Redis did not answer in time")]
    Slow,
    /// Redis said no.
    #[error("Redis refused")]
    Refused(#[from] ::redis::RedisError),
    /// Something in the cache is not what we write there.
    #[error("the cache holds something unreadable: {0}")]
    Unreadable(String),
}

impl From<serde_json::Error> for CreditError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(misread(&error))
    }
}

/// The cache.
#[derive(Clone)]
pub struct CreditCache {
    link: Link,
}

impl CreditCache {
    /// Over this connection.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self { link }
    }

    /// Counts the connections made: when it changes, what was announced before may not have arrived.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.link.generation()
    }

    fn connection(&self) -> Result<Connection, CreditError> {
        self.link.connection_to().ok_or(CreditError::Away)
    }
}

async fn within<T>(
    budget: Duration,
    answered: impl Future<Output = ::redis::RedisResult<T>>,
) -> Result<T, CreditError> {
    Ok(timeout(budget, answered).await.map_err(|_| CreditError::Slow)??)
}

/// How an epoch of this server begins: its id, so that no other server's epoch is taken for its own.
fn epoch_prefix(connection: &Connection) -> String {
    format!("{}:", connection.server)
}

fn wallet_key(wallet_id: Uuid) -> String {
    format!("wallet:{wallet_id}")
}

fn holds_key(wallet_id: Uuid) -> String {
    format!("holds:{wallet_id}")
}
