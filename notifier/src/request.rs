//! The outermost layer: every request has an id, every problem a body that names it, every answer a place in the metrics.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::histogram;
use uuid::Uuid;

use crate::measures;
use crate::problem::{Problem, ProblemCode};

/// Carries the id, in both directions.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Wraps the handling of a request.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    let route =
        request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.render(response, &id);
    }
    // What is accepted as an id, and what we make, is a valid value.
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    histogram!(measures::REQUEST_SECONDS, "route" => route.clone(), "status" => status.to_string())
        .record(elapsed);
    tracing::debug!(requestId = id, %method, route, status, "answered");
    response
}

/// The caller's own id, if it is harmless in a log line.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_good = (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_harmless);
    is_good.then(|| text.to_owned())
}

/// A handler panicked. What it said is logged where it happened; the caller learns nothing of it.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::from(ProblemCode::Internal).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_harmless_id_is_taken_over() {
        let given = |text: &'static str| {
            given_id(&HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(text))]))
        };
        assert_eq!(given("abc-1.2_3").as_deref(), Some("abc-1.2_3"));
        for text in [
            "",
            "a b",
            "a\"b",
            "0123456789012345678901234567890123456789012345678901234567890123456789",
        ] {
            assert_eq!(given(text), None, "{text}");
        }
        assert_eq!(given_id(&HeaderMap::new()), None);
    }
}
