//! Pushes balances and call logs to browsers. Reads only: from Postgres what is, from Redis what has just happened.
//!
//! [`run`] puts the parts together. `api` answers requests, `websocket` keeps sockets, `fanout` brings them what is
//! published, `store` is everything that Postgres is asked.

mod api;
mod app;
mod auth;
pub mod config;
mod fanout;
mod listeners;
mod measures;
pub mod openapi;
pub mod origin;
mod page;
mod problem;
mod recordings;
mod request;
mod server;
mod store;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use curbe_platform::probes::{self, Phase, Readiness};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use app::App;
use auth::Verifier;
use config::Config;
use fanout::Rooms;
use origin::Origins;
use recordings::Recordings;
use store::Store;
use websocket::Sockets;

/// Sockets are closed over this time at most, and over half of what the process has until its end.
const FAREWELL_MAX: Duration = Duration::from_secs(4);
/// Longer than the worker, by its defaults, waits for a provider: it says better what was wrong.
const RECORDING_IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How often Postgres is asked whether it answers.
const POSTGRES_LOOK: Duration = Duration::from_secs(5);

/// Serves until `shutdown`, then lets go of the sockets and returns.
///
/// # Errors
/// A URL cannot be used, or a port cannot be bound.
pub async fn run(
    config: Config,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    measures::describe();
    let readiness = Readiness::default();
    // What goes on while sockets and requests come to their end.
    let background = CancellationToken::new();
    let _ended = background.clone().drop_guard();
    let app = Arc::new(assemble(&config, &readiness, &background)?);

    let admin =
        TcpListener::bind(config.notifier_admin_listen).await.context("NOTIFIER_ADMIN_LISTEN")?;
    let public = TcpListener::bind(config.notifier_listen).await.context("NOTIFIER_LISTEN")?;
    tracing::info!(address = %public.local_addr()?, "listening");
    tokio::spawn(probes::serve(admin, readiness.clone(), metrics, background.clone()));
    tokio::spawn(watch(Arc::clone(&app), readiness.clone(), background.clone()));

    // Requests are answered, and new sockets refused, as long as the old ones are being closed.
    let served = CancellationToken::new();
    let router = api::router(Arc::clone(&app));
    let left = config.shutdown_deadline.saturating_sub(app.sockets.farewell);
    let serving =
        server::serve(public, router, config.notifier_connections_max, served.clone(), left);
    let ending = async {
        shutdown.cancelled().await;
        readiness.enter(Phase::Draining);
        sleep(config.shutdown_delay).await;
        app.sockets.drain.cancel();
        app.sockets.open.close();
        timeout(app.sockets.farewell, app.sockets.open.wait()).await.ok();
        served.cancel();
        if timeout(left, app.sockets.open.wait()).await.is_err() {
            let sockets = app.sockets.open.len();
            tracing::warn!(sockets, "sockets were still open at the deadline");
        }
    };
    tokio::join!(serving, ending);
    tracing::info!("ended");
    Ok(())
}

fn assemble(
    config: &Config,
    readiness: &Readiness,
    background: &CancellationToken,
) -> anyhow::Result<App> {
    let store = Store::new(&config.database_url, config.database_connections_max)
        .context("DATABASE_URL")?;
    let settings = fanout::Settings {
        redis_url: config.redis_url.expose_secret().to_owned(),
        sockets_per_user_max: config.notifier_sockets_per_user_max,
        readiness: readiness.clone(),
    };
    let rooms = Rooms::start(store.clone(), settings, background.clone()).context("REDIS_URL")?;
    let farewell = FAREWELL_MAX.min(config.shutdown_deadline / 2);
    let recordings = match (&config.worker_url, &config.service_token) {
        (Some(url), Some(token)) => {
            let recordings = Recordings::new(url, token.clone(), RECORDING_IDLE_TIMEOUT);
            Some(recordings.context("WORKER_URL")?)
        }
        (Some(_) | None, _) => None,
    };
    Ok(App {
        store,
        recordings,
        verifier: Verifier::new(&config.jwt_secrets),
        origins: Origins::new(&config.allowed_origins),
        rooms,
        sockets: Sockets::new(config.notifier_sockets_max, config.notifier_heartbeat, farewell),
    })
}

/// Ready once Postgres has answered and Redis is connected; from then on an outage is told, and sockets wait it out.
async fn watch(app: Arc<App>, readiness: Readiness, background: CancellationToken) {
    let looking = async {
        let mut has_answered = false;
        loop {
            let is_up = app.store.is_up().await;
            readiness.set_dependency("postgres", is_up);
            if is_up && !has_answered {
                has_answered = true;
                app.rooms.connected_once().await;
                readiness.enter(Phase::Ready);
            }
            sleep(if has_answered { POSTGRES_LOOK } else { Duration::from_millis(200) }).await;
        }
    };
    tokio::select! {
        () = background.cancelled() => {}
        () = looking => {}
    }
}
