//! Ingest: proves who sent a webhook, makes it durable, answers; and says which calls may begin. It never charges and
//! never touches Postgres.

mod config;
mod descriptors;
mod durability;
mod preflight;
mod publisher;
mod queue_watch;
mod rejection;
mod router;
mod secrets;
mod service;
mod signatures;
mod spool;
mod verdict;
mod voice_events;
mod voice_request;
mod webhook;

use std::sync::Arc;

use anyhow::Context as _;
use curbe_platform::credit::CreditCache;
use curbe_platform::http;
use curbe_platform::probes::{self, Phase, Readiness};
use curbe_platform::redis::Link;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::Config;

use durability::Keeper;
use preflight::Preflight;
use publisher::Publisher;
use service::Service;
use spool::Spool;

/// The two sockets of the process.
#[derive(Debug)]
pub struct Sockets {
    /// Where the providers come in.
    pub public: TcpListener,
    /// Where probes and metrics are asked for.
    pub admin: TcpListener,
}

/// Serves until `shutdown`, then finishes what it has begun.
///
/// # Errors
/// A port cannot be bound, the queue's address or a secret cannot be used, or too few files may be open.
pub async fn run(
    config: Config,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let bind = async |address| {
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
    };
    let public = bind(config.ingest_listen).await?;
    let admin = bind(config.ingest_admin_listen).await?;
    serve(config, Sockets { public, admin }, metrics, shutdown).await
}

/// As [`run`], on sockets that are bound already.
///
/// # Errors
/// The queue's address or a secret cannot be used, or too few files may be open.
pub async fn serve(
    config: Config,
    sockets: Sockets,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    verdict::describe();
    signatures::describe();
    preflight::describe();
    spool::describe();
    descriptors::provide(config.ingest_connections_max).context("INGEST_CONNECTIONS_MAX")?;
    let (secrets, reloading) = secrets::open(&config)?;
    let spool =
        Spool::open(&config.spool_directory, config.spool_bytes_max, config.durability.keeps());
    let spool = spool.context("SPOOL_DIRECTORY cannot be used")?;
    let publisher = Publisher::connect(&config).await?;
    let readiness = Readiness::default();
    // The watch, the cache and the admin port outlive the service: whoever asks during the drain gets an answer.
    let ended = CancellationToken::new();
    let redis = Link::start(config.redis_url.expose_secret(), ended.clone());
    let redis = redis.context("REDIS_URL cannot be used")?;
    let cache = CreditCache::new(redis);
    let admin = probes::serve(sockets.admin, readiness.clone(), metrics, ended.clone());
    let admin = tokio::spawn(admin);
    let draining = spool::drain(spool.clone(), publisher.clone(), cache.clone());
    let draining = tokio::spawn(ended.clone().run_until_cancelled_owned(draining));
    let (durability, ready) = (config.durability, readiness.clone());
    let watch = queue_watch::watch(publisher.clone(), spool.clone(), durability, ready);
    let watch = tokio::spawn(ended.clone().run_until_cancelled_owned(watch));
    let reloading = tokio::spawn(ended.clone().run_until_cancelled_owned(reloading));

    let address = sockets.public.local_addr().context("the socket has no address")?;
    tracing::info!(%address, public_base_url = config.public_base_url, "listening");
    let keeper =
        Keeper::new(publisher, spool.clone(), config.durability, config.ingest_ack_timeout);
    let preflight = Preflight::new(cache, keeper.clone(), config.preflight.clone());
    let service = Arc::new(Service::new(&config, keeper, preflight, secrets));
    let accepting = CancellationToken::new();
    let handler = {
        let service = Arc::clone(&service);
        move |request, peer| service::answer(Arc::clone(&service), request, peer)
    };
    let server = http::serve(sockets.public, config.limits(), handler, accepting.clone());
    let ending = async {
        shutdown.cancelled().await;
        readiness.enter(Phase::Draining);
        // Whoever balances the load learns of it before connections are refused.
        tokio::time::sleep(config.shutdown_delay).await;
        accepting.cancel();
    };
    tokio::join!(server, ending);
    service.finish().await;
    spool.finish(config.ingest_answer_timeout).await;

    ended.cancel();
    admin.await.context("the admin port panicked")?;
    watch.await.context("the watch over the queue panicked")?;
    reloading.await.context("the watch over the file of secrets panicked")?;
    draining.await.context("the spool's drain panicked")?;
    tracing::info!("ended");
    Ok(())
}

#[cfg(test)]
mod signatures_tests;
#[cfg(test)]
mod tests;
