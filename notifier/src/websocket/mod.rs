//! `GET /api/ws`: who may open a socket, and with which limits.

mod close;
mod protocol;
mod session;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::{RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::problem::Problem;
use protocol::SUBPROTOCOL;

/// A token is the longest thing that a browser has to say.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The library would take 128 KiB for each socket, used or not.
const READ_BUFFER_BYTES: usize = 2 * 1024;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Reached only by a socket that cannot be written to; the library sets no limit.
const WRITE_BUFFER_BYTES_MAX: usize = 128 * 1024;

/// What all sockets share.
pub(crate) struct Sockets {
    free: Arc<Semaphore>,
    /// The sockets that are open.
    pub(crate) open: TaskTracker,
    /// Cancelled when they have to end.
    pub(crate) drain: CancellationToken,
    /// How often they are told how far they have come.
    pub(crate) heartbeat: Duration,
}

impl Sockets {
    /// None yet.
    pub(crate) fn new(sockets_max: usize, heartbeat: Duration) -> Self {
        let free = Arc::new(Semaphore::new(sockets_max));
        Self { free, open: TaskTracker::new(), drain: CancellationToken::new(), heartbeat }
    }
}

/// Opens a socket. The order of refusals: origin, protocol, capacity; who it is comes with the first message.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    if !app.origins.allow_upgrade(&headers) {
        tracing::warn!("a page of another origin tried to connect");
        let detail = "Pages of this origin may not connect.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail));
    }
    let upgrade = upgrade.map_err(|_| {
        let detail = "This address speaks WebSocket (RFC 6455, version 13) only.";
        let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail);
        problem.with_header(UPGRADE, "websocket")
    })?;
    let upgrade = limited(upgrade).protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let detail = "The subprotocol curbe.v1.json must be asked for in Sec-WebSocket-Protocol.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "subprotocol_required", detail));
    }
    let Ok(slot) = Arc::clone(&app.sockets.free).try_acquire_owned() else {
        let detail = "There are as many sockets as there may be.";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_sockets", detail);
        return Err(problem.with_header(RETRY_AFTER, "5"));
    };
    let open = app.sockets.open.token();
    Ok(upgrade.on_upgrade(async move |socket| {
        session::run(app, socket).await;
        drop((slot, open));
    }))
}

fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
}
