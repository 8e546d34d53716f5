//! What the worker is told by its environment.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use curbe_platform::config::{bounded, duration, secret};
use curbe_platform::telemetry;
use secrecy::SecretString;

/// The billing worker: takes events off the queue and moves money in Postgres.
#[derive(Parser, Clone, Debug)]
#[command(name = "curbe-worker")]
pub struct Config {
    /// Postgres, as a member of the role `curbe_worker`.
    #[arg(long, env, value_parser = secret)]
    pub database_url: SecretString,
    /// NATS with JetStream.
    #[arg(long, env, value_parser = secret)]
    pub nats_url: SecretString,
    /// Redis, for the cached wallets and the notifiers.
    #[arg(long, env, value_parser = secret)]
    pub redis_url: SecretString,
    /// Where probes and metrics are served.
    #[arg(long, env, default_value = "0.0.0.0:9082")]
    pub worker_admin_listen: SocketAddr,
    /// Batches settled at the same time, each on a connection of its own.
    #[arg(long, env, default_value_t = 2, value_parser = bounded(1_usize, 64))]
    pub worker_lanes: usize,
    /// The most messages that one database transaction settles.
    #[arg(long, env, default_value_t = 256, value_parser = bounded(1_usize, 1_000))]
    pub worker_batch_max: usize,
    /// How long batches in hand may take to finish after SIGTERM; what is left is delivered again.
    #[arg(long, env, default_value = "20s", value_parser = duration(Duration::ZERO, Duration::from_secs(300)))]
    pub drain_timeout: Duration,
    /// Log lines.
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
}
