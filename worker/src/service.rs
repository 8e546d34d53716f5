//! The worker as a service: what runs beside what, from the first connection to the drained end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::Context;
use curbe_platform::credit::CreditCache;
use curbe_platform::http::Limits;
use curbe_platform::probes::{self, Phase, Readiness};
use curbe_platform::queue::{self, topology};
use curbe_platform::redis::Link;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::consumer::passing::Passing;
use crate::credit::Keeper;
use crate::gatekeeper::Gatekeeper;
use crate::http::dead_letters::DeadLetters;
use crate::http::resources::Resources;
use crate::http::{self, App};
use crate::rates::RateCache;
use crate::recordings::Recordings;
use crate::settler::Settler;
use crate::{announcer, consumer, dead_letters, overdue, retention, store};

/// Besides the lanes: the sweeps.
const SPARE_CONNECTIONS: u32 = 2;
/// Requests have their own, so that no number of them keeps money waiting.
const HTTP_CONNECTIONS: u32 = 2;
/// The backend's, so that listeners do not keep it waiting.
const BACKEND_CONNECTIONS: u32 = 4;
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until `shutdown`, then finishes what is in hand.
///
/// # Errors
/// Only at the start: an address that cannot be bound, a URL that is none, a queue that would lose events.
pub async fn run(
    config: Config,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let admin = TcpListener::bind(config.worker_admin_listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.worker_admin_listen))?;
    let requests = TcpListener::bind(config.worker_listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.worker_listen))?;
    let readiness = Readiness::default();
    let ended = CancellationToken::new();
    let probes = tokio::spawn(probes::serve(admin, readiness.clone(), metrics, ended.clone()));

    // As many for events as for decisions.
    let lanes = 2 * u32::try_from(config.worker_lanes)?;
    let database_url = config.database_url.expose_secret();
    let pool = store::pool(database_url, lanes + SPARE_CONNECTIONS, "curbe-worker")?;
    let client = queue::connect(config.nats_url.expose_secret(), "curbe-worker").await?;
    let context = queue::jetstream(client.clone());
    let link = Link::start(config.redis_url.expose_secret(), ended.clone())?;
    let rates = RateCache::new(store::patient_pool(database_url, "curbe-worker-rates")?);
    let cache = CreditCache::new(link.clone());
    let settler = Settler::new(pool.clone(), rates.clone(), cache.clone());
    let decisions = Arc::new(Passing::new(context.clone(), topology::CREDIT));
    let events = Arc::new(Passing::new(context.clone(), topology::BILLING));
    let keeper = {
        let pool = store::patient_pool(database_url, "curbe-worker-credit")?;
        Keeper::new(pool, cache.clone(), rates.clone(), Arc::clone(&decisions), events)
    };

    let app = {
        let pool = store::pool(database_url, HTTP_CONNECTIONS, "curbe-worker-http")?;
        let recordings = Recordings::new(pool, config.recordings.clone())?;
        let pool = store::pool(database_url, BACKEND_CONNECTIONS, "curbe-worker-backend")?;
        let resources = Resources::new(pool.clone(), cache.clone());
        let gatekeeper = Gatekeeper::new(pool.clone(), keeper.clone());
        let letters = DeadLetters::new(pool, rates.clone(), cache.clone(), context.clone());
        App::new(&config.service_tokens, recordings, gatekeeper, resources, letters)?
    };

    let tasks = TaskTracker::new();
    tasks.spawn(serve(requests, app, config.drain_timeout, shutdown.clone()));
    tasks.spawn(watch(readiness.clone(), rates, context.clone(), link, shutdown.clone()));
    tasks.spawn(announcer::sweep(pool.clone(), cache, shutdown.clone()));
    tasks.spawn(keeper.run(client.clone(), shutdown.clone()));
    tasks.spawn(overdue::run(pool.clone(), settler.clone(), shutdown.clone()));
    tasks.spawn(dead_letters::watch::run(pool.clone(), shutdown.clone()));
    tasks.spawn(retention::run(context.clone(), shutdown.clone()));
    tasks.spawn(consumer::run(
        context,
        Arc::new(settler),
        decisions,
        (config.worker_lanes, config.worker_batch_max),
        shutdown.clone(),
    ));
    tasks.close();

    shutdown.cancelled().await;
    readiness.enter(Phase::Draining);
    if timeout(config.drain_timeout, tasks.wait()).await.is_err() {
        tracing::warn!("not everything in hand was finished; it will be delivered again");
    }
    // The last acks are only queued so far.
    timeout(Duration::from_secs(2), client.flush()).await.ok();
    ended.cancel();
    probes.await.ok();
    Ok(())
}

/// Answers requests until `shutdown`, and then those that are in progress.
async fn serve(listener: TcpListener, app: App, drain: Duration, shutdown: CancellationToken) {
    // Earlier than the rest gives up: a recording that is cut off is asked for again, and nothing is lost.
    let limits = Limits { drain_deadline: drain / 2, ..Limits::default() };
    let app = Arc::new(app);
    let handler = move |request, _| http::answer(Arc::clone(&app), request);
    curbe_platform::http::serve(listener, limits, handler, shutdown).await;
}

/// Looks after what the probes say: ready once everything was there, then only noted.
async fn watch(
    readiness: Readiness,
    rates: RateCache,
    context: Context,
    link: Link,
    shutdown: CancellationToken,
) {
    loop {
        // Besides telling that Postgres is there, this reads changed rates before anybody waits for them.
        let database = rates.refresh().await.is_ok();
        let topology = topology::verify(&context).await;
        if let Err(error @ topology::TopologyError::Unsafe { .. }) = &topology {
            tracing::error!(%error, "the queue is not read");
        }
        let cache = link.connection().is_some();
        for (name, is_up) in [("postgres", database), ("nats", topology.is_ok()), ("redis", cache)]
        {
            readiness.set_dependency(name, is_up);
        }
        if readiness.phase() == Phase::Starting && database && topology.is_ok() && cache {
            readiness.enter(Phase::Ready);
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(WATCH_INTERVAL) => {}
        }
    }
}
