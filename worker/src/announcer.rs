//! Telling Redis of what was committed: at once after the commit, and again by a sweep where that was missed.

use std::collections::HashSet;
use std::time::Duration;

use curbe_platform::credit::{CreditCache, CreditError, WalletState};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::settlement::announce::{Announcement, progress};
use crate::store;

const SWEEP_INTERVAL: Duration = Duration::from_secs(3);
const LOOK_BACK: time::Duration = time::Duration::minutes(10);

/// Tells Redis. A failure is counted and left to the sweep: the money has moved, and the ack does not wait. Returns
/// whether Redis knows.
pub async fn announce(cache: &CreditCache, announcement: &Announcement) -> bool {
    if announcement.wallets.is_empty() && announcement.notices.is_empty() {
        return true;
    }
    let Announcement { wallets, notices, dropped } = announcement;
    match cache.announce(wallets, notices, dropped).await {
        Ok(()) => {
            let wallets: HashSet<Uuid> = wallets.iter().map(|wallet| wallet.wallet_id).collect();
            tracing::info!(
                wallets = wallets.len(),
                frames = announcement.notices.len(),
                "announced"
            );
            true
        }
        Err(error) => {
            metrics::counter!("curbe_announcements_missed_total").increment(1);
            tracing::warn!(%error, frames = announcement.notices.len(), "not announced");
            false
        }
    }
}

/// Compares, every 3 s, the wallets that moved lately with the cache; all of them after a new connection to Redis, or
/// when Redis was emptied.
pub async fn sweep(pool: PgPool, cache: CreditCache, shutdown: CancellationToken) {
    let mut seen = 0;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(SWEEP_INTERVAL) => {}
        }
        let generation = cache.generation();
        match sweep_once(&pool, &cache, generation == seen).await {
            Ok(behind) => {
                seen = generation;
                if behind > 0 {
                    metrics::counter!("curbe_wallets_swept_total").increment(behind as u64);
                    tracing::info!(wallets = behind, "cache was behind and is refreshed");
                }
            }
            Err(error) => tracing::warn!(%error, "no sweep of the cache"),
        }
    }
}

/// Refreshes what is behind, and tells the notifiers how far those wallets have come. Returns how many were.
async fn sweep_once(
    pool: &PgPool,
    cache: &CreditCache,
    is_same_connection: bool,
) -> anyhow::Result<usize> {
    let only_recent = is_same_connection && cache.is_complete().await?;
    let updated_since = only_recent.then(|| OffsetDateTime::now_utc() - LOOK_BACK);
    let states = store::wallets::states(pool, updated_since).await?;
    let ids: Vec<Uuid> = states.iter().map(|state| state.wallet_id).collect();
    let cached = cache.versions(&ids).await?;
    let behind: Vec<_> = states
        .into_iter()
        .zip(cached)
        .filter(|(state, cached)| cached.is_none_or(|version| version < state.version))
        .map(|(state, _)| state)
        .collect();
    refresh(cache, &behind).await?;
    if !only_recent {
        cache.mark_complete().await?;
    }
    Ok(behind.len())
}

/// Moves wallets forward in the cache, and tells the notifiers how far they have come.
///
/// # Errors
/// Redis did not answer: some of them may not have been told.
pub(crate) async fn refresh(
    cache: &CreditCache,
    wallets: &[WalletState],
) -> Result<(), CreditError> {
    for states in wallets.chunks(CHUNK) {
        let progress = |state: &WalletState| progress(state.wallet_id, state.seq);
        let notices: Vec<_> = states.iter().map(progress).collect();
        cache.announce(states, &notices, &[]).await?;
    }
    Ok(())
}

/// As many as fit well into the budget of one announcement.
const CHUNK: usize = 200;
