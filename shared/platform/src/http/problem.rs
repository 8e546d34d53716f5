//! Errors as `application/problem+json` (RFC 9457), with a stable code and the id of the request.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// What the body says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// What went wrong, for people; the same words for every occurrence.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for programs.
    pub code: &'a str,
    /// The request it happened to.
    pub request_id: &'a str,
}

impl Problem<'_> {
    /// The response that carries it.
    #[must_use]
    pub fn into_response(self) -> Response<Full<Bytes>> {
        // Three strings and a number always serialize.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Full::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_problem_says_what_rfc_9457_asks_for() {
        let problem =
            Problem { title: "Not Found", status: 404, code: "not_found", request_id: "r-1" };
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = r#"{"title":"Not Found","status":404,"code":"not_found","requestId":"r-1"}"#;
        assert_eq!(body, expected);
    }
}
