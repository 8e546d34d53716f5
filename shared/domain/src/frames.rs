//! What the browser is told: the frames on its socket, and the messages on Redis that carry them there.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::legs::LegKey;
use crate::money::Money;
use crate::providers::Provider;

/// One call as `GET /api/logs` and `new_call_log` give it. The provider's cost is not in it: it never leaves the worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = CallLog))]
#[serde(rename_all = "camelCase")]
pub struct CallLogView {
    /// Our id of the call.
    pub id: Uuid,
    /// The provider's id of the leg.
    pub external_call_id: String,
    /// `twilio`, `telnyx`, `signalwire`.
    #[cfg_attr(feature = "schema", schema(value_type = crate::providers::Provider))]
    pub provider: String,
    /// Whose call it was.
    pub user_id: Uuid,
    /// `inbound` or `outbound`, as the customer sees it.
    #[cfg_attr(feature = "schema", schema(value_type = crate::legs::Direction))]
    pub direction: String,
    /// `From`.
    pub from_number: String,
    /// `To`.
    pub to_number: String,
    /// When it was answered: the end less the duration.
    #[serde(with = "time::serde::rfc3339")]
    pub start_time: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub end_time: OffsetDateTime,
    /// The real duration.
    pub duration_seconds: i32,
    /// The billed duration in minutes, two places.
    #[cfg_attr(feature = "schema", schema(schema_with = crate::schema::minutes))]
    pub billable_minutes: Decimal,
    /// What it cost the customer.
    pub customer_price: Money,
    /// ISO 4217.
    pub currency: String,
    /// Where the recording is, once there is one.
    #[cfg_attr(feature = "schema", schema(required))]
    pub recording_url: Option<String>,
    /// `processing`, `completed`, `failed`, `none`.
    #[cfg_attr(feature = "schema", schema(value_type = crate::legs::RecordingStatus))]
    pub recording_status: String,
    /// `completed`, `busy`, `no_answer`, `failed`, `canceled`, `rejected`.
    #[cfg_attr(feature = "schema", schema(value_type = crate::schema::CallStatus))]
    pub status: String,
}

impl LegKey {
    /// The leg of a logged call.
    #[must_use]
    pub fn of_view(view: &CallLogView) -> Self {
        // The view was written from a leg's key.
        let provider = Provider::parse(&view.provider).unwrap_or(Provider::Twilio);
        Self { provider, leg: view.external_call_id.clone() }
    }
}

/// A numbered frame: one number of the wallet's counter, one row, one frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// The balance moved.
    BalanceUpdated {
        /// Its number.
        seq: i64,
        /// What it says.
        data: BalanceUpdated,
    },
    /// A call was logged.
    NewCallLog {
        /// Its number.
        seq: i64,
        /// What it says.
        data: Box<NewCallLog>,
    },
    /// A recording can be played, or never will be.
    RecordingReady {
        /// Its number.
        seq: i64,
        /// What it says.
        data: RecordingReady,
    },
}

/// The balance after one row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BalanceUpdated {
    /// The balance now.
    pub new_balance: Money,
    /// What the call cost, for those who may know; `null` when it was no call.
    #[cfg_attr(feature = "schema", schema(required))]
    pub last_call_cost: Option<Money>,
    /// ISO 4217.
    pub currency: String,
}

/// A call was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewCallLog {
    /// The call.
    pub log_data: CallLogView,
}

/// A recording's state is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordingReady {
    /// Our id of the call.
    pub call_log_id: Uuid,
    /// Where it is.
    #[cfg_attr(feature = "schema", schema(required))]
    pub recording_url: Option<String>,
    /// `completed` or `failed`.
    #[cfg_attr(feature = "schema", schema(value_type = crate::schema::FinalRecordingStatus))]
    pub recording_status: String,
}

impl Frame {
    /// The frame's number in its wallet.
    #[must_use]
    pub fn seq(&self) -> i64 {
        match self {
            Self::BalanceUpdated { seq, .. }
            | Self::NewCallLog { seq, .. }
            | Self::RecordingReady { seq, .. } => *seq,
        }
    }

    /// What a colleague of the call's user may see of it: the balance without the cost, of the call itself nothing.
    #[must_use]
    pub fn for_colleague(&self) -> Option<Self> {
        match self {
            Self::BalanceUpdated { seq, data } => Some(Self::BalanceUpdated {
                seq: *seq,
                data: BalanceUpdated { last_call_cost: None, ..data.clone() },
            }),
            Self::NewCallLog { .. } | Self::RecordingReady { .. } => None,
        }
    }
}

/// A frame on its way to the sockets, on the channel [`channel`] of its wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The frame's number.
    pub seq: i64,
    /// The user whose call it is; `None` when it is nobody's call.
    pub user_id: Option<Uuid>,
    /// Whose wallet.
    pub organization_id: Uuid,
    /// The frame as the user himself may see it.
    pub frame: Frame,
}

/// What is published on a wallet's channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Published {
    /// A frame.
    Frame(Box<Envelope>),
    /// `{"type":"held_updated","data":{...}}`: what is set aside has changed. It has no number: whoever misses one is told
    /// by the next, or asks.
    Held(HeldNotice),
    /// `{"type":"seq","seq":N}`: the wallet has come as far as `N`; whoever lacks a number up to it reads it back.
    Seq(SeqNotice),
}

/// What is set aside has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename = "held_updated")]
pub struct HeldNotice {
    /// What it says.
    pub data: HeldUpdated,
}

/// What is set aside of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HeldUpdated {
    /// What open calls and purchases take of the balance.
    pub held: Money,
    /// What is left for new ones.
    pub available: Money,
    /// ISO 4217.
    pub currency: String,
}

/// How far a wallet has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "seq")]
pub struct SeqNotice {
    /// The highest number given out.
    pub seq: i64,
}

/// The Redis channel of a wallet's frames.
#[must_use]
pub fn channel(wallet_id: Uuid) -> String {
    format!("frames:{wallet_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_as_documented() {
        let frame = Frame::BalanceUpdated {
            seq: 58,
            data: BalanceUpdated {
                new_balance: "12.3126".parse().unwrap(),
                last_call_cost: Some("0.0274".parse().unwrap()),
                currency: "USD".to_owned(),
            },
        };
        assert_eq!(
            serde_json::to_string(&frame).unwrap(),
            r#"{"type":"balance_updated","seq":58,"data":{"newBalance":"12.3126","lastCallCost":"0.0274","currency":"USD"}}"#
        );
        let colleague = serde_json::to_value(frame.for_colleague().unwrap()).unwrap();
        assert_eq!(colleague["data"]["lastCallCost"], serde_json::Value::Null);
        assert_eq!(colleague["data"]["newBalance"], "12.3126");
    }

    #[test]
    fn a_published_message_reads_back_as_what_it_was() {
        let notice = Published::Seq(SeqNotice { seq: 7 });
        let text = serde_json::to_string(&notice).unwrap();
        assert_eq!(text, r#"{"type":"seq","seq":7}"#);
        assert_eq!(serde_json::from_str::<Published>(&text).unwrap(), notice);
    }
}
