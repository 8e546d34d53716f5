//! What a browser says on its socket.

use serde::Deserialize;
use utoipa::ToSchema;

/// What a browser says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum FromBrowser {
    /// The first message, within ten seconds: who it is.
    Hello {
        /// A token as the API takes it. Never in the address: addresses are logged.
        token: String,
        /// The number that it has come to before; what was missed since follows.
        #[serde(default)]
        since: Option<i64>,
    },
    /// A new token of the same user, before the old one ends.
    Refresh {
        /// The token.
        token: String,
    },
    /// Anything that a later version of the protocol may say.
    // Never written; said so, it is left out of the schema.
    #[serde(other, skip_serializing)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_browser_says_is_read_and_what_is_unknown_is_left_alone() {
        let read = serde_json::from_str::<FromBrowser>;
        for (text, expected) in [
            (r#"{"type":"hello","token":"t"}"#, None),
            (r#"{"type":"hello","token":"t","since":null}"#, None),
            (r#"{"type":"hello","token":"t","since":57,"more":1}"#, Some(57)),
            (r#"{"type":"hello","token":"t","since":-1}"#, Some(-1)),
        ] {
            let Ok(FromBrowser::Hello { token, since }) = read(text) else { panic!("{text}") };
            assert_eq!((token.as_str(), since), ("t", expected), "{text}");
        }
        let refresh = read(r#"{"type":"refresh","token":"t"}"#);
        assert!(matches!(refresh, Ok(FromBrowser::Refresh { token }) if token == "t"));
        assert!(matches!(read(r#"{"type":"later","data":{}}"#), Ok(FromBrowser::Unknown)));
        for text in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"type":"hello"}"#,
            r#"{"type":"hello","token":1}"#,
            r#"{"type":"hello","token":"t","since":"57"}"#,
            r#"{"type":"hello","token":"t","since":1.5}"#,
            r#"{"type":"refresh"}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    fn near_messages() -> impl Strategy<Value = String> {
        let kind = prop_oneof![
            select(["hello", "refresh", "later", ""].as_slice()).prop_map(str::to_owned),
            any::<String>()
        ];
        let since = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            select(vec![json!(null), json!("57"), json!([1]), json!(u64::MAX)]),
        ];
        (kind, any::<String>(), since).prop_map(|(kind, token, since)| {
            json!({ "type": kind, "token": token, "since": since }).to_string()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_read_or_refused(text: String, near in near_messages(), at: Index) {
            serde_json::from_str::<FromBrowser>(&text).ok();
            if let Ok(FromBrowser::Hello { token, since }) = serde_json::from_str(&near) {
                let said: Value = serde_json::from_str(&near).unwrap();
                prop_assert_eq!(said["token"].as_str(), Some(token.as_str()));
                prop_assert_eq!(said["since"].as_i64(), since);
            }
            let cut: String = near.chars().take(at.index(near.chars().count())).collect();
            prop_assert!(serde_json::from_str::<FromBrowser>(&cut).is_err());
        }
    }
}
