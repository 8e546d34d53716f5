//! The body of a request, as JSON.

use std::time::Duration;

use curbe_platform::http::{BodyError, read_body};
use hyper::StatusCode;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use serde::de::{self, DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::refusal::Refusal;

/// More than any body here needs.
const BODY_BYTES_MAX: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads it, whole.
///
/// # Errors
/// It is not marked as JSON, too large, too slow, or broke off.
pub(crate) async fn read(headers: &HeaderMap, body: Incoming) -> Result<Bytes, Refusal> {
    // What is empty has no type either; whether it may be is the reader's to say.
    if !is_json(headers) && !body.is_end_stream() {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "unsupported_media_type", "Unsupported Media Type"));
    }
    read_body(body, BODY_BYTES_MAX, BODY_TIMEOUT).await.map_err(|error| match error {
        BodyError::TooLarge => {
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Content Too Large")
        }
        BodyError::TimedOut => {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "Request Timeout")
        }
        BodyError::Broken => Refusal::bad_request("malformed_body", "The body broke off."),
    })
}

/// What it says.
///
/// # Errors
/// It is no JSON, or not what is expected.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    // A list would be taken for the members in their order.
    let read = if is_object { serde_json::from_slice(bytes) } else { no_object(bytes) };
    read.map_err(|error| match error.classify() {
        Category::Data => invalid(format!("The body: {error}.")),
        Category::Syntax | Category::Eof | Category::Io => {
            Refusal::bad_request("malformed_body", "The body is no JSON.")
        }
    })
}

/// 422: JSON, but not what is expected.
pub(crate) fn invalid(detail: impl Into<String>) -> Refusal {
    Refusal::unprocessable("invalid_body", detail)
}

fn no_object<T>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    Err(de::Error::custom("it is no object"))
}

/// `application/json`, whatever its parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = given.and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[serde(rename = "name")]
        _name: String,
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is_not_expected() {
        assert!(parse::<Thing>(br#"{"name":"a"}"#).is_ok());
        for (body, code) in [
            ("", "malformed_body"),
            ("{", "malformed_body"),
            ("name=a", "malformed_body"),
            ("{}", "invalid_body"),
            ("[\"a\"]", "invalid_body"),
            (r#"{"name":1}"#, "invalid_body"),
            (r#"{"name":"a","more":1}"#, "invalid_body"),
        ] {
            assert_eq!(parse::<Thing>(body.as_bytes()).unwrap_err().code(), code, "{body}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused_for_a_reason(bytes: Vec<u8>, name: String, at: Index, byte: u8) {
            let good = serde_json::json!({ "name": name }).to_string().into_bytes();
            prop_assert!(parse::<Thing>(&good).is_ok());
            let mut changed = good.clone();
            let at = at.index(good.len());
            changed[at] = byte;
            for body in [&bytes[..], &changed, &good[..at]] {
                if let Err(refusal) = parse::<Thing>(body) {
                    prop_assert!(["malformed_body", "invalid_body"].contains(&refusal.code()));
                }
            }
            prop_assert!(parse::<Thing>(&good[..at]).is_err());
        }

        #[test]
        fn no_depth_overflows_the_stack(depth in 0_usize..60_000, opening in select([b'[', b'{'].as_slice())) {
            let body = [br#"{"name":"#, vec![opening; depth].as_slice()].concat();
            prop_assert!(parse::<Thing>(&body).is_err());
        }
    }
}
