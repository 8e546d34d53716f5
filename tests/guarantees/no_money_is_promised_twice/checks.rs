//! What must be true after every step, and what at the end.

use std::collections::HashMap;

use super::sweeping::LOOKED_AT;
use super::world::{World, at};

type Hash = HashMap<String, String>;

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
pub(super) async fn the_cache_holds_what_is_promised(world: &mut World) -> Result<(), String> {
    let Some((epoch, cached)) = cached(world).await else { return Ok(()) };
    for (at, (wallet, holds)) in cached.iter().enumerate() {
        if epoch.is_none() || wallet.get("epoch") != epoch.as_ref() {
            continue;
        }
        let promised = world.bank.promised(at);
        sums_are_right(wallet, holds).map_err(|why| format!("wallet {at}: {why}: {holds:?}"))?;
        for (hold, amount) in &promised {
            let held = holds.get(hold).and_then(|hold| amount_of(hold));
            if held.is_none_or(|held| held < *amount) {
                return Err(format!("{amount} are promised to {hold}, {held:?} is held"));
            }
        }
        let offered = field(wallet, "balance") - field(wallet, "held");
        let left =
            world.bank.wallets[at].balance - promised.iter().map(|(_, one)| one).sum::<i64>();
        if offered > left {
            return Err(format!("wallet {at} offers {offered}, {left} are left: {holds:?}"));
        }
    }
    Ok(())
}

fn sums_are_right(wallet: &Hash, holds: &Hash) -> Result<(), String> {
    let held: i64 = holds.values().filter_map(|hold| amount_of(hold)).sum();
    let calls = holds.keys().filter(|hold| hold.starts_with("call:")).count();
    let sums = (field(wallet, "held"), field(wallet, "calls"));
    if sums == (held, i64::try_from(calls).unwrap_or(i64::MAX)) {
        return Ok(());
    }
    Err(format!("{sums:?} instead of {held} and {calls}"))
}

fn amount_of(hold: &str) -> Option<i64> {
    hold.split('|').next()?.parse().ok()
}

/// A number of a wallet. What is not there is no number that there can be.
fn field(wallet: &Hash, name: &str) -> i64 {
    wallet.get(name).and_then(|text| text.parse().ok()).unwrap_or(i64::MIN / 2)
}

/// When everything has come to rest, nothing is held, and the cache is what the ledger says.
pub(super) async fn all_is_at_rest(world: &mut World) -> Result<(), String> {
    let Some((_, cached)) = cached(world).await else { return Err("no Redis".to_owned()) };
    for (at, (wallet, holds)) in cached.iter().enumerate() {
        let known = &world.bank.wallets[at];
        let state = ["balance", "version", "held", "calls"].map(|name| field(wallet, name));
        if state != [known.balance, known.version, 0, 0] {
            return Err(format!("wallet {at} is {known:?}, in the cache {wallet:?}"));
        }
        if !holds.is_empty() || !world.bank.open_holds(at).is_empty() {
            return Err(format!("wallet {at} still holds {holds:?}"));
        }
        if known.balance < 0 {
            return Err(format!("wallet {at} is below zero: {known:?}"));
        }
    }
    let all = world.cache.holds_not_seen_since(at(i64::from(u32::MAX)), LOOKED_AT);
    let mut index = all.await.map_err(|error| error.to_string())?;
    index.retain(|(id, _)| world.bank.wallets.iter().any(|wallet| wallet.id == *id));
    if index.is_empty() { Ok(()) } else { Err(format!("left in the index: {index:?}")) }
}

/// The epoch, and every wallet with its holds. None while there is no connection.
async fn cached(world: &mut World) -> Option<(Option<String>, Vec<(Hash, Hash)>)> {
    let mut pipeline = redis::pipe();
    pipeline.get("epoch");
    for wallet in &world.bank.wallets {
        pipeline.hgetall(format!("wallet:{}", wallet.id));
        pipeline.hgetall(format!("holds:{}", wallet.id));
    }
    let values: Vec<redis::Value> =
        pipeline.query_async(&mut world.link.connection()?).await.ok()?;
    let mut values = values.into_iter();
    let epoch = redis::from_redis_value(values.next()?).ok()?;
    let mut hashes = values.filter_map(|value| redis::from_redis_value::<Hash>(value).ok());
    let mut wallets = Vec::new();
    while let (Some(wallet), Some(holds)) = (hashes.next(), hashes.next()) {
        wallets.push((wallet, holds));
    }
    Some((epoch, wallets))
}
