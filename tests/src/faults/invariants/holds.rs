//! Money set aside: all that is open in the database is held in the cache, of money that there is; and once every call is
//! over, and as much time has gone by as a call may take, nothing is held any more.

use std::collections::HashMap;

use anyhow::{Context, Result};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Invariant, Violation, all};
use crate::faults::lab::Lab;
use crate::oracle::cached::Cached;
use crate::oracle::{text, units};

/// Everything that is open, by wallet and name. A leg that has asked twice holds once.
const OPEN: &str = "select wallet_id, hold, max(amount)::text from authorizations
    where status = 'authorized' and wallet_id is not null group by wallet_id, hold";
/// Where a wallet is below zero after a charge.
const BELOW_ZERO: &str = "select balance_after::text from wallet_transactions
    where wallet_id = $1 and balance_after < 0 order by seq";
/// Every hold that there is in the cache, by when it was last looked at.
const INDEX: &str = "holds:index";
/// Longer ago than any hold is left alone that nothing stands behind.
const LONG_AGO: Duration = Duration::hours(1);

/// What is open of a wallet, by name.
type Open = HashMap<String, i128>;

impl Lab {
    /// No money is counted never: what the database has open, a wallet that is believed holds. No wallet has more open
    /// than its balance. More may be held than is open, for as long as nobody can be certain that nobody comes for it.
    pub(super) async fn hold_differences(&self) -> Result<Vec<Violation>> {
        let (balances, open) = (self.balances().await?, self.open_holds().await?);
        let wallets: Vec<Uuid> = balances.iter().map(|(wallet, _)| *wallet).collect();
        let cached = Cached::read(&mut self.stack.redis_client().await?, &wallets).await;
        let cached = cached.context("the cache")?;
        let mut wrong = Vec::new();
        for ((wallet, balance), held) in balances.iter().zip(&cached.wallets) {
            let nothing = Open::new();
            let open = open.get(wallet).unwrap_or(&nothing);
            let sum: i128 = open.values().sum();
            if sum > 0 && sum > *balance {
                wrong.push(format!("{wallet} has {}, and {} is open", text(*balance), text(sum)));
            }
            if !cached.is_believed(held) {
                continue;
            }
            wrong.extend(held.sums_are_right().err().map(|why| format!("{wallet}: {why}")));
            for (hold, amount) in open {
                let is = held.holds.get(hold).copied().map(i128::from);
                if is.is_none_or(|is| is < *amount) {
                    wrong.push(format!("{wallet}: {hold} is open with {amount}, held with {is:?}"));
                }
            }
        }
        wrong.sort();
        Ok(all(Invariant::Held, wrong))
    }

    /// The one whose calls all ask, and talk until they are cut, never owes anything.
    pub(super) async fn money_spent_twice(&self) -> Result<Vec<Violation>> {
        let wallet = self.people.initech.wallet;
        let below = sqlx::query_scalar(BELOW_ZERO).bind(wallet);
        let below: Vec<String> = below.fetch_all(self.stack.pool()).await?;
        let words = below.iter().map(|balance| format!("{wallet} was let spend down to {balance}"));
        Ok(all(Invariant::Held, words))
    }

    /// What is still held of calls that are all over. Whatever is found is made old: the product's own sweeps give it back
    /// within seconds then.
    pub(super) async fn held_for_nothing(&self) -> Result<Vec<Violation>> {
        let open = self.open_holds().await?;
        let open = open.into_iter().flat_map(|(wallet, holds)| {
            holds.into_keys().map(move |hold| format!("{wallet} {hold} is open"))
        });
        let mut cache = self.stack.redis_client().await?;
        let held: Vec<String> = cache.zrange(INDEX, 0, -1).await?;
        let held = held.into_iter().map(|hold| format!("{hold} is held"));
        let mut left: Vec<String> = open.chain(held).collect();
        left.sort();
        if !left.is_empty() {
            self.time_goes_by(&mut cache).await?;
        }
        Ok(all(Invariant::Held, left))
    }

    /// All that is held is overdue, and was looked at long ago.
    async fn time_goes_by(&self, cache: &mut MultiplexedConnection) -> Result<()> {
        let overdue = "update authorizations set due_at = now() - interval '1 second'
            where status = 'authorized' and due_at > now()";
        sqlx::query(overdue).execute(self.stack.pool()).await?;
        let until = (OffsetDateTime::now_utc() - LONG_AGO).unix_timestamp();
        let held: Vec<String> = cache.zrange(INDEX, 0, -1).await?;
        for hold in held {
            let mut age = redis::cmd("ZADD");
            age.arg(INDEX).arg("XX").arg(until).arg(hold).exec_async(cache).await?;
        }
        Ok(())
    }

    async fn balances(&self) -> Result<Vec<(Uuid, i128)>> {
        let balances = "select id, balance::text from wallets order by id";
        let rows: Vec<(Uuid, String)> =
            sqlx::query_as(balances).fetch_all(self.stack.pool()).await?;
        Ok(rows.into_iter().map(|(wallet, balance)| (wallet, units(&balance))).collect())
    }

    async fn open_holds(&self) -> Result<HashMap<Uuid, Open>> {
        let rows: Vec<(Uuid, String, String)> =
            sqlx::query_as(OPEN).fetch_all(self.stack.pool()).await?;
        let mut open = HashMap::<Uuid, Open>::new();
        for (wallet, hold, amount) in rows {
            open.entry(wallet).or_default().insert(hold, units(&amount));
        }
        Ok(open)
    }
}
