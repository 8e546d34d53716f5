//! `GET /api/ws`: who may open a socket, and with which limits.

mod arrival;
mod close;
mod from_browser;
mod protocol;
mod rights;
mod session;
mod term;
mod told;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::{RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use rand::RngExt as _;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::openapi::refusals::SocketRefusals;
use crate::problem::{Problem, ProblemCode};
pub(crate) use from_browser::FromBrowser;
use protocol::SUBPROTOCOL;
pub(crate) use protocol::ToBrowser;

/// A token is the longest thing that a browser has to say.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The library would take 128 KiB for each socket, used or not.
const READ_BUFFER_BYTES: usize = 2 * 1024;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Reached only by a socket that cannot be written to; the library sets no limit.
const WRITE_BUFFER_BYTES_MAX: usize = 128 * 1024;
/// Frames written at once.
const BATCH: usize = 32;

/// What all sockets share.
pub(crate) struct Sockets {
    free: Arc<Semaphore>,
    /// The sockets that are open.
    pub(crate) open: TaskTracker,
    /// Cancelled when they have to end, within `farewell`.
    pub(crate) drain: CancellationToken,
    /// The time over which they end: all at one instant would come back at one instant.
    pub(crate) farewell: Duration,
    /// How often they are told how far they have come.
    pub(crate) heartbeat: Duration,
}

impl Sockets {
    /// None yet.
    pub(crate) fn new(sockets_max: usize, heartbeat: Duration, farewell: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(sockets_max)),
            open: TaskTracker::new(),
            drain: CancellationToken::new(),
            farewell,
            heartbeat,
        }
    }

    /// Waits for the moment at which one of them has to end, a random one for each.
    async fn time_to_go(&self) {
        self.drain.cancelled().await;
        let pause = rand::rng().random_range(Duration::ZERO..=self.farewell);
        sleep(pause).await;
    }
}

/// Frames as they happen
///
/// A WebSocket with the subprotocol `curbe.v1.json`; `frames.schema.json` describes its messages. The order of
/// refusals: origin, protocol, drain, capacity; who it is comes with the first message.
#[utoipa::path(
    get,
    path = "/api/ws",
    operation_id = "openSocket",
    tag = "events",
    security(()),
    params(
        ("Upgrade" = String, Header, description = "`websocket`"),
        ("Sec-WebSocket-Protocol" = String, Header, description = "`curbe.v1.json`"),
    ),
    responses((status = 101, description = "The socket is open; `hello` is awaited."), SocketRefusals),
)]
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    if !app.origins.allow_upgrade(&headers) {
        tracing::warn!("a page of another origin tried to connect");
        return Err(ProblemCode::OriginNotAllowed.into());
    }
    let upgrade = upgrade.map_err(|_| {
        let problem = Problem::from(ProblemCode::UpgradeRequired);
        problem.with_header(UPGRADE, HeaderValue::from_static("websocket"))
    })?;
    let upgrade = limited(upgrade).protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(ProblemCode::SubprotocolRequired.into());
    }
    if app.sockets.drain.is_cancelled() {
        let problem = Problem::from(ProblemCode::Draining);
        return Err(problem.with_header(RETRY_AFTER, HeaderValue::from_static("1")));
    }
    let Ok(slot) = Arc::clone(&app.sockets.free).try_acquire_owned() else {
        let problem = Problem::from(ProblemCode::TooManySockets);
        return Err(problem.with_header(RETRY_AFTER, HeaderValue::from_static("5")));
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
