//! A message of the queue as settlement sees it: bytes and headers, free of the connection that it came over.

use async_nats::HeaderMap;
use bytes::Bytes;
use curbe_domain::legs::event::EventError;
use curbe_domain::legs::{LegFacts, LegKey};
use curbe_domain::providers::{Kind, Provider, Summary, signalwire, telnyx, twilio};
use curbe_platform::queue::message::{Received, VoiceEvent};
use serde_json::Value;
use time::OffsetDateTime;

use crate::dead_letters::{DeadLetter, Reason, Refusal};
use crate::store::call_legs::{HangupBytes, LegNews};
use crate::store::dead_letters::storable;

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The subject that it came on.
    pub subject: String,
    /// Its headers as they came, for a dead letter.
    pub headers: Value,
    /// Its headers as ingest meant them.
    pub received: Received,
    /// When ingest had read it; the queue's own time where no header says so.
    pub received_at: OffsetDateTime,
    /// The provider's bytes.
    pub payload: Bytes,
    /// How often it was delivered, this time included.
    pub attempts: i64,
    /// Its place in the stream, for log lines.
    pub stream_sequence: u64,
}

impl Message {
    /// What it says.
    ///
    /// # Errors
    /// The reason and words of its dead letter.
    pub fn read(&self) -> Result<LegNews, Refusal> {
        let facts = self.facts()?;
        let hangup_bytes = facts.hangup.is_some().then(|| HangupBytes {
            body: self.payload.to_vec(),
            content_type: self.received.content_type.clone(),
            received_at: self.received_at,
        });
        Ok(LegNews { facts, hangup_bytes })
    }

    fn facts(&self) -> Result<LegFacts, Refusal> {
        let content_type = self.received.content_type.as_deref();
        let parsed = match self.received.provider {
            Some(Provider::Twilio) => twilio::parse(content_type, &self.payload, self.received_at),
            Some(Provider::SignalWire) => {
                signalwire::parse(content_type, &self.payload, self.received_at)
            }
            Some(Provider::Telnyx) => telnyx::parse(content_type, &self.payload, self.received_at),
            None => Err(EventError::Unreadable("no header names a provider".to_owned())),
        };
        parsed.map_err(|error| {
            let reason = match &error {
                EventError::Unreadable(_) => Reason::Unreadable,
                EventError::DurationAmbiguous(_) => Reason::DurationAmbiguous,
            };
            Refusal::new(reason, error.to_string())
        })
    }

    /// Its dead letter, with the leg whose row it went into.
    #[must_use]
    pub fn dead_letter(&self, refusal: Refusal, key: Option<&LegKey>) -> DeadLetter {
        DeadLetter {
            subject: self.subject.clone(),
            payload: self.payload.clone(),
            headers: self.headers.clone(),
            provider: self.received.provider.map_or("unknown", Provider::as_str).to_owned(),
            leg: key.map(|key| key.leg.clone()).or_else(|| self.received.leg.clone()),
            reason: refusal.reason,
            detail: refusal.detail,
            attempts: self.attempts,
            received_at: self.received_at,
        }
    }
}

/// The dead letter of a leg whose message is not at hand: from the bytes kept in its row.
#[must_use]
pub fn stored_dead_letter(key: &LegKey, bytes: HangupBytes, refusal: Refusal) -> DeadLetter {
    let event = VoiceEvent {
        provider: key.provider,
        summary: Summary { kind: Kind::Hangup, leg: Some(key.leg.clone()), account: None },
        received_at: bytes.received_at,
        content_type: bytes.content_type,
        path_and_query: String::new(),
        trace_id: String::new(),
    };
    let headers = event.headers(&bytes.body);
    DeadLetter {
        subject: event.subject(),
        headers: headers_as_json(Some(&headers)),
        payload: bytes.body.into(),
        provider: key.provider.as_str().to_owned(),
        leg: Some(key.leg.clone()),
        reason: refusal.reason,
        detail: refusal.detail,
        attempts: 1,
        received_at: bytes.received_at,
    }
}

/// Headers as a dead letter keeps them: a list of values for each name.
#[must_use]
pub fn headers_as_json(headers: Option<&HeaderMap>) -> Value {
    let Some(headers) = headers else {
        return Value::Object(serde_json::Map::new());
    };
    headers
        .iter()
        .map(|(name, values)| {
            let values: Vec<Value> =
                values.iter().map(|value| Value::from(storable(value.as_str()))).collect();
            (name.to_string(), Value::from(values))
        })
        .collect()
}
