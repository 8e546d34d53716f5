//! The messages of `curbe.v1.json` that are no numbered frames.
//!
//! What a `seq` tells a browser:
//!
//! - on a frame or a heartbeat: "you have everything of yours up to here";
//! - in a `welcome` with `resumed: false`: the same, as `data` and what the API answers from now on contain it. Whatever
//!   the browser knew before is to be asked for anew;
//! - in a `welcome` with `resumed: true`: "what you missed after your `since`, up to here, follows now, each frame once and
//!   in order, and after it what is new". The browser has come no further than `since` yet; only `data` is already that
//!   of the later number.
//!
//! A second `welcome` on the same socket, always with `resumed: false`, comes where the user's role or wallet has changed:
//! after a `refresh`, or within a minute.

use curbe_domain::money::Money;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::words;
use crate::store::Wallet;

/// The subprotocol that a browser must ask for.
pub(super) const SUBPROTOCOL: &str = "curbe.v1.json";

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

/// What a browser is told beside the frames.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToBrowser {
    /// The answer to `hello`: where things stand.
    #[serde(rename_all = "camelCase")]
    Welcome {
        /// With `resumed`: the number up to which what was missed follows. Else: the number that everything up to is
        /// contained in `data` and in what the API answers from now on.
        seq: i64,
        /// Whether what was missed since `since` follows. If not, the API is to be asked anew.
        resumed: bool,
        /// How often a heartbeat comes.
        heartbeat_seconds: u64,
        /// The wallet as it stands at `seq`.
        data: Standing,
    },
    /// "You have everything of yours up to here."
    Heartbeat {
        /// The number.
        seq: i64,
    },
    /// Too much was missed to be told one by one: the API is to be asked anew.
    Resync {},
    /// The token ends soon: the socket is closed then, unless a `refresh` comes before.
    #[serde(rename_all = "camelCase")]
    TokenExpiring {
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        expires_at: OffsetDateTime,
    },
    /// The answer to `refresh`: the socket goes on with the new token.
    #[serde(rename_all = "camelCase")]
    Refreshed {
        /// When that one ends.
        #[serde(with = "time::serde::rfc3339")]
        expires_at: OffsetDateTime,
    },
}

/// How a wallet stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standing {
    /// What the ledger adds up to.
    balance: Money,
    /// What open calls and purchases take of it.
    held: Money,
    /// What is left for new calls.
    available: Money,
    /// ISO 4217.
    #[schema(schema_with = words::currency)]
    currency: String,
    /// `active` or `suspended`.
    #[schema(schema_with = words::wallet_status)]
    status: String,
}

impl From<&Wallet> for Standing {
    fn from(wallet: &Wallet) -> Self {
        Self {
            balance: wallet.balance,
            held: wallet.held,
            available: wallet.available(),
            currency: wallet.currency.clone(),
            status: wallet.status.clone(),
        }
    }
}

impl ToBrowser {
    /// As text.
    pub(super) fn to_json(&self) -> String {
        // Strings, numbers and times of four-digit years always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The label of `curbe_frames_sent_total`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Resync {} => "resync",
            Self::TokenExpiring { .. } => "token_expiring",
            Self::Refreshed { .. } => "refreshed",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn messages_are_written_as_documented() {
        let data = Standing {
            balance: "12.34".parse().unwrap(),
            held: "2.34".parse().unwrap(),
            available: "10".parse().unwrap(),
            currency: "USD".to_owned(),
            status: "active".to_owned(),
        };
        let expires_at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        for (message, text) in [
            (
                ToBrowser::Welcome { seq: 57, resumed: true, heartbeat_seconds: 15, data },
                r#"{"type":"welcome","seq":57,"resumed":true,"heartbeatSeconds":15,"data":{"balance":"12.3400","held":"2.3400","available":"10.0000","currency":"USD","status":"active"}}"#,
            ),
            (ToBrowser::Heartbeat { seq: 60 }, r#"{"type":"heartbeat","seq":60}"#),
            (ToBrowser::Resync {}, r#"{"type":"resync"}"#),
            (
                ToBrowser::TokenExpiring { expires_at },
                r#"{"type":"token_expiring","expiresAt":"2027-01-15T08:00:00Z"}"#,
            ),
            (
                ToBrowser::Refreshed { expires_at },
                r#"{"type":"refreshed","expiresAt":"2027-01-15T08:00:00Z"}"#,
            ),
        ] {
            assert_eq!(message.to_json(), text);
            assert!(text.starts_with(&format!(r#"{{"type":"{}""#, message.kind())));
        }
    }

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
