//! What must be true after every step, and what at the end.

use curbe_tests::oracle::cached::Cached;
use curbe_tests::stack::wait_until;

use super::batch::SOON;
use super::sweeping::LOOKED_AT;
use super::world::{World, at};

/// Nobody has more money than there is: what was promised is at most what the ledger adds up to.
pub(super) fn no_money_is_promised_twice(world: &World) -> Result<(), String> {
    for (at, wallet) in world.bank.wallets.iter().enumerate() {
        let promised = world.bank.promised(at);
        let sum: i64 = promised.iter().map(|(_, amount)| amount).sum();
        if sum > wallet.balance {
            let balance = wallet.balance;
            return Err(format!("of {balance} in wallet {at}, {sum} is promised: {promised:?}"));
        }
    }
    Ok(())
}

/// A wallet that is believed has every hold that stands behind a promise, offers no more than there is, and its sums are
/// right.
pub(super) async fn the_cache_holds_what_is_promised(world: &World) -> Result<(), String> {
    let Some(cached) = cached(world).await else { return Ok(()) };
    for (at, wallet) in cached.wallets.iter().enumerate() {
        if !cached.is_believed(wallet) {
            continue;
        }
        let (promised, holds) = (world.bank.promised(at), &wallet.holds);
        wallet.sums_are_right().map_err(|why| format!("wallet {at}: {why}"))?;
        for (hold, amount) in &promised {
            let held = holds.get(hold);
            if held.is_none_or(|held| held < amount) {
                return Err(format!("{amount} are promised to {hold}, {held:?} is held"));
            }
        }
        let offered = wallet.number("balance") - wallet.number("held");
        let left =
            world.bank.wallets[at].balance - promised.iter().map(|(_, one)| one).sum::<i64>();
        if offered > left {
            return Err(format!("wallet {at} offers {offered}, {left} are left: {holds:?}"));
        }
    }
    Ok(())
}

/// When everything has come to rest, nothing is held, and the cache is what the ledger says.
pub(super) async fn all_is_at_rest(world: &World) -> Result<(), String> {
    let read = || async { cached(world).await.ok_or("no answer") };
    let cached = wait_until(SOON, "what the cache holds", read).await;
    for (at, wallet) in cached.wallets.iter().enumerate() {
        let known = &world.bank.wallets[at];
        let state = ["balance", "version", "held", "calls"].map(|name| wallet.number(name));
        if state != [known.balance, known.version, 0, 0] {
            return Err(format!("wallet {at} is {known:?}, in the cache {wallet:?}"));
        }
        let holds = &wallet.holds;
        if !holds.is_empty() || !world.bank.open_holds(at).is_empty() {
            return Err(format!("wallet {at} still holds {holds:?}"));
        }
        if known.balance < 0 {
            return Err(format!("wallet {at} is below zero: {known:?}"));
        }
    }
    let all = || world.cache.holds_not_seen_since(at(i64::from(u32::MAX)), LOOKED_AT);
    let mut index = wait_until(SOON, "the index", all).await;
    index.retain(|(id, _)| world.bank.wallets.iter().any(|wallet| wallet.id == *id));
    if index.is_empty() { Ok(()) } else { Err(format!("left in the index: {index:?}")) }
}

/// Every wallet with its holds. None while there is no connection.
async fn cached(world: &World) -> Option<Cached> {
    let wallets: Vec<_> = world.bank.wallets.iter().map(|wallet| wallet.id).collect();
    Cached::read(&mut world.link.connection()?, &wallets).await
}
