//! The worker's own port: for the other services and for the backend, never for browsers. Whoever asks shows a token
//! before anything else is looked at.

pub(crate) mod answer;
mod auth;
pub(crate) mod dead_letters;
pub(crate) mod json;
pub(crate) mod problem;
mod refusal;
pub(crate) mod resources;
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
use self::dead_letters::{Asked, DeadLetters};
pub(crate) use self::refusal::Refusal;
use self::resources::Resources;
#[cfg(test)]
pub(crate) use self::router::paths;
use self::router::{Route, Router};
use crate::gatekeeper::Gatekeeper;
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
    gatekeeper: Gatekeeper,
    resources: Resources,
    dead_letters: DeadLetters,
}

impl App {
    pub(crate) fn new(
        tokens: &[SecretString],
        recordings: Recordings,
        gatekeeper: Gatekeeper,
        resources: Resources,
        dead_letters: DeadLetters,
    ) -> anyhow::Result<Self> {
        let (tokens, router) = (ServiceTokens::new(tokens), Router::new()?);
        Ok(Self { tokens, router, recordings, gatekeeper, resources, dead_letters })
    }

    async fn serve(
        &self,
        request: Request<Incoming>,
        request_id: &str,
    ) -> Result<Response<Body>, Refusal> {
        self.tokens.check(request.headers())?;
        let (head, body) = request.into_parts();
        let answer = match self.router.route(&head.method, head.uri.path())? {
            Route::Recording { call_log_id } => {
                return Ok(self.recordings.answer(call_log_id, &head.headers, request_id).await);
            }
            Route::Check => {
                let body = json::read(&head.headers, body).await?;
                self.gatekeeper.check(&body).await?
            }
            Route::Money(movement) => {
                let asked = self.gatekeeper.read(&head, body, request_id).await?;
                self.gatekeeper.move_money(movement, asked).await?
            }
            Route::Resource(resource) => {
                let body = json::read(&head.headers, body).await?;
                self.resources.put(resource, &body).await?
            }
            Route::DeadLetters(Asked::List) => {
                self.dead_letters.list(head.uri.query().unwrap_or_default()).await?
            }
            Route::DeadLetters(Asked::Details(id)) => self.dead_letters.show(id).await?,
            Route::DeadLetters(Asked::Decision(decision)) => {
                let body = json::read(&head.headers, body).await?;
                self.dead_letters.decide(decision, &body).await?
            }
        };
        Ok(answer.into_response(request_id))
    }
}

/// Answers a request.
pub(crate) async fn answer(app: Arc<App>, request: Request<Incoming>) -> Response<Body> {
    let request_id = given_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    let method = request.method().clone();
    let mut response = app.serve(request, &request_id).await.unwrap_or_else(|refusal| {
        let reason = refusal.code();
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
