//! A provider's bytes for a person: as text, or base64 where they are none; and what stands in them, as far as that can
//! be read. Nothing here trusts them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;
use utoipa::ToSchema;

const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes that came, and what stands in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterPayload)]
pub struct Payload {
    /// The bytes, where they are UTF-8.
    #[schema(required)]
    pub text: Option<String>,
    /// The bytes in base64, where they are not.
    #[schema(required)]
    pub base64: Option<String>,
    /// JSON as it is; of a form the list of its fields, each with `name` and `value`; `null`: it is neither.
    #[schema(required, value_type = Value)]
    pub decoded: Option<Value>,
}

/// Reads a payload.
#[must_use]
pub fn read(content_type: Option<&str>, bytes: &[u8]) -> Payload {
    let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
    Payload {
        base64: text.is_none().then(|| STANDARD.encode(bytes)),
        decoded: decoded(content_type, bytes),
        text,
    }
}

fn decoded(content_type: Option<&str>, bytes: &[u8]) -> Option<Value> {
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case(FORM) {
        let fields = form_urlencoded::parse(bytes);
        let fields = fields.map(|(name, value)| json!({ "name": name, "value": value }));
        return Some(fields.collect());
    }
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json_are_read_and_anything_else_is_kept() {
        let form = read(Some("application/x-www-form-urlencoded; charset=UTF-8"), b"A=b+c&D=%1B");
        let fields = json!([{ "name": "A", "value": "b c" }, { "name": "D", "value": "\u{1b}" }]);
        assert_eq!((form.text.as_deref(), form.decoded), (Some("A=b+c&D=%1B"), Some(fields)));
        let telnyx = read(Some("application/json"), br#"{"data":{"id":1}}"#);
        assert_eq!(telnyx.decoded, Some(json!({ "data": { "id": 1 } })));
        let binary = read(None, &[0xff, 0x1b]);
        assert_eq!((binary.text, binary.base64.as_deref()), (None, Some("/xs=")));
        assert_eq!(binary.decoded, None);
        assert_eq!(read(Some("application/json"), b"{").decoded, None);
    }
}
