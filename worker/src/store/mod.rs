//! Postgres, one file a table. Only SQL and the shapes of rows; what is decided about them stands elsewhere.

use std::time::Duration;

use curbe_domain::legs::LegKey;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

pub mod audit;
pub mod authorizations;
pub mod call_leg_names;
pub mod call_legs;
pub mod call_logs;
pub mod corrections;
pub mod dead_letters;
pub mod directory;
pub mod directory_changes;
pub mod idempotency_keys;
pub mod identities;
pub mod operator_runs;
pub mod organizations;
pub mod phone_numbers;
pub mod provider_accounts;
mod rate_columns;
pub mod rate_decks;
pub mod rates;
pub mod recordings;
pub mod transaction;
pub mod users;
pub mod wallet_transactions;
pub mod wallets;

/// A connection inside an open transaction, see [`transaction::run`].
pub type Tx = PgConnection;

/// The longest that one statement may run.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that a whole transaction may take, as seen from here. Between the statement's timeout and the queue's
/// `ack_wait`, so that a message is never redelivered while its transaction could still commit.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
const _: () = assert!(
    STATEMENT_TIMEOUT.as_millis() < TRANSACTION_TIMEOUT.as_millis()
        && TRANSACTION_TIMEOUT.as_millis() < curbe_platform::queue::topology::ACK_WAIT.as_millis()
);

/// A pool with the server-side timeouts in their order: lock < statement, idle < transaction.
///
/// # Errors
/// When the URL is no Postgres URL.
pub fn pool(url: &str, connections_max: u32, name: &str) -> Result<PgPool, sqlx::Error> {
    let statement_timeout = format!("{}ms", STATEMENT_TIMEOUT.as_millis());
    let limits = [
        ("lock_timeout", "2s"),
        ("statement_timeout", statement_timeout.as_str()),
        ("idle_in_transaction_session_timeout", "5s"),
    ];
    pool_with(url, connections_max, name, limits)
}

/// A pool for work that may take minutes: migrations, imports, audits. It waits for locks as long as it takes.
///
/// # Errors
/// When the URL is no Postgres URL.
pub fn patient_pool(url: &str, name: &str) -> Result<PgPool, sqlx::Error> {
    let limits = [
        ("lock_timeout", "0"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "5min"),
    ];
    pool_with(url, 2, name, limits)
}

fn pool_with(
    url: &str,
    connections_max: u32,
    name: &str,
    limits: [(&str, &str); 3],
) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name(name).options(limits).options([
        // The peer may vanish without a word.
        ("tcp_user_timeout", "10s"),
        ("client_connection_check_interval", "5s"),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(2))
        .connect_lazy_with(options))
}

/// Keys as two columns for `unnest`: providers and legs.
fn columns(keys: &[LegKey]) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|key| (key.provider.as_str().to_owned(), key.leg.clone())).unzip()
}
