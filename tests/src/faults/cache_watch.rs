//! Looks at the cache all the time: it must never be ahead of the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::providers::held;

const INTERVAL: Duration = Duration::from_millis(150);
/// Servers may be frozen.
const PATIENCE: Duration = Duration::from_secs(1);

/// Dropped, it looks no more.
#[derive(Debug)]
pub(super) struct CacheWatch {
    wrong: Arc<Mutex<Vec<String>>>,
    watching: JoinHandle<()>,
}

impl CacheWatch {
    pub(super) fn start(redis_url: String, pool: PgPool) -> Self {
        let wrong = Arc::<Mutex<Vec<String>>>::default();
        let found = Arc::clone(&wrong);
        let watching = tokio::spawn(async move {
            loop {
                if let Ok(Some(ahead)) = timeout(PATIENCE, ahead(&redis_url, &pool)).await {
                    held(&found).extend(ahead);
                }
                sleep(INTERVAL).await;
            }
        });
        Self { wrong, watching }
    }

    /// What it saw that must not be.
    pub(super) fn wrong(&self) -> Vec<String> {
        held(&self.wrong).clone()
    }
}

impl Drop for CacheWatch {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// The cache is read first: the database only moves forward meanwhile. `None` where one of them cannot be asked.
async fn ahead(redis_url: &str, pool: &PgPool) -> Option<Vec<String>> {
    let wallets: Vec<Uuid> =
        sqlx::query_scalar("select id from wallets").fetch_all(pool).await.ok()?;
    let cached = versions(redis_url, &wallets).await?;
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("select id, version from wallets").fetch_all(pool).await.ok()?;
    let written: HashMap<Uuid, i64> = rows.into_iter().collect();
    let ahead = wallets.iter().zip(cached).filter_map(|(wallet, cached)| {
        let (cached, written) = (cached?, *written.get(wallet)?);
        (cached > written).then(|| format!("{wallet}: cached {cached}, written {written}"))
    });
    Some(ahead.collect())
}

/// The cached versions of wallets, in their order; `None` where Redis cannot be asked.
pub(super) async fn versions(redis_url: &str, wallets: &[Uuid]) -> Option<Vec<Option<i64>>> {
    let client = redis::Client::open(redis_url).ok()?;
    let mut connection = client.get_multiplexed_async_connection().await.ok()?;
    let mut pipeline = redis::pipe();
    for wallet in wallets {
        pipeline.hget(format!("wallet:{wallet}"), "version");
    }
    pipeline.query_async(&mut connection).await.ok()
}
