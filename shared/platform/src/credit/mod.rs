//! The cached wallets on Redis: what pre-flight looks at, and the way by which browsers hear of a commit.
//!
//! Redis is never believed about money: a hash only ever moves forward, by the version that Postgres gave it.

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::{AsyncCommands, Script};
use curbe_domain::money::Money;
use tokio::time::timeout;
use uuid::Uuid;

use crate::redis::Link;

/// The longest that a commit's announcement may take. It never delays an ack; the sweep repeats what was missed.
const BUDGET: Duration = Duration::from_millis(50);
/// The sweep has no caller waiting for it.
const SWEEP_BUDGET: Duration = Duration::from_secs(1);

/// There once every wallet was brought in; gone with everything else when Redis comes back empty.
const COMPLETE: &str = "wallets:complete";

static FORWARD_WALLET: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("forward_wallet.lua")));

/// A wallet as Postgres has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletState {
    /// Which.
    pub wallet_id: Uuid,
    /// Counts every update; the newest wins.
    pub version: i64,
    /// What the ledger adds up to.
    pub balance: Money,
    /// The highest number that a frame of it has.
    pub seq: i64,
    /// `active` or `suspended`.
    pub status: String,
    /// Below this balance no call starts.
    pub minimum_threshold: Money,
}

/// A message for a wallet's channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The wallet.
    pub wallet_id: Uuid,
    /// Its number, by which notices are put in order.
    pub seq: i64,
    /// JSON, see `curbe_domain::frames::Published`.
    pub message: String,
}

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
}

/// The cached wallets.
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

    /// Publishes the notices, then moves the wallets forward, in one round trip. In this order, so that a connection lost
    /// half way leaves the wallets behind, where the sweep finds them and tells of them again.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen within 50 ms, or may not have happened.
    pub async fn announce(
        &self,
        wallets: &[WalletState],
        notices: &[Notice],
    ) -> Result<(), CreditError> {
        let mut pipeline = ::redis::pipe();
        pipeline.load_script(&FORWARD_WALLET).ignore();
        for notice in notices {
            let channel = curbe_domain::frames::channel(notice.wallet_id);
            pipeline.publish(channel, &notice.message).ignore();
        }
        for wallet in wallets {
            let mut call = FORWARD_WALLET.key(wallet_key(wallet.wallet_id));
            call.arg(wallet.version)
                .arg(wallet.balance.units())
                .arg(wallet.seq)
                .arg(&wallet.status)
                .arg(wallet.minimum_threshold.units());
            pipeline.invoke_script(&call).ignore();
        }
        let mut connection = self.link.connection().ok_or(CreditError::Away)?;
        let done = pipeline.query_async::<()>(&mut connection);
        timeout(BUDGET, done).await.map_err(|_| CreditError::Slow)??;
        Ok(())
    }

    /// Whether every wallet was brought in since Redis was last empty.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn is_complete(&self) -> Result<bool, CreditError> {
        let mut connection = self.link.connection().ok_or(CreditError::Away)?;
        let answered = connection.exists(COMPLETE);
        Ok(timeout(SWEEP_BUDGET, answered).await.map_err(|_| CreditError::Slow)??)
    }

    /// Notes that every wallet was brought in.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn mark_complete(&self) -> Result<(), CreditError> {
        let mut connection = self.link.connection().ok_or(CreditError::Away)?;
        let answered = connection.set::<_, _, ()>(COMPLETE, 1);
        Ok(timeout(SWEEP_BUDGET, answered).await.map_err(|_| CreditError::Slow)??)
    }

    /// The cached versions, in the order asked for; `None` where there is no hash.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn versions(&self, wallets: &[Uuid]) -> Result<Vec<Option<i64>>, CreditError> {
        let mut pipeline = ::redis::pipe();
        for wallet in wallets {
            pipeline.hget(wallet_key(*wallet), "version");
        }
        let mut connection = self.link.connection().ok_or(CreditError::Away)?;
        let answered = pipeline.query_async(&mut connection);
        Ok(timeout(SWEEP_BUDGET, answered).await.map_err(|_| CreditError::Slow)??)
    }
}

fn wallet_key(wallet_id: Uuid) -> String {
    format!("wallet:{wallet_id}")
}
