//! `curbe cache`: how the cache of credit stands, and how it is made anew.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use curbe_platform::credit::{CreditCache, Standing};
use curbe_platform::redis::Link;
use curbe_worker::store::{directory_changes, rates};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::environment::{self, read};
use crate::output::{Output, failed, or_dash, record, wheel};

const REDIS_PATIENCE: Duration = Duration::from_secs(1);
/// How long a worker may take to bring everything in again.
const REBUILD_PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show how far the cache is.
    Status,
    /// Believe nothing that is there, and wait until a worker has brought everything in again; status 1 if none does.
    Rebuild,
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<environment::Money>()?;
    let link = Link::start(settings.redis_url.expose_secret(), CancellationToken::new())?;
    let pool = settings.database.pool().await?;
    timeout(REDIS_PATIENCE, link.connected()).await.context("no connection to Redis")?;
    let cache = CreditCache::new(link);
    match command {
        Command::Status => {
            let state = State::read(&pool, &cache).await?;
            output.result(&state.view(), || state.for_people())
        }
        Command::Rebuild => rebuild(&pool, &cache, output).await,
    }
}

async fn rebuild(pool: &PgPool, cache: &CreditCache, output: &Output) -> anyhow::Result<ExitCode> {
    let before = cache.standing().await?.epoch;
    cache.end_epoch().await?;
    let wheel = wheel();
    wheel.set_message("a worker brings it in again");
    let until = Instant::now() + REBUILD_PATIENCE;
    let (state, is_done) = loop {
        let state = State::read(pool, cache).await?;
        let is_done = state.cached.epoch != before && state.is_complete();
        if is_done || Instant::now() >= until {
            break (state, is_done);
        }
        sleep(PAUSE).await;
    };
    wheel.finish_and_clear();
    let written = output.result(&state.view(), || state.for_people());
    if is_done { written } else { failed(written) }
}

/// What the cache has, and what it should have.
struct State {
    cached: Standing,
    directory_revision: i64,
    rate_revision: i64,
}

impl State {
    async fn read(pool: &PgPool, cache: &CreditCache) -> anyhow::Result<Self> {
        let connection = &mut *pool.acquire().await?;
        // Read before the cache, which is then never ahead of what it is held against by what came between.
        let directory_revision = directory_changes::revision(connection).await?;
        let rate_revision = rates::revision(connection).await?;
        Ok(Self { cached: cache.standing().await?, directory_revision, rate_revision })
    }

    fn is_complete(&self) -> bool {
        self.cached.directory_revision >= Some(self.directory_revision)
            && self.cached.rate_revision >= Some(self.rate_revision)
    }

    fn view(&self) -> Value {
        json!({
            "epoch": self.cached.epoch,
            "isComplete": self.is_complete(),
            "directoryRevision": self.cached.directory_revision,
            "directoryRevisionInDatabase": self.directory_revision,
            "rateRevision": self.cached.rate_revision,
            "rateRevisionInDatabase": self.rate_revision,
            "holds": self.cached.holds,
        })
    }

    fn for_people(&self) -> String {
        let of = |cached: Option<i64>, all: i64| format!("{} of {all}", or_dash(cached));
        let is_complete = if self.is_complete() { "yes" } else { "no" };
        record([
            ("epoch", or_dash(self.cached.epoch.as_ref())),
            ("complete", is_complete.to_owned()),
            ("directory", of(self.cached.directory_revision, self.directory_revision)),
            ("rates", of(self.cached.rate_revision, self.rate_revision)),
            ("holds", self.cached.holds.to_string()),
        ])
    }
}
