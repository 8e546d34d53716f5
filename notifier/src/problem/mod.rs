//! Errors as browsers see them: `application/problem+json` (RFC 9457) with a stable `code` and the `requestId`.
//!
//! A handler returns a [`Problem`]; the outermost layer, which knows the request's id, writes the body.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use problem_details::ProblemDetails;
use serde::Serialize;

use crate::auth::Refusal;
use crate::store;

/// Why a request was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    parameter: Option<String>,
    header: Option<(HeaderName, &'static str)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

impl Problem {
    /// A problem in general.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: &str) -> Self {
        Self { status, code, detail: detail.to_owned(), parameter: None, header: None }
    }

    /// 400: one parameter cannot be used.
    pub(crate) fn parameter(name: &str, reason: &str) -> Self {
        let detail = format!("The parameter \"{name}\" {reason}.");
        let problem = Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", &detail);
        Self { parameter: Some(name.to_owned()), ..problem }
    }

    /// 401: nobody we know.
    pub(crate) fn unauthorized(detail: &str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        problem.with_header(WWW_AUTHENTICATE, "Bearer")
    }

    /// 404: not there, or not for this caller: the answers do not differ.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here for you.")
    }

    /// 405: the path exists, not for this method. The router names those that do in `Allow`.
    pub(crate) fn method_not_allowed() -> Self {
        let detail = "This path does not know the method; see Allow for those it does.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// 500: our fault.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side.",
        )
    }

    /// 503: not at the moment.
    pub(crate) fn unavailable() -> Self {
        let detail = "This cannot be answered at the moment; ask again shortly.";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        problem.with_header(RETRY_AFTER, "1")
    }

    /// With one more header.
    pub(crate) fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// The response, with those headers that the layers below have set.
    pub(crate) fn render(&self, beneath: Response, request_id: &str) -> Response {
        let members = Members { code: self.code, request_id, parameter: self.parameter.as_deref() };
        let details = ProblemDetails::from_status_code(self.status)
            .with_detail(self.detail.as_str())
            .with_extensions(members);
        // Strings and a number always serialize.
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let (mut parts, _) = beneath.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Response::from_parts(parts, Body::from(body))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header.clone() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "Postgres did not answer");
            Self::unavailable()
        } else {
            tracing::error!(%error, "Postgres answered with an error");
            Self::internal()
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
    Problem::method_not_allowed()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::header::ALLOW;

    use super::*;

    #[tokio::test]
    async fn the_body_names_the_code_the_request_and_the_parameter() {
        let mut beneath = Problem::parameter("limit", "is no number").into_response();
        beneath.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        beneath.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let problem = beneath.extensions_mut().remove::<Problem>().unwrap();
        let response = problem.render(beneath, "r-1");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[ALLOW], "GET");
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], 400);
        assert_eq!(body["title"], "Bad Request");
        assert_eq!(body["code"], "invalid_parameter");
        assert_eq!(body["requestId"], "r-1");
        assert_eq!(body["parameter"], "limit");
    }
}
