//! Why a request was not answered as asked, as a problem (RFC 9457).

use curbe_domain::money::Money;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};

use super::Body;
use super::answer::Answer;
use super::problem::{Funds, ProblemBody};

/// When to ask again, in seconds: a connection to the database takes less.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    // Boxed, as they are rare: every answer has room for a refusal.
    funds: Option<Box<Funds>>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Refusal {
    /// In general; the title is the same for every occurrence of the code.
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: None, funds: None, header: None }
    }

    /// 400: the request is not what it must be.
    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "Bad Request").with_detail(detail)
    }

    /// 401: no token of ours.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 402: not enough money.
    pub(crate) fn insufficient_funds(required: Money, available: Money, currency: &str) -> Self {
        let (required, available) = (Some(required), Some(available));
        let currency = Some(currency.to_owned());
        let title = "Insufficient Funds";
        Self::new(StatusCode::PAYMENT_REQUIRED, "insufficient_funds", title).with_funds(Funds {
            required,
            available,
            currency,
            ..Funds::default()
        })
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

    /// 409: not as things stand.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Conflict").with_detail(detail)
    }

    /// 422: JSON, but not what is expected here.
    pub(crate) fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "Unprocessable Content")
            .with_detail(detail)
    }

    /// 500: something went wrong on our side.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal Server Error")
    }

    /// 503: the database, or the cache, is away.
    pub(crate) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service Unavailable")
            .with_header(RETRY_AFTER, RETRY_AFTER_SECONDS)
    }

    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub(crate) fn with_funds(self, funds: Funds) -> Self {
        Self { funds: Some(Box::new(funds)), ..self }
    }

    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    /// What went wrong, for programs.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// What it says, without the request that it is said to.
    pub(crate) fn to_answer(&self) -> Answer {
        let problem = ProblemBody {
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            funds: self.funds.as_deref().cloned().unwrap_or_default(),
            request_id: None,
        };
        Answer::new(self.status, &problem)
    }

    /// The response that carries it.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let mut response = self.to_answer().into_response(request_id);
        response.headers_mut().extend(self.header.map(|header| *header));
        response
    }
}
