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
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::words;
use crate::store::Wallet;

/// The subprotocol that a browser must ask for.
pub(super) const SUBPROTOCOL: &str = "curbe.v1.json";

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
}
