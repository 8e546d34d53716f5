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
            one_line(&format!("{}:{}:{kind}:{digest}", self.provider, leg.unwrap_or("-"))),
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
        let id =
            format!("{}:{}:{}:{}", key.provider, key.leg, self.event.kind(), hex(&digest(body)));
        headers.insert(NATS_MESSAGE_ID, one_line(&id));
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

/// Header values are single lines; a proxy's line break must not end one, and the client panics where one does.
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
    use curbe_domain::providers::Kind;
    use proptest::prelude::*;
    use proptest::sample::select;
    use time::macros::datetime;

    use super::*;

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

    const KINDS: [Kind; 6] =
        [Kind::Hangup, Kind::Answered, Kind::Initiated, Kind::Recording, Kind::Cost, Kind::Unknown];

    /// What ids may be, and what somebody would like them to be.
    fn names() -> impl Strategy<Value = Option<String>> {
        prop::option::of(prop_oneof![
            "[A-Za-z0-9_:.-]{1,40}",
            r"[>*. {}\r\n:a]{1,12}",
            any::<String>()
        ])
    }

    fn events() -> impl Strategy<Value = VoiceEvent> {
        let summary = (select(KINDS.as_slice()), names(), names());
        let texts = (names(), names(), names());
        (select(Provider::ALL.as_slice()), summary, 0_i64..4_000_000_000, texts).prop_map(
            |(provider, (kind, leg, account), at, (content_type, path, trace_id))| VoiceEvent {
                provider,
                summary: Summary { kind, leg, account },
                received_at: OffsetDateTime::from_unix_timestamp(at).unwrap(),
                content_type,
                path_and_query: path.unwrap_or_default(),
                trace_id: trace_id.unwrap_or_default(),
            },
        )
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_header_or_into_the_subject(event in events(), body: Vec<u8>) {
            let subject = event.subject();
            let parts: Vec<&str> = subject.split('.').collect();
            prop_assert_eq!(parts, ["voice", event.provider.as_str(), event.summary.kind.as_str()]);

            let headers = event.headers(&body);
            let values = headers.iter().flat_map(|(_, values)| values);
            for value in values {
                prop_assert!(!value.as_str().contains(char::is_control), "{value:?}");
            }
            let received = Received::from_headers(Some(&headers));
            prop_assert_eq!(received.provider, Some(event.provider));
            prop_assert_eq!(received.received_at, Some(event.received_at));
            prop_assert_eq!(received.leg, event.summary.leg.as_deref().map(one_line));
            prop_assert_eq!(received.account, event.summary.account.as_deref().map(one_line));
            prop_assert_eq!(received.content_type, event.content_type.as_deref().map(one_line));
            prop_assert_eq!(received.path_and_query, one_line(&event.path_and_query));
        }

        #[test]
        fn headers_by_hand_are_read_or_left(values in prop::collection::vec((select(NAMES.as_slice()), any::<String>()), 0..8)) {
            let mut headers = HeaderMap::new();
            for (name, value) in values {
                headers.append(name, value);
            }
            let received = Received::from_headers(Some(&headers));
            prop_assert!(received.leg == headers.get(LEG).map(ToString::to_string));
        }
    }

    const NAMES: [&str; 8] =
        [PROVIDER, ACCOUNT, LEG, KIND, RECEIVED_AT, PATH, TRACE_ID, CONTENT_TYPE];
}
