//! The messages of `curbe.v1.json` that are no numbered frames.

use curbe_domain::money::Money;
use serde::{Deserialize, Serialize};

use crate::store::Wallet;

/// The subprotocol that a browser must ask for.
pub(super) const SUBPROTOCOL: &str = "curbe.v1.json";

/// What a browser says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromBrowser {
    /// The first message: who it is.
    Hello {
        /// A token as the API takes it. Never in the address: addresses are logged.
        token: String,
        /// The number it has come to before. Going on from there is not offered yet: every welcome starts anew.
        #[serde(default, rename = "since")]
        _since: Option<i64>,
    },
    /// Anything that a later version of the protocol may say.
    #[serde(other)]
    Unknown,
}

/// What a browser is told beside the frames.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum ToBrowser<'a> {
    /// The answer to `hello`: where things stand.
    Welcome {
        /// Everything up to this number is contained in `data` and in what the API answers from now on.
        seq: i64,
        /// Whether what was missed since `since` follows.
        resumed: bool,
        /// How often a heartbeat comes.
        heartbeat_seconds: u64,
        /// The wallet.
        data: Standing<'a>,
    },
    /// "You have everything of yours up to here."
    Heartbeat {
        /// The number.
        seq: i64,
    },
}

/// How a wallet stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing<'a> {
    balance: Money,
    available: Money,
    currency: &'a str,
    status: &'a str,
}

impl<'a> From<&'a Wallet> for Standing<'a> {
    fn from(wallet: &'a Wallet) -> Self {
        Self {
            balance: wallet.balance,
            available: wallet.available(),
            currency: &wallet.currency,
            status: &wallet.status,
        }
    }
}

impl ToBrowser<'_> {
    /// As text.
    pub(super) fn to_json(&self) -> String {
        // Strings and numbers always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_documented() {
        let data = Standing {
            balance: "12.34".parse().unwrap(),
            available: "10".parse().unwrap(),
            currency: "USD",
            status: "active",
        };
        let welcome = ToBrowser::Welcome { seq: 57, resumed: false, heartbeat_seconds: 15, data };
        assert_eq!(
            welcome.to_json(),
            r#"{"type":"welcome","seq":57,"resumed":false,"heartbeatSeconds":15,"data":{"balance":"12.3400","available":"10.0000","currency":"USD","status":"active"}}"#
        );
        assert_eq!(ToBrowser::Heartbeat { seq: 60 }.to_json(), r#"{"type":"heartbeat","seq":60}"#);
    }

    #[test]
    fn a_hello_is_read_and_what_is_unknown_is_left_alone() {
        let read = serde_json::from_str::<FromBrowser>;
        for text in [
            r#"{"type":"hello","token":"t"}"#,
            r#"{"type":"hello","token":"t","since":57,"more":1}"#,
        ] {
            assert!(
                matches!(read(text), Ok(FromBrowser::Hello { token, .. }) if token == "t"),
                "{text}"
            );
        }
        assert!(matches!(read(r#"{"type":"later","data":{}}"#), Ok(FromBrowser::Unknown)));
        for text in
            ["", "hello", "[]", "{}", r#"{"type":"hello"}"#, r#"{"type":"hello","token":1}"#]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
