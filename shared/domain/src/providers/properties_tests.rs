//! Bodies of every provider that nearly are right: no value of any field makes a reader panic, contradict itself or let
//! something through that fits nowhere.

use std::fmt;

use form_urlencoded::Serializer;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::Provider;
use super::properties::is_read_safely;

const CONTENT_TYPES: [Option<&str>; 5] = [
    Some("application/x-www-form-urlencoded; charset=UTF-8"),
    Some("Application/JSON"),
    Some("text/plain"),
    Some(""),
    None,
];
/// Of the forms.
const NAMES: [&str; 24] = [
    "CallSid",
    "CallLegId",
    "CallControlId",
    "CallSessionId",
    "ParentCallSid",
    "AccountSid",
    "ConnectionId",
    "From",
    "To",
    "Direction",
    "CallStatus",
    "CallDuration",
    "Duration",
    "Timestamp",
    "SequenceNumber",
    "StartTime",
    "CallInitiatedAt",
    "AnsweredTime",
    "EndTime",
    "HangupCause",
    "DialCallStatus",
    "RecordingSid",
    "RecordingStatus",
    "RecordingUrl",
];
/// Of Call Control's payload.
const PAYLOAD: [&str; 14] = [
    "call_leg_id",
    "call_control_id",
    "call_session_id",
    "connection_id",
    "from",
    "to",
    "direction",
    "start_time",
    "hangup_cause",
    "status",
    "total_cost",
    "billed_duration_secs",
    "recording_id",
    "recording_urls",
];
const EVENTS: [&str; 9] = [
    "call.hangup",
    "call.answered",
    "call.initiated",
    "call.cost",
    "call.recording.saved",
    "call.recording.error",
    "call.bridged",
    "call_hangup",
    "",
];
const VALUES: [&str; 42] = [
    "",
    "CA1",
    "CA2",
    "v3:abc-_d.1",
    "a b",
    "a>*.}{",
    "a\r\nb: c",
    "+14158675309",
    "client:alice",
    "inbound",
    "outbound-api",
    "incoming",
    "completed",
    "busy",
    "no-answer",
    "ringing",
    "in-progress",
    "initiated",
    "absent",
    "failed",
    "success",
    "normal_clearing",
    "user_busy",
    "0",
    "61",
    "+61",
    "-1",
    "86400",
    "86401",
    "4294967295",
    "4294967296",
    "0.00005",
    "999999.9999",
    "1e400",
    "Fri, 20 Nov 2026 10:00:00 +0000",
    "Sat, 01 Jan 1900 00:00:00 +1400",
    "2026-11-20T10:00:00.521992Z",
    "2026-11-20 10:00:00+00:00",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999999-23:59",
    "https://a.example/r.mp3",
    "javascript:alert(1)",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(VALUES.as_slice()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn form() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((select(NAMES.as_slice()), text()), 0..14)
        .prop_map(|pairs| Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => text().prop_map(|url| json!({ "mp3": url })),
        1 => select(vec![json!(null), json!(true), json!([]), json!({ "wav": "http://a/b" })]),
    ]
}

fn object(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let pair = (select(names).prop_map(str::to_owned), value());
    prop::collection::vec(pair, 0..12).prop_map(|pairs| pairs.into_iter().collect())
}

fn call_control() -> impl Strategy<Value = Vec<u8>> {
    (select(EVENTS.as_slice()), value(), object(&PAYLOAD)).prop_map(|(event, at, payload)| {
        let data = json!({ "event_type": event, "occurred_at": at, "payload": payload });
        json!({ "data": data }).to_string().into_bytes()
    })
}

/// Shown as text where a test fails.
struct Body(Vec<u8>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

fn bodies() -> impl Strategy<Value = Body> {
    let bytes = prop_oneof![
        4 => form(),
        2 => object(&NAMES).prop_map(|object| Value::from(object).to_string().into_bytes()),
        4 => call_control(),
        1 => any::<Vec<u8>>(),
    ];
    bytes.prop_map(Body)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_body_is_read_safely(Body(body) in bodies()) {
        for provider in Provider::ALL {
            for content_type in CONTENT_TYPES {
                is_read_safely(provider, content_type, &body);
            }
        }
    }
}
