//! Errors as browsers see them: `application/problem+json` (RFC 9457) with a stable `code` and the `requestId`.
//!
//! A handler returns a [`Problem`]; the outermost layer, which knows the request's id, writes the body.

mod body;
mod code;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use curbe_domain::money::Money;

use crate::auth::Refusal;
use crate::store;

pub(crate) use body::ProblemBody;
pub(crate) use code::ProblemCode;

/// How a problem is marked on the wire.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    code: ProblemCode,
    detail: String,
    parameter: Option<String>,
    // Boxed, as they are rare: every handler's answer has room for a problem.
    shortfall: Option<Box<Shortfall>>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// What would have been enough, and what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// What is asked for.
    pub(crate) required: Money,
    /// What the wallet has for it.
    pub(crate) available: Money,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl Problem {
    /// A problem, in words that fit this very request.
    pub(crate) fn new(code: ProblemCode, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..Self::from(code) }
    }

    /// 400: one parameter cannot be used.
    pub(crate) fn parameter(name: &str, reason: &str) -> Self {
        let detail = format!("The parameter \"{name}\" {reason}.");
        let problem = Self::new(ProblemCode::InvalidParameter, &detail);
        Self { parameter: Some(name.to_owned()), ..problem }
    }

    /// 401: nobody we know.
    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(ProblemCode::Unauthorized, detail)
    }

    /// 402: not enough money.
    pub(crate) fn insufficient_funds(shortfall: Shortfall) -> Self {
        Self { shortfall: Some(Box::new(shortfall)), ..ProblemCode::InsufficientFunds.into() }
    }

    /// 404: not there, or not for this caller: the answers do not differ.
    pub(crate) fn not_found() -> Self {
        ProblemCode::NotFound.into()
    }

    /// With one more header.
    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    /// The response, with those headers that the layers below have set.
    pub(crate) fn render(&self, beneath: Response, request_id: &str) -> Response {
        // Strings and a number always serialize.
        let body = serde_json::to_vec(&ProblemBody::new(self, request_id)).unwrap_or_default();
        let (mut parts, _) = beneath.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Response::from_parts(parts, Body::from(body))
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        let header = match code.status().as_u16() {
            401 => Some((WWW_AUTHENTICATE, "Bearer")),
            429 | 503 => Some((RETRY_AFTER, "1")),
            _ => None,
        };
        let header = header.map(|(name, value)| Box::new((name, HeaderValue::from_static(value))));
        let detail = code.detail().to_owned();
        Self { code, detail, parameter: None, shortfall: None, header }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        if let Some(header) = &self.header {
            response.headers_mut().insert(header.0.clone(), header.1.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "Postgres did not answer");
            ProblemCode::Unavailable.into()
        } else {
            tracing::error!(%error, "Postgres answered with an error");
            ProblemCode::Internal.into()
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired => Self::unauthorized("The token has expired."),
            Refusal::Invalid => Self::unauthorized("The token is not valid."),
        }
    }
}

/// For whatever no route answers.
pub(crate) async fn no_route() -> Problem {
    Problem::not_found()
}

/// For a known path with another method.
pub(crate) async fn no_method() -> Problem {
    ProblemCode::MethodNotAllowed.into()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use axum::http::header::ALLOW;
    use serde_json::{Value, json};

    use super::*;

    async fn rendered(problem: Problem) -> (Response<()>, Value) {
        let mut beneath = problem.into_response();
        beneath.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        beneath.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let problem = beneath.extensions_mut().remove::<Problem>().unwrap();
        let (parts, body) = problem.render(beneath, "r-1").into_parts();
        let body = to_bytes(body, 4096).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn the_body_names_the_code_the_request_and_the_parameter() {
        let (response, body) = rendered(Problem::parameter("limit", "is no number")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[ALLOW], "GET");
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
        let expected = json!({
            "title": "Bad Request", "status": 400, "code": "invalid_parameter", "requestId": "r-1",
            "detail": "The parameter \"limit\" is no number.", "parameter": "limit",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn not_enough_money_says_how_much_would_be() {
        let shortfall = Shortfall {
            required: "1".parse().unwrap(),
            available: "0.25".parse().unwrap(),
            currency: "USD".to_owned(),
        };
        let (response, body) = rendered(Problem::insufficient_funds(shortfall)).await;
        assert_eq!(response.status(), StatusCode::PAYMENT_REQUIRED);
        let expected = json!({
            "title": "Insufficient Funds", "status": 402, "code": "insufficient_funds", "requestId": "r-1",
            "detail": "The wallet has not enough for this.",
            "required": "1.0000", "available": "0.2500", "currency": "USD",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn who_may_try_again_is_told_when() {
        for code in [ProblemCode::Unavailable, ProblemCode::TooManyRecordings] {
            let (response, _) = rendered(code.into()).await;
            assert_eq!(response.headers()[RETRY_AFTER], "1");
        }
        let (response, _) = rendered(ProblemCode::Unauthorized.into()).await;
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    }
}
