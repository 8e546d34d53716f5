//! What is read from Postgres, within the rights of the role `curbe_notifier`. Nothing is ever written.
//!
//! Every question is one statement on the pool, never a transaction: a caller that goes away in the middle (the HTTP
//! server drops its handler) leaves at most a result unread, which the driver skips, and no `BEGIN` on a pooled
//! connection that the next user would not know of.

mod call_logs;
mod callers;
mod frames;
mod ledger;
mod log_row;
mod rates;
mod receipts;
mod recordings;
mod running_calls;
mod wallets;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use curbe_domain::money::{Money, ParseError};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) use call_logs::{FIRST_INSTANT, LAST_INSTANT, LogQuery, Position, Whose};
pub(crate) use callers::{Caller, Role};
pub(crate) use frames::{Addressed, Span};
pub(crate) use ledger::{LedgerQuery, LedgerRow};
pub(crate) use receipts::{Receipt, ReceiptRow};
pub(crate) use running_calls::RunningRow;
pub(crate) use wallets::Wallet;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Not even a bad plan may hold a connection for longer.
const STATEMENT_TIMEOUT: &str = "5s";
/// `query_canceled`: the statement timeout, or an operator.
const QUERY_CANCELED: &str = "57014";
/// Classes of errors by which Postgres says "not now": connections, resources, an operator's intervention.
const TRANSIENT_CLASSES: [&str; 3] = ["08", "53", "57"];

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Postgres did not answer, or said no.
    #[error("the query failed: {0}")]
    Query(#[from] sqlx::Error),
    /// A number that is no amount.
    #[error("an amount cannot be read: {0}")]
    Amount(#[from] ParseError),
    /// Rows are not there that must be.
    #[error("rows are missing between {after} and {upto}")]
    Incomplete {
        /// The number before the first one asked for.
        after: i64,
        /// The last one asked for.
        upto: i64,
    },
}

impl Error {
    /// Whether the same question may be answered later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Query(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                code == QUERY_CANCELED
                    || TRANSIENT_CLASSES.iter().any(|class| code.starts_with(class))
            }),
            Self::Query(error) => {
                matches!(
                    error,
                    sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut
                )
            }
            Self::Amount(_) | Self::Incomplete { .. } => false,
        }
    }
}

/// Reads from Postgres. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Store {
    pool: PgPool,
    background: Arc<Semaphore>,
}

impl Store {
    /// Connects when it is first asked.
    pub(crate) fn new(url: &SecretString, connections_max: u32) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url.expose_secret())?
            .application_name("curbe-notifier")
            .options([
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("default_transaction_read_only", "on"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        let background_max = usize::try_from(connections_max / 2).unwrap_or(1).max(1);
        Ok(Self { pool, background: Arc::new(Semaphore::new(background_max)) })
    }

    /// Leave to read for sockets. When thousands of them come back at once they queue here, in order, and leave half
    /// of the connections to the API; on the pool itself they would run into its timeout.
    pub(crate) async fn in_background(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.background.acquire().await.ok()
    }

    /// Whether Postgres answers.
    pub(crate) async fn is_up(&self) -> bool {
        sqlx::query_scalar!("select 1").fetch_one(&self.pool).await.is_ok()
    }
}

fn money(value: Decimal) -> Result<Money, Error> {
    Ok(Money::from_decimal(value)?)
}
