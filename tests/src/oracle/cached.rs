//! What the cache of credit holds, read by ourselves.

use std::collections::HashMap;

use redis::aio::ConnectionLike;
use uuid::Uuid;

/// Everything that the cache knows of some wallets.
#[derive(Clone, Debug, Default)]
pub struct Cached {
    epoch: Option<String>,
    /// In the order in which they were asked for.
    pub wallets: Vec<CachedWallet>,
}

/// A wallet as it stands in the cache.
#[derive(Clone, Debug, Default)]
pub struct CachedWallet {
    fields: HashMap<String, String>,
    /// What is set aside, in units of 1/10,000, by the hold's name.
    pub holds: HashMap<String, i64>,
}

impl Cached {
    /// Reads these wallets. `None` where Redis does not answer, or something in it is not what is written there.
    pub async fn read(connection: &mut impl ConnectionLike, wallets: &[Uuid]) -> Option<Self> {
        let mut pipeline = redis::pipe();
        pipeline.atomic().get("epoch");
        for wallet in wallets {
            pipeline.hgetall(format!("wallet:{wallet}")).hgetall(format!("holds:{wallet}"));
        }
        let values: Vec<redis::Value> = pipeline.query_async(connection).await.ok()?;
        let mut values = values.into_iter();
        let epoch = redis::from_redis_value(values.next()?).ok()?;
        let mut hashes = values.map(redis::from_redis_value::<HashMap<String, String>>);
        let mut read = Self { epoch, wallets: Vec::new() };
        while let (Some(fields), Some(holds)) = (hashes.next(), hashes.next()) {
            let amount = |(hold, value): (String, String)| {
                Some((hold, value.split_once('|')?.0.parse().ok()?))
            };
            let holds: Option<HashMap<String, i64>> = holds.ok()?.into_iter().map(amount).collect();
            read.wallets.push(CachedWallet { fields: fields.ok()?, holds: holds? });
        }
        Some(read)
    }

    /// Whether pre-flight believes this wallet: it was brought in under the epoch that runs.
    #[must_use]
    pub fn is_believed(&self, wallet: &CachedWallet) -> bool {
        self.epoch.is_some() && wallet.fields.get("epoch") == self.epoch.as_ref()
    }
}

impl CachedWallet {
    /// A number of it. What is not there is no number that there can be.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.fields.get(name).and_then(|text| text.parse().ok()).unwrap_or(i64::MIN / 2)
    }

    /// Whether its sums are those of its holds.
    ///
    /// # Errors
    /// They are not; what they are, in words.
    pub fn sums_are_right(&self) -> Result<(), String> {
        let held: i64 = self.holds.values().sum();
        let calls = self.holds.keys().filter(|hold| hold.starts_with("call:")).count();
        let sums = (self.number("held"), self.number("calls"));
        if sums == (held, i64::try_from(calls).unwrap_or(i64::MAX)) {
            return Ok(());
        }
        Err(format!("{sums:?} instead of {held} and {calls}: {:?}", self.holds))
    }
}
