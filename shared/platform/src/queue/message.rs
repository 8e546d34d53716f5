//! A provider's event on the queue: its bytes as they came, and headers with what ingest knows of it.

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use curbe_domain::authorization::CreditEvent;
use curbe_domain::providers::{Provider, Summary};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const PROVIDER: &str = "Curbe-Provider";
const ACCOUNT: &str = "Curbe-Account";
const LEG: &str = "Curbe-Leg";
const KIND: &str = "Curbe-Kind";
const RECEIVED_AT: &str = "Curbe-Received-At";
const PATH: &str = "Curbe-Path";
const TRACE_ID: &str = "Curbe-Trace-Id";
const CONTENT_TYPE: &str = "Content-Type";

/// What goes onto the queue for one webhook.
#[derive(Clone, Debug)]
pub struct VoiceEvent {
    /// Who sent it; proven by its signature.
    pub provider: Provider,
    /// Kind, leg and account.
    pub summary: Summary,
    /// When ingest had read it.
    pub received_at: OffsetDateTime,
    /// As the provider declared it.
    pub content_type: Option<String>,
    /// Path and query as they came.
    pub path_and_query: String,
    /// The id of the request, from its first log line to the last.
    pub trace_id: String,
}

/// A digest of the provider's bytes: with the subject, what makes a dead letter unique.
#[must_use]
pub fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

impl VoiceEvent {
    /// `voice.<provider>.<kind>`. Ids never stand in a subject: they could contain its separators and wildcards.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("voice.{}.{}", self.provider, self.summary.kind.as_str())
    }

    /// The headers for these bytes. The message id makes the server drop a repeat of the same content within its
    /// window; other content always gets through. It only helps: the keys in Postgres decide.
    #[must_use]
    pub fn headers(&self, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let leg = self.summary.leg.as_deref();
        let digest = hex(&digest(body));
        let kind = self.summary.kind.as_str();
        headers.insert(
            NATS_MESSAGE_ID,
            format!("{}:{}:{kind}:{digest}", self.provider, leg.unwrap_or("-")),
        );
        headers.insert(PROVIDER, self.provider.as_str());
        headers.insert(KIND, kind);
        headers.insert(RECEIVED_AT, rfc3339(self.received_at));
        headers.insert(PATH, one_line(&self.path_and_query));
        headers.insert(TRACE_ID, one_line(&self.trace_id));
        for (name, value) in [
            (LEG, leg),
            (ACCOUNT, self.summary.account.as_deref()),
            (CONTENT_TYPE, self.content_type.as_deref()),
        ] {
            if let Some(value) = value {
                headers.insert(name, one_line(value));
            }
        }
        headers
    }
}

/// A decision of pre-flight on its way to the worker.
#[derive(Clone, Debug)]
pub struct CreditMessage<'a> {
    /// The decision.
    pub event: &'a CreditEvent,
    /// When it was made.
    pub decided_at: OffsetDateTime,
    /// The id of the request that asked.
    pub trace_id: &'a str,
}

impl CreditMessage<'_> {
    /// `credit.<provider>.<kind>`.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("credit.{}.{}", self.event.key().provider, self.event.kind())
    }

    /// Its headers, for these bytes. A decision told again is dropped by the server within its window.
    #[must_use]
    pub fn headers(&self, body: &[u8]) -> HeaderMap {
        let key = self.event.key();
        let mut headers = HeaderMap::new();
        headers.insert(
            NATS_MESSAGE_ID,
            format!("{}:{}:{}:{}", key.provider, key.leg, self.event.kind(), hex(&digest(body))),
        );
        headers.insert(PROVIDER, key.provider.as_str());
        headers.insert(LEG, one_line(&key.leg));
        headers.insert(KIND, self.event.kind());
        headers.insert(RECEIVED_AT, rfc3339(self.decided_at));
        headers.insert(TRACE_ID, one_line(self.trace_id));
        headers.insert(CONTENT_TYPE, "application/json");
        headers
    }
}

/// The headers of a message as the worker reads them. Nothing is trusted to be there: a message that somebody put
/// onto the stream by hand becomes a dead letter, not a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The provider, if it is one of ours.
    pub provider: Option<Provider>,
    /// The leg that ingest saw.
    pub leg: Option<String>,
    /// The account that ingest saw.
    pub account: Option<String>,
    /// When ingest had read it.
    pub received_at: Option<OffsetDateTime>,
    /// As the provider declared it.
    pub content_type: Option<String>,
    /// Path and query as they came.
    pub path_and_query: String,
    /// The id of the request.
    pub trace_id: String,
}

impl Received {
    /// Reads the headers that [`VoiceEvent::headers`] wrote.
    #[must_use]
    pub fn from_headers(headers: Option<&HeaderMap>) -> Self {
        let Some(headers) = headers else {
            return Self::default();
        };
        let text = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        Self {
            provider: text(PROVIDER).as_deref().and_then(Provider::parse),
            leg: text(LEG),
            account: text(ACCOUNT),
            received_at: text(RECEIVED_AT)
                .and_then(|value| OffsetDateTime::parse(&value, &Rfc3339).ok()),
            content_type: text(CONTENT_TYPE),
            path_and_query: text(PATH).unwrap_or_default(),
            trace_id: text(TRACE_ID).unwrap_or_default(),
        }
    }
}

fn rfc3339(at: OffsetDateTime) -> String {
    // Formatting fails only for years beyond 9999; an absent time is read back as "now".
    at.format(&Rfc3339).unwrap_or_default()
}

/// Header values are single lines; a proxy's line break must not end one.
fn one_line(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbe_domain::providers::Kind;
    use time::macros::datetime;

    fn event(leg: Option<&str>) -> VoiceEvent {
        VoiceEvent {
            provider: Provider::Twilio,
            summary: Summary { kind: Kind::Hangup, leg: leg.map(str::to_owned), account: None },
            received_at: datetime!(2026-11-20 10:00:00.25 UTC),
            content_type: Some("application/x-www-form-urlencoded".to_owned()),
            path_and_query: "/api/webhooks/voice-events?x=1".to_owned(),
            trace_id: "t1".to_owned(),
        }
    }

    #[test]
    fn headers_read_back_as_written() {
        let sent = event(Some("CA1"));
        let received = Received::from_headers(Some(&sent.headers(b"body")));
        assert_eq!(received.provider, Some(Provider::Twilio));
        assert_eq!(received.leg.as_deref(), Some("CA1"));
        assert_eq!(received.account, None);
        assert_eq!(received.received_at, Some(sent.received_at));
        assert_eq!(received.content_type, sent.content_type);
        assert_eq!(received.path_and_query, sent.path_and_query);
        assert_eq!(sent.subject(), "voice.twilio.hangup");
    }

    #[test]
    fn only_the_same_content_has_the_same_message_id() {
        let id =
            |leg, body: &[u8]| event(leg).headers(body).get(NATS_MESSAGE_ID).unwrap().to_string();
        assert_eq!(id(Some("CA1"), b"a"), id(Some("CA1"), b"a"));
        assert_ne!(id(Some("CA1"), b"a"), id(Some("CA1"), b"b"));
        assert_ne!(id(Some("CA1"), b"a"), id(None, b"a"));
    }

    #[test]
    fn line_breaks_cannot_end_a_header() {
        let mut sent = event(None);
        sent.path_and_query = "/x\r\nCurbe-Leg: CA9".to_owned();
        let received = Received::from_headers(Some(&sent.headers(b"")));
        assert_eq!(received.leg, None);
        assert_eq!(received.path_and_query, "/x  Curbe-Leg: CA9");
    }
}
