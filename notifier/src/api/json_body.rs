//! The body of a request, as JSON, with a limit on its length and on the time it may take.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::de::{self, DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use tokio::time::timeout;

use crate::problem::{Problem, ProblemCode};

/// More than any body here needs.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A body that was read.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(ProblemCode::UnsupportedMediaType.into());
        }
        let read = timeout(BODY_TIMEOUT, Bytes::from_request(request, state)).await;
        let bytes = read.map_err(|_| ProblemCode::BodyTimeout)?.map_err(unread)?;
        parse(&bytes).map(Self)
    }
}

/// `application/json`, whatever its parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = given.and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

fn unread(rejection: BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        ProblemCode::BodyTooLarge.into()
    } else {
        ProblemCode::MalformedBody.into()
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    // A list would be taken for the members in their order.
    let read = if is_object { serde_json::from_slice(bytes) } else { no_object(bytes) };
    read.map_err(|error| match error.classify() {
        Category::Data => Problem::new(ProblemCode::InvalidBody, &format!("The body: {error}.")),
        Category::Syntax | Category::Eof | Category::Io => ProblemCode::MalformedBody.into(),
    })
}

fn no_object<T>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    Err(de::Error::custom("it is no object"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        to: String,
    }

    async fn read(content_type: &str, body: &'static str) -> Result<String, Problem> {
        let request = Request::post("/").header(CONTENT_TYPE, content_type).body(Body::from(body));
        let read = JsonBody::<Asked>::from_request(request.unwrap(), &()).await;
        read.map(|JsonBody(asked)| asked.to)
    }

    async fn code(content_type: &str, body: &'static str) -> String {
        let problem = read(content_type, body).await.unwrap_err();
        let problem = format!("{problem:?}");
        problem.split([' ', ',']).nth(3).unwrap().to_owned()
    }

    #[tokio::test]
    async fn json_is_read_whatever_its_charset() {
        for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(read(content_type, r#"{"to":"+1"}"#).await, Ok("+1".to_owned()));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told_apart() {
        for (content_type, body, expected) in [
            ("text/plain", "{}", "UnsupportedMediaType"),
            ("", "{}", "UnsupportedMediaType"),
            ("application/json", "", "MalformedBody"),
            ("application/json", "{", "MalformedBody"),
            ("application/json", "to=+1", "MalformedBody"),
            ("application/json", "{}", "InvalidBody"),
            ("application/json", "[]", "InvalidBody"),
            ("application/json", r#" ["+1"]"#, "InvalidBody"),
            ("application/json", "[,]", "MalformedBody"),
            ("application/json", r#"{"to":"+1","to":"+2"}"#, "InvalidBody"),
            ("application/json", r#"{"to":1}"#, "InvalidBody"),
            ("application/json", r#"{"to":"+1","too":1}"#, "InvalidBody"),
        ] {
            assert_eq!(code(content_type, body).await, expected, "{content_type} {body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let endless =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, axum::Error>>());
        let request = Request::post("/").header(CONTENT_TYPE, "application/json").body(endless);
        let read = JsonBody::<Asked>::from_request(request.unwrap(), &()).await;
        assert_eq!(read.map(|_| ()), Err(ProblemCode::BodyTimeout.into()));
    }
}
