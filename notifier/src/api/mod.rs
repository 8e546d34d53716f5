//! The addresses that browsers know, one file a resource.

mod call_logs;
mod cursor;
mod dates;
mod parameters;
mod receipt;
mod wallet_balance;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::from_fn;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;
use crate::origin::Origins;
use crate::problem::{no_method, no_route};
use crate::request::{REQUEST_ID, observe, panicked};
use crate::store::{Caller, Role, Whose};
use crate::websocket;

/// How long a browser may remember what it was allowed.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// Everything on the public port.
pub(crate) fn router(app: Arc<App>) -> Router {
    let cors = cors(app.origins.clone());
    Router::new()
        .route("/api/wallet/balance", get(wallet_balance::show))
        .route("/api/logs", get(call_logs::list))
        .route("/api/logs/{id}", get(receipt::show))
        .route("/api/ws", get(websocket::upgrade))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .layer(from_fn(observe))
        .with_state(app)
}

/// Pages of allowed origins may read the answers. Tokens are sent by scripts, never by the browser itself, so no
/// credentials are allowed.
fn cors(origins: Origins) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &Parts| origins.allow(origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, REQUEST_ID])
        .expose_headers([ETAG, REQUEST_ID])
        .max_age(PREFLIGHT_MAX_AGE)
}

/// Whose calls a caller may see.
fn visible_to(caller: &Caller) -> Whose {
    match caller.role {
        Role::Member => Whose::User(caller.user_id),
        Role::Admin => Whose::Everybody,
    }
}
