//! Bringing a wallet in: balance, version and everything that is set aside, in one snapshot that begins once all decisions
//! are known that were durable when the epoch had begun. Under that epoch nothing else is believed of the wallet, so what
//! becomes durable later is looked at once more by whoever decided it; what did before, nobody looks at again.

use std::time::Duration;

use anyhow::{Context as _, bail};
use curbe_platform::credit::{Hold, Loaded, WalletState};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::Keeper;
use crate::store::{authorizations, transaction, wallets};

/// So often a wallet may move while it is read.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);
/// Whoever waits for a wallet has given up by then, and others wait for their turn.
const DECISIONS_PATIENCE: Duration = Duration::from_secs(5);

impl Keeper {
    /// Makes a wallet believed.
    ///
    /// # Errors
    /// There is none, or Postgres, Redis or the queue did not answer.
    pub(crate) async fn load(&self, wallet_id: Uuid) -> anyhow::Result<()> {
        for attempt in 0..TRIES {
            let epoch = self.cache.epoch().await?;
            // Read after the epoch: calls were let begin under the one before until it ended.
            let last = self.decisions.last_sequence().await?;
            let known = timeout(DECISIONS_PATIENCE, self.decisions.wait(last)).await;
            known.context("the decisions before it are not known in time")?;
            let (state, holds) = self.snapshot(wallet_id).await?;
            let now = OffsetDateTime::now_utc();
            match self.cache.load(&epoch, &state, &holds, now).await? {
                Loaded::Loaded => {
                    tracing::info!(wallet = %wallet_id, version = state.version, holds = holds.len(), "loaded");
                    return Ok(());
                }
                Loaded::OtherEpoch => {}
                // It has been told of a commit that the snapshot did not see; unless the database was restored.
                Loaded::Newer if attempt + 1 == TRIES => {
                    tracing::error!(wallet = %wallet_id, "the cache is ahead of the database: it is forgotten");
                    self.cache.forget(wallet_id).await?;
                }
                Loaded::Newer => {}
            }
            sleep(PAUSE).await;
        }
        bail!("wallet {wallet_id} moves too fast to be loaded")
    }

    async fn snapshot(&self, wallet_id: Uuid) -> anyhow::Result<(WalletState, Vec<Hold>)> {
        let read = transaction::run(&self.pool, move |tx| {
            Box::pin(async move {
                transaction::in_one_snapshot(tx).await?;
                let Some(state) = wallets::state(tx, wallet_id).await? else { return Ok(None) };
                Ok(Some((state, authorizations::open_of_wallet(tx, wallet_id).await?)))
            })
        });
        read.await?.with_context(|| format!("there is no wallet {wallet_id}"))
    }
}
