//! Keeps the cache of credit such that calls can begin: the directory and the rates up to date, wallets brought in when
//! they are asked for, and holds given back that nothing stands behind.

pub mod directory;
mod loading;
mod overdue;
pub mod rates;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use curbe_platform::credit::CreditCache;
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::consumer::passing::Passing;
use crate::rates::RateCache;

/// How soon a change shows that nobody has told of.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the cache is kept with.
#[derive(Clone)]
pub struct Keeper {
    pub(crate) pool: PgPool,
    pub(crate) cache: CreditCache,
    rates: RateCache,
    /// How far the decisions of pre-flight are known.
    decisions: Arc<Passing>,
    /// How far the ends of calls are.
    events: Arc<Passing>,
}

impl Keeper {
    /// With these. The pool is to have no statement timeout: the directory may be large.
    #[must_use]
    pub fn new(
        pool: PgPool,
        cache: CreditCache,
        rates: RateCache,
        decisions: Arc<Passing>,
        events: Arc<Passing>,
    ) -> Self {
        Self { pool, cache, rates, decisions, events }
    }

    /// Until `shutdown`.
    pub async fn run(self, client: async_nats::Client, shutdown: CancellationToken) {
        let keeping = async {
            tokio::join!(
                self.keep_up(),
                requests::answer(&self, client),
                overdue::look_after(&self)
            );
        };
        shutdown.run_until_cancelled(keeping).await;
    }

    async fn keep_up(&self) {
        loop {
            if let Err(error) = self.bring_up_to_date().await {
                tracing::debug!(error = %format!("{error:#}"), "the cache is not brought up to date");
            }
            sleep(INTERVAL).await;
        }
    }

    /// Directory and rates, as they are now.
    ///
    /// # Errors
    /// Postgres or Redis did not answer.
    pub(crate) async fn bring_up_to_date(&self) -> anyhow::Result<()> {
        let epoch = self.cache.epoch().await?;
        directory::bring_up_to_date(&self.pool, &self.cache, &epoch).await?;
        self.rates.refresh().await?;
        rates::bring_up_to_date(&self.rates, &self.cache, &epoch).await
    }
}
