//! The addresses that browsers know, one file a resource.

mod call_check;
mod call_logs;
mod cursor;
mod dates;
mod json_body;
mod paging;
mod parameters;
mod receipt;
mod recording;
mod running_calls;
mod wallet_balance;
mod wallet_transactions;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    ACCEPT, ACCEPT_RANGES, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, IF_RANGE, RANGE, RETRY_AFTER,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::from_fn;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::openapi;
use crate::origin::Origins;
use crate::page;
use crate::problem::{no_method, no_route};
use crate::request::{REQUEST_ID, observe, panicked};
use crate::store::{Caller, Role, Whose};
use crate::websocket;

/// What a page may send along.
const ASKED: [HeaderName; 7] =
    [ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, IF_RANGE, RANGE, REQUEST_ID];
/// What a page may read of an answer.
const TOLD: [HeaderName; 6] =
    [ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, REQUEST_ID, RETRY_AFTER];
/// How long a browser may remember what it was allowed.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// Every path of the API with its description: what is not described is not served.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(wallet_balance::show))
        .routes(routes!(wallet_transactions::list))
        .routes(routes!(call_logs::list))
        .routes(routes!(receipt::show))
        .routes(routes!(recording::show))
        .routes(routes!(call_check::check))
        .routes(routes!(running_calls::list))
        .routes(routes!(websocket::upgrade))
        .routes(routes!(openapi::show))
}

/// Everything on the public port.
pub(crate) fn router(app: Arc<App>) -> Router {
    let cors = cors(app.origins.clone());
    let (router, _) = routes().split_for_parts();
    router
        .merge(page::router())
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(json_body::BODY_BYTES_MAX))
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
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(ASKED)
        .expose_headers(TOLD)
        .max_age(PREFLIGHT_MAX_AGE)
}

/// Whose calls a caller may see.
fn visible_to(caller: &Caller) -> Whose {
    match caller.role {
        Role::Member => Whose::User(caller.user_id),
        Role::Admin => Whose::Everybody,
    }
}
