//! What a request is answered with, before it is on the wire: it may be kept, and told again to who asks again.

use std::collections::BTreeMap;

use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::Body;
use super::problem::MEDIA_TYPE;

const REQUEST_ID: &str = "requestId";

/// A status and JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Self {
        // Texts, amounts and times of our own making always serialize.
        Self { status, body: serde_json::to_value(body).unwrap_or_default() }
    }

    /// The response that carries it. Its members are in the order of their names, so that what was kept in the database,
    /// which has an order of its own, is told again byte for byte; a problem names this very request.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let is_problem = self.status.is_client_error() || self.status.is_server_error();
        let mut members: BTreeMap<String, Value> =
            serde_json::from_value(self.body).unwrap_or_default();
        if is_problem {
            members.insert(REQUEST_ID.to_owned(), request_id.into());
        }
        let body = Full::from(serde_json::to_vec(&members).unwrap_or_default());
        let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
        *response.status_mut() = self.status;
        let media_type = if is_problem { MEDIA_TYPE } else { "application/json" };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn told(status: StatusCode, body: Value) -> (String, String) {
        let response = Answer { status, body }.into_response("r-1");
        let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (media_type, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn whatever_the_order_it_was_kept_in_it_is_told_in_one() {
        let (media_type, first) = told(StatusCode::OK, json!({ "b": 1, "a": { "c": 2 } })).await;
        assert_eq!(
            (media_type.as_str(), first.as_str()),
            ("application/json", r#"{"a":{"c":2},"b":1}"#)
        );
        let kept = told(StatusCode::OK, json!({ "a": { "c": 2 }, "b": 1 })).await;
        assert_eq!(kept.1, first);
    }

    #[tokio::test]
    async fn a_problem_names_the_request_that_it_is_told_to() {
        let told = told(StatusCode::CONFLICT, json!({ "code": "expired" })).await;
        let expected = r#"{"code":"expired","requestId":"r-1"}"#;
        assert_eq!(told, (MEDIA_TYPE.to_owned(), expected.to_owned()));
    }
}
