//! What the commands about customers share: the database, and the directory in the cache, in which calls that begin look
//! for whose they are.

use std::time::Duration;

use curbe_platform::credit::CreditCache;
use curbe_platform::redis::Link;
use curbe_worker::announcer;
use curbe_worker::credit::directory;
use curbe_worker::settlement::announce::Announcement;
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::environment::{self, read};
use crate::output::Output;

/// How long a connection to Redis may take. What was asked for has happened by then.
const REDIS_PATIENCE: Duration = Duration::from_secs(1);

/// The connections.
pub(crate) struct Customers {
    pub(crate) pool: PgPool,
    /// None without `REDIS_URL`: the worker brings the directory up to date by itself.
    link: Option<Link>,
}

impl Customers {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let settings = read::<environment::Customers>()?;
        // Connects while the database is written.
        let link = settings
            .redis_url
            .map(|url| Link::start(url.expose_secret(), CancellationToken::new()));
        Ok(Self { link: link.transpose()?, pool: settings.database.pool().await? })
    }

    /// Brings the directory up to date, where there is a cache.
    pub(crate) async fn tell(&self, announcement: &Announcement, output: &Output) {
        let Some(link) = &self.link else { return };
        timeout(REDIS_PATIENCE, link.connected()).await.ok();
        let cache = CreditCache::new(link.clone());
        let is_told = announcer::announce(&cache, announcement).await;
        if !is_told || directory::tell(&self.pool, &cache).await.is_err() {
            output.warn("Redis was not told; the worker does so within seconds");
        }
    }
}
