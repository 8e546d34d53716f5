//! What is told after a commit: frames for the browsers, and where the wallets stand now.

use std::sync::LazyLock;

use ::redis::{AsyncCommands, Script};
use curbe_domain::money::Money;
use uuid::Uuid;

use super::{
    ANNOUNCE_BUDGET, CreditCache, CreditError, INDEX, SWEEP_BUDGET, holds_key, wallet_key, within,
};

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

/// A hold that is over: what it was for is settled, or will never be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dropped {
    /// Whose.
    pub wallet_id: Uuid,
    /// Its name.
    pub hold: String,
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

impl CreditCache {
    /// Publishes the notices, then moves the wallets forward and drops what was held for what they have paid, in one round
    /// trip. In this order, so that a connection lost half way leaves the wallets behind, where the sweep finds them and
    /// tells of them again. A hold goes together with the wallet's move; one of a wallet that is not told of here stays,
    /// which counts its money twice for a while and never not at all.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen within 50 ms, or may not have happened.
    pub async fn announce(
        &self,
        wallets: &[WalletState],
        notices: &[Notice],
        dropped: &[Dropped],
    ) -> Result<(), CreditError> {
        let mut pipeline = ::redis::pipe();
        pipeline.load_script(&FORWARD_WALLET).ignore();
        for notice in notices {
            let channel = curbe_domain::frames::channel(notice.wallet_id);
            pipeline.publish(channel, &notice.message).ignore();
        }
        for wallet in wallets {
            let mut call = FORWARD_WALLET.key(wallet_key(wallet.wallet_id));
            call.key(holds_key(wallet.wallet_id))
                .key(INDEX)
                .arg(wallet.wallet_id.to_string())
                .arg(wallet.version)
                .arg(wallet.balance.units())
                .arg(wallet.seq)
                .arg(&wallet.status)
                .arg(wallet.minimum_threshold.units());
            for over in dropped.iter().filter(|over| over.wallet_id == wallet.wallet_id) {
                call.arg(&over.hold);
            }
            pipeline.invoke_script(&call).ignore();
        }
        let mut connection = self.connection()?;
        within(ANNOUNCE_BUDGET, pipeline.query_async::<()>(&mut connection.commands)).await
    }

    /// Whether every wallet was brought in since Redis was last empty.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn is_complete(&self) -> Result<bool, CreditError> {
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, connection.commands.exists(COMPLETE)).await
    }

    /// Notes that every wallet was brought in.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn mark_complete(&self) -> Result<(), CreditError> {
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, connection.commands.set::<_, _, ()>(COMPLETE, 1)).await
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
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, pipeline.query_async(&mut connection.commands)).await
    }
}
