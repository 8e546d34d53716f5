//! Why a webhook was not taken, and what its sender is told: less than we know.

use curbe_platform::http::{BodyError, Problem};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Method, Response, StatusCode};

/// When a sender may try again, in seconds: a reconnect to the queue takes less.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// A refusal, in the order in which they are decided. The reasons are for logs and metrics alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// No such path.
    NotFound,
    /// The path has another method.
    MethodNotAllowed { allowed: Method },
    /// The body could not be had.
    Body(BodyError),
    /// Not proven to come from a provider.
    Forbidden { reason: &'static str },
    /// Signed, but in a format that is not read.
    UnsupportedMediaType { reason: &'static str },
    /// Signed, and in a format that is read, but it does not say which call it is about.
    Unreadable { reason: &'static str, detail: String },
    /// Signed, but not known to be durable.
    Unavailable { reason: &'static str, detail: String },
}

impl Rejection {
    /// A label for logs and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Body(BodyError::TooLarge) => "body_too_large",
            Self::Body(BodyError::TimedOut) => "body_timed_out",
            Self::Body(BodyError::Broken) => "body_broken",
            Self::Forbidden { reason }
            | Self::UnsupportedMediaType { reason }
            | Self::Unreadable { reason, .. }
            | Self::Unavailable { reason, .. } => reason,
        }
    }

    /// More words for the log line.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Unreadable { detail, .. } | Self::Unavailable { detail, .. } => Some(detail),
            Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::Body(_)
            | Self::Forbidden { .. }
            | Self::UnsupportedMediaType { .. } => None,
        }
    }

    /// What the sender gets. 403 is empty: nothing tells a forger how near he came.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Full<Bytes>> {
        let (status, code, title) = match &self {
            Self::Forbidden { .. } => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::FORBIDDEN;
                return response;
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not Found"),
            Self::MethodNotAllowed { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed")
            }
            Self::Body(BodyError::TooLarge) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Content Too Large")
            }
            Self::Body(BodyError::TimedOut) => {
                (StatusCode::REQUEST_TIMEOUT, "body_timed_out", "Request Timeout")
            }
            Self::Body(BodyError::Broken) => {
                (StatusCode::BAD_REQUEST, "body_broken", "Bad Request")
            }
            Self::UnsupportedMediaType { .. } => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Unsupported Media Type",
            ),
            Self::Unreadable { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unreadable", "Unprocessable Content")
            }
            Self::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service Unavailable")
            }
        };
        let problem = Problem { title, status: status.as_u16(), code, request_id };
        let mut response = problem.into_response();
        match self {
            Self::MethodNotAllowed { allowed } => {
                if let Ok(allowed) = HeaderValue::from_str(allowed.as_str()) {
                    response.headers_mut().insert(ALLOW, allowed);
                }
            }
            Self::Unavailable { .. } => {
                response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            Self::NotFound
            | Self::Body(_)
            | Self::Forbidden { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::Unreadable { .. } => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;
    use hyper::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn a_forger_is_told_nothing() {
        let response = Rejection::Forbidden { reason: "mismatch" }.into_response("r");
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(response.headers().is_empty() && response.body().is_end_stream());
    }

    #[test]
    fn everybody_else_gets_a_problem() {
        let detail = "the broker's own words".to_owned();
        for (rejection, status) in [
            (Rejection::NotFound, 404),
            (Rejection::MethodNotAllowed { allowed: Method::POST }, 405),
            (Rejection::Body(BodyError::TimedOut), 408),
            (Rejection::Body(BodyError::TooLarge), 413),
            (Rejection::UnsupportedMediaType { reason: "content_type" }, 415),
            (Rejection::Unreadable { reason: "unreadable", detail: detail.clone() }, 422),
            (Rejection::Unavailable { reason: "queue_unreachable", detail }, 503),
        ] {
            let response = rejection.clone().into_response("r");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            let allow = response.headers().get(ALLOW).map(HeaderValue::as_bytes);
            assert_eq!(allow, (status == 405).then_some(&b"POST"[..]));
            assert_eq!(response.headers().contains_key(RETRY_AFTER), status == 503);
        }
    }
}
