//! Holds that nobody comes back for: calls whose end was never told, purchases that were never made, and names in the
//! cache that nothing stands behind. Until it is certain, an overdue hold goes on counting.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use curbe_platform::credit::Dropped;
use metrics::counter;
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::Keeper;
use crate::announcer;
use crate::ledger::Account;
use crate::settlement::announce::{self, Announcement};
use crate::store::authorizations::{self, Overdue};
use crate::store::{Tx, idempotency_keys, transaction, wallets};

const INTERVAL: Duration = Duration::from_secs(5);
/// Where there is always something to do, no consumer has ever passed the newest message: it is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Some at a time: their wallets are locked.
const AT_ONCE: i64 = 200;
/// Longer than a decision takes from the hold to the queue, and a purchase from the hold to the database.
const UNSEEN: time::Duration = time::Duration::minutes(2);
const LOOKED_AT: isize = 1_000;
/// How long answers are given again: longer than any backend tries.
const ANSWERS_KEPT: time::Duration = time::Duration::days(7);

/// Looks for ever.
pub(super) async fn look_after(keeper: &Keeper) {
    loop {
        sleep(INTERVAL).await;
        let looked = async {
            give_up_overdue(keeper).await?;
            drop_orphans(keeper).await?;
            forget_answers(keeper).await
        };
        if let Err(error) = looked.await {
            tracing::warn!(error = %format!("{error:#}"), "holds are not looked after");
        }
    }
}

/// Gives back what was set aside for calls whose time is over, once every event is settled that the queue held by then.
async fn give_up_overdue(keeper: &Keeper) -> anyhow::Result<()> {
    let now = OffsetDateTime::now_utc();
    let last = keeper.events.last_sequence().await?;
    let passed = async {
        keeper.decisions.wait(last).await;
        keeper.events.wait(last).await;
    };
    if timeout(PATIENCE, passed).await.is_err() {
        return Ok(());
    }
    let overdue = transaction::run(&keeper.pool, move |tx| {
        Box::pin(async move { authorizations::overdue(tx, now, AT_ONCE).await })
    });
    let overdue = overdue.await?;
    if overdue.is_empty() {
        return Ok(());
    }
    let announcement = transaction::run(&keeper.pool, move |tx| {
        Box::pin(async move { expire(tx, &overdue, now).await })
    });
    let (announcement, announced) = announcement.await?;
    let given_back = announcement.dropped.len() + announced.len();
    counter!("curbe_holds_expired_total").increment(given_back as u64);
    tracing::warn!(holds = given_back, "overdue holds were given back");
    announcer::announce(&keeper.cache, &announcement).await;
    for over in &announced {
        keeper.cache.drop_announced(over.wallet_id, &over.hold).await?;
    }
    Ok(())
}

/// What is told of it, and the holds that go only while they are the backend's: a call may have asked in this moment.
async fn expire(
    tx: &mut Tx,
    overdue: &[Overdue],
    now: OffsetDateTime,
) -> Result<(Announcement, Vec<Dropped>), sqlx::Error> {
    let wallet_ids: BTreeSet<Uuid> = overdue.iter().filter_map(|one| one.wallet_id).collect();
    let wallet_ids: Vec<Uuid> = wallet_ids.into_iter().collect();
    let mut accounts = wallets::lock(tx, &wallet_ids).await?;
    let ids: Vec<Uuid> = overdue.iter().map(|one| one.id).collect();
    let (mut dropped, mut announced) = (Vec::new(), Vec::new());
    let mut moved = HashSet::new();
    for over in authorizations::expire(tx, &ids, now).await? {
        let Some(wallet_id) = over.wallet_id else { continue };
        moved.insert(wallet_id);
        if over.is_over {
            let holds = if over.is_announced { &mut announced } else { &mut dropped };
            holds.push(Dropped { wallet_id, hold: over.hold });
        }
    }
    accounts.retain(|account| moved.contains(&account.wallet_id));
    // Whoever is loading one of them at this moment must see that it has moved.
    accounts.iter_mut().for_each(|account| account.version += 1);
    wallets::update(tx, &accounts, now).await?;
    let moved: Vec<Uuid> = moved.into_iter().collect();
    let notices = wallets::standings(tx, &moved).await?.iter().map(announce::held).collect();
    let wallets = accounts.iter().map(Account::state).collect();
    Ok((Announcement { wallets, notices, dropped }, announced))
}

/// Drops names in the cache that nothing stands behind, once every decision is known that was durable by then.
async fn drop_orphans(keeper: &Keeper) -> anyhow::Result<()> {
    let until = OffsetDateTime::now_utc() - UNSEEN;
    let found = keeper.cache.holds_not_seen_since(until, LOOKED_AT).await?;
    if found.is_empty() {
        return Ok(());
    }
    let last = keeper.decisions.last_sequence().await?;
    if timeout(PATIENCE, keeper.decisions.wait(last)).await.is_err() {
        return Ok(());
    }
    let asked = found.clone();
    let read = transaction::run(&keeper.pool, move |tx| {
        Box::pin(async move {
            let open = authorizations::open_among(tx, &asked).await?;
            let ids: BTreeSet<Uuid> = asked.iter().map(|(wallet_id, _)| *wallet_id).collect();
            // Read after them: what has paid for a hold that is over is in the balance.
            let wallets = wallets::states_of(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
            Ok((open, wallets))
        })
    });
    let (open, mut wallets) = read.await?;
    keeper.cache.holds_seen(&open, OffsetDateTime::now_utc()).await?;
    let open: HashSet<(Uuid, String)> = open.into_iter().collect();
    let orphans: Vec<_> = found.into_iter().filter(|hold| !open.contains(hold)).collect();
    // One may be left of a settlement that the cache was not told of: its money must go before it does.
    wallets.retain(|wallet| orphans.iter().any(|(wallet_id, _)| *wallet_id == wallet.wallet_id));
    announcer::refresh(&keeper.cache, &wallets).await?;
    for (wallet_id, hold) in orphans {
        if keeper.cache.drop_hold(wallet_id, &hold, until).await? {
            counter!("curbe_holds_orphaned_total").increment(1);
            tracing::warn!(wallet = %wallet_id, hold, "a hold with nothing behind it was dropped");
        }
    }
    Ok(())
}

async fn forget_answers(keeper: &Keeper) -> anyhow::Result<()> {
    let before = OffsetDateTime::now_utc() - ANSWERS_KEPT;
    let forgotten = transaction::run(&keeper.pool, move |tx| {
        Box::pin(async move { idempotency_keys::forget(tx, before).await })
    });
    forgotten.await?;
    Ok(())
}
