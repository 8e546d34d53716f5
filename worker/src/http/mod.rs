//! The worker's own port: for the other services and for the backend, never for browsers. Whoever asks shows a token
//! before anything else is looked at.

mod auth;
mod refusal;
mod router;

use std::error::Error;
use std::sync::Arc;

use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response};
use secrecy::SecretString;
use uuid::Uuid;

use self::auth::ServiceTokens;
pub(crate) use self::refusal::Refusal;
use self::router::{Route, Router};
use crate::recordings::Recordings;

/// What is answered with: bytes at hand, or bytes that are still to come and may break off.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_BYTES_MAX: usize = 64;

/// What every request needs.
#[derive(Debug)]
pub(crate) struct App {
    tokens: ServiceTokens,
    router: Router,
    recordings: Recordings,
}

impl App {
    pub(crate) fn new(tokens: &[SecretString], recordings: Recordings) -> anyhow::Result<Self> {
        Ok(Self { tokens: ServiceTokens::new(tokens), router: Router::new()?, recordings })
    }

    async fn serve(
        &self,
        request: &Request<Incoming>,
        request_id: &str,
    ) -> Result<Response<Body>, Refusal> {
        self.tokens.check(request.headers())?;
        match self.router.route(request.method(), request.uri().path())? {
            Route::Recording { call_log_id } => {
                Ok(self.recordings.answer(call_log_id, request.headers(), request_id).await)
            }
        }
    }
}

/// Answers a request.
pub(crate) async fn answer(app: Arc<App>, request: Request<Incoming>) -> Response<Body> {
    let request_id = given_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    let mut response = app.serve(&request, &request_id).await.unwrap_or_else(|refusal| {
        let (reason, method) = (refusal.code(), request.method());
        tracing::warn!(requestId = request_id, reason, %method, "rejected");
        refusal.into_response(&request_id)
    });
    // What is taken over as an id, and what we make, is a valid value.
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The caller's own id, if it is harmless in a log line: one id then leads through both services' logs.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_good = (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_harmless);
    is_good.then(|| text.to_owned())
}
