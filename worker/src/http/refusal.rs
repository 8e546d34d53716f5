//! Why a request was not answered as asked, as a problem (RFC 9457).

use curbe_platform::http::Problem;
use http_body_util::BodyExt as _;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};

use super::Body;

/// When to ask again, in seconds: a connection to the database takes less.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// In general; the title is the same for every occurrence of the code.
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, header: None }
    }

    /// 401: no token of ours.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 404: not there.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not Found")
    }

    /// 405: the path has another method.
    pub(crate) fn method_not_allowed(allowed: &Method) -> Self {
        let refusal =
            Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
        match HeaderValue::from_str(allowed.as_str()) {
            Ok(allowed) => refusal.with_header(ALLOW, allowed),
            Err(_) => refusal,
        }
    }

    /// 503: the database is away.
    pub(crate) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service Unavailable")
            .with_header(RETRY_AFTER, RETRY_AFTER_SECONDS)
    }

    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// What went wrong, for programs.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The response that carries it.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let Self { status, code, title, header } = self;
        let problem = Problem { title, status: status.as_u16(), code, request_id };
        let mut response =
            problem.into_response().map(|body| body.map_err(|never| match never {}).boxed_unsync());
        response.headers_mut().extend(header);
        response
    }
}
