//! Telnyx's documented bodies, and what must not be believed of them.

use form_urlencoded::Serializer;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{classify, parse};
use crate::legs::event::EventError;
use crate::legs::{
    Billed, Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk,
};
use crate::providers::{Classified, Kind, Provider, Summary};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");
const RECEIVED_AT: OffsetDateTime = datetime!(2026-09-09 21:10:40 UTC);
const STARTED_AT: OffsetDateTime = datetime!(2026-09-09 21:10:05 UTC);
const OCCURRED_AT: OffsetDateTime = datetime!(2026-09-09 21:10:37.521992 UTC);
const CONTROL: &str = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";
const LEG: &str = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1";
const SESSION: &str = "428c31b6-abf3-3bc1-b7f4-5013ef9657c1";
const CONNECTION: &str = "1684641123236054244";

/// An event of Call Control's, with fields of its payload changed.
fn event(event_type: &str, changes: &Value) -> Vec<u8> {
    let mut payload = json!({
        "call_control_id": CONTROL, "connection_id": CONNECTION, "call_leg_id": LEG,
        "call_session_id": SESSION, "client_state": "eyJvd25lciI6IjQyIn0=",
        "from": "+525512345678", "to": "+13129457420", "start_time": "2026-09-09T21:10:05.000000Z",
        "tags": []
    });
    for (name, value) in changes.as_object().unwrap() {
        payload[name] = value.clone();
    }
    let event = json!({
        "data": {
            "record_type": "event", "event_type": event_type,
            "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
            "occurred_at": "2026-09-09T21:10:37.521992Z", "payload": payload
        },
        "meta": { "attempt": 1, "delivered_to": "https://bill.example.com/telnyx" }
    });
    serde_json::to_vec(&event).unwrap()
}

fn told() -> LegFacts {
    LegFacts {
        other_names: vec![CONTROL.to_owned()],
        session: Some(SESSION.to_owned()),
        account: Some(CONNECTION.to_owned()),
        from: Some("+525512345678".to_owned()),
        to: Some("+13129457420".to_owned()),
        initiated_at: Some(STARTED_AT),
        ..LegFacts::named(LegKey { provider: Provider::Telnyx, leg: LEG.to_owned() })
    }
}

fn read(event_type: &str, changes: &Value) -> Result<LegFacts, EventError> {
    parse(JSON, &event(event_type, changes), RECEIVED_AT)
}

fn queued(kind: Kind) -> Classified {
    let summary = Summary { kind, leg: Some(LEG.to_owned()), account: Some(CONNECTION.to_owned()) };
    Classified::Queue(summary)
}

#[test]
fn a_hangup_tells_its_cause_and_no_duration() {
    for (cause, outcome, was_answered) in [
        ("normal_clearing", Outcome::Completed, true),
        ("time_limit", Outcome::Completed, true),
        ("unspecified", Outcome::Completed, true),
        ("added_later", Outcome::Completed, true),
        ("user_busy", Outcome::Busy, false),
        ("no_answer", Outcome::NoAnswer, false),
        ("timeout", Outcome::NoAnswer, false),
        ("originator_cancel", Outcome::Canceled, false),
        ("call_rejected", Outcome::Failed, false),
        ("not_found", Outcome::Failed, false),
    ] {
        let changes = json!({
            "state": "hangup", "hangup_cause": cause, "hangup_source": "callee",
            "sip_hangup_cause": "200", "end_time": "2026-09-09T21:10:37.521992Z"
        });
        let talk = Talk::Unstated { was_answered };
        let hangup = Hangup { outcome, talk, ended_at: OCCURRED_AT };
        let expected = LegFacts { hangup: Some(hangup), ..told() };
        assert_eq!(read("call.hangup", &changes), Ok(expected), "{cause}");
        assert_eq!(classify(JSON, &event("call.hangup", &changes)), queued(Kind::Hangup));
    }
}

#[test]
fn beginnings_and_answers_are_kept() {
    let initiated = json!({ "direction": "incoming", "state": "parked" });
    let expected = LegFacts { direction: Some(Direction::Inbound), ..told() };
    assert_eq!(read("call.initiated", &initiated), Ok(expected));
    assert_eq!(classify(JSON, &event("call.initiated", &initiated)), queued(Kind::Initiated));
    let unsaid = json!({ "start_time": null, "direction": "outgoing" });
    let facts = read("call.initiated", &unsaid).unwrap();
    assert_eq!(facts.initiated_at, Some(OCCURRED_AT));
    assert_eq!(facts.direction, Some(Direction::Outbound));

    let expected = LegFacts { answered_at: Some(OCCURRED_AT), ..told() };
    assert_eq!(read("call.answered", &json!({ "state": "answered" })), Ok(expected));
    assert_eq!(classify(JSON, &event("call.answered", &json!({}))), queued(Kind::Answered));
}

#[test]
fn a_cost_is_rounded_once_and_may_be_unknown() {
    let cost = |changes: Value| {
        let mut payload = json!({ "status": "success", "billed_duration_secs": 60 });
        payload.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        read("call.cost", &payload).map(|facts| facts.billed)
    };
    let billed =
        |cost: &str| Ok(Some(Billed { cost: Some(cost.parse().unwrap()), seconds: Some(60) }));
    assert_eq!(cost(json!({ "total_cost": "0.0025" })), billed("0.0025"));
    assert_eq!(cost(json!({ "total_cost": "0.00125" })), billed("0.0013"));
    assert_eq!(cost(json!({ "total_cost": 0.01, "billed_duration_secs": "60" })), billed("0.01"));
    let unknown = Some(Billed { cost: None, seconds: None });
    assert_eq!(cost(json!({ "billed_duration_secs": null })), Ok(unknown));
    assert_eq!(cost(json!({ "status": "error" })), Ok(None));
    for wrong in [
        json!({ "total_cost": "a lot" }),
        json!({ "total_cost": "1e9" }),
        json!({ "total_cost": "99999999" }),
        json!({ "billed_duration_secs": -1 }),
        json!({ "billed_duration_secs": 1.5 }),
    ] {
        assert!(matches!(cost(wrong.clone()), Err(EventError::Unreadable(_))), "{wrong}");
    }
    assert_eq!(classify(JSON, &event("call.cost", &json!({}))), queued(Kind::Cost));
}

#[test]
fn a_recording_is_saved_or_failed() {
    let url = "https://s3.amazonaws.com/telephony-recorder-prod/1.mp3?X-Amz-Expires=600";
    let saved = json!({
        "call_control_id": null, "channels": "single", "recording_id": "R-1",
        "recording_urls": { "mp3": url, "wav": null },
        "public_recording_urls": {}
    });
    let recording = |status, url: Option<&str>, id: Option<&str>| {
        Some(Recording { status, url: url.map(str::to_owned), id: id.map(str::to_owned) })
    };
    let expected = LegFacts {
        other_names: Vec::new(),
        recording: recording(RecordingStatus::Completed, Some(url), Some("R-1")),
        ..told()
    };
    assert_eq!(read("call.recording.saved", &saved), Ok(expected));
    assert_eq!(classify(JSON, &event("call.recording.saved", &saved)), queued(Kind::Recording));

    let failed = json!({ "reason": "Failed to authorize with storage" });
    let expected = LegFacts { recording: recording(RecordingStatus::Failed, None, None), ..told() };
    assert_eq!(read("call.recording.error", &failed), Ok(expected));
    for wrong in [json!({}), json!({ "recording_urls": { "wav": "javascript:alert(1)" } })] {
        assert!(read("call.recording.saved", &wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_says_nothing_is_not_kept_and_what_is_unknown_is() {
    for event_type in ["call.bridged", "call.playback.started", "message.finalized"] {
        let body = event(event_type, &json!({}));
        assert_eq!(classify(JSON, &body), Classified::Ignore, "{event_type}");
    }
    assert_eq!(classify(JSON, &event("call_hangup", &json!({}))), queued(Kind::Unknown));
    let nobody = Summary { kind: Kind::Unknown, leg: None, account: None };
    for (content_type, body) in [
        (JSON, &b"{}"[..]),
        (JSON, b"[]"),
        (JSON, br#"{"event_type":"call_hangup","payload":{}}"#),
        (JSON, br#"{"data":{"event_type":7}}"#),
        (FORM, b"nothing"),
        (None, b"CallSid=1"),
    ] {
        assert_eq!(classify(content_type, body), Classified::Queue(nobody.clone()));
        assert!(parse(content_type, body, RECEIVED_AT).is_err());
    }
    for wrong in [
        json!({ "call_leg_id": "a b", "call_control_id": null }),
        json!({ "call_leg_id": null, "call_control_id": "" }),
        json!({ "connection_id": "x>y" }),
        json!({ "from": "+1\u{0}" }),
    ] {
        assert!(read("call.hangup", &wrong).is_err(), "{wrong}");
    }
}

fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        ("AccountSid", "f5586561-8ff0-4291-a51b-c7dfe4139ff9"),
        ("CallSid", CONTROL),
        ("ConnectionId", CONNECTION),
        ("From", "+525512345678"),
        ("To", "+13129457420"),
        ("CallbackSource", "call-progress-events"),
    ];
    let mut serializer = Serializer::new(String::new());
    serializer
        .extend_pairs(usual.into_iter().filter(|(name, _)| pairs.iter().all(|p| p.0 != *name)));
    serializer.extend_pairs(pairs);
    serializer.finish().into_bytes()
}

fn read_form(pairs: &[(&str, &str)]) -> Result<LegFacts, EventError> {
    parse(FORM, &form(pairs), RECEIVED_AT)
}

#[test]
fn texml_states_the_seconds_and_both_names() {
    let completed = [
        ("CallStatus", "completed"),
        ("CallDuration", "22"),
        ("CallLegId", LEG),
        ("CallControlId", CONTROL),
        ("CallSessionId", SESSION),
        ("StartTime", "2026-09-09T21:10:05Z"),
        ("AnsweredTime", "2026-09-09 21:10:15.500000Z"),
        ("EndTime", "Wed, 09 Sep 2026 21:10:38 +0000"),
        ("HangupCause", "normal_clearing"),
    ];
    let ended_at = datetime!(2026-09-09 21:10:38 UTC);
    let hangup = Hangup { outcome: Outcome::Completed, talk: Talk::Stated(22), ended_at };
    let expected = LegFacts {
        answered_at: Some(datetime!(2026-09-09 21:10:15.5 UTC)),
        hangup: Some(hangup),
        ..told()
    };
    assert_eq!(read_form(&completed), Ok(expected));
    assert_eq!(classify(FORM, &form(&completed)), queued(Kind::Hangup));
}

#[test]
fn texml_without_its_seconds_is_found_from_times() {
    let hangup = |pairs: &[(&str, &str)]| {
        read_form(pairs).map(|facts| {
            let hangup = facts.hangup.unwrap();
            (hangup.outcome, hangup.talk)
        })
    };
    let unstated = Talk::Unstated { was_answered: true };
    assert_eq!(hangup(&[("CallStatus", "completed")]), Ok((Outcome::Completed, unstated)));
    let zero = [("CallStatus", "completed"), ("CallDuration", "0")];
    assert_eq!(hangup(&zero), Ok((Outcome::Completed, Talk::Stated(0))));
    for (status, outcome) in [
        ("busy", Outcome::Busy),
        ("no-answer", Outcome::NoAnswer),
        ("canceled", Outcome::Canceled),
        ("failed", Outcome::Failed),
    ] {
        assert_eq!(hangup(&[("CallStatus", status)]), Ok((outcome, Talk::Stated(0))));
        let ambiguous = hangup(&[("CallStatus", status), ("CallDuration", "9")]);
        assert!(matches!(ambiguous, Err(EventError::DurationAmbiguous(_))), "{status}");
    }
}

#[test]
fn texml_progress_is_kept_under_the_name_it_has() {
    let timestamp = ("Timestamp", "2026-09-09 21:10:37.521992Z");
    let in_progress = [("CallStatus", "in-progress"), timestamp];
    let facts = read_form(&in_progress).unwrap();
    assert_eq!((facts.key.leg.as_str(), facts.answered_at), (CONTROL, Some(OCCURRED_AT)));
    assert_eq!(facts.other_names, Vec::<String>::new());
    assert_eq!(facts.hangup, None);
    let kind = |pairs: &[(&str, &str)]| match classify(FORM, &form(pairs)) {
        Classified::Queue(summary) => Some(summary.kind),
        Classified::Ignore => None,
    };
    assert_eq!(kind(&in_progress), Some(Kind::Answered));
    let initiated = [("CallStatus", "initiated"), ("CallInitiatedAt", "2026-09-09T21:10:05Z")];
    assert_eq!(read_form(&initiated).unwrap().initiated_at, Some(STARTED_AT));
    assert_eq!(kind(&initiated), Some(Kind::Initiated));
    assert_eq!(kind(&[("CallStatus", "ringing")]), None);
    // The end of a leg that dialled, without its seconds: an end all the same.
    let ended = [
        ("CallStatus", "completed"),
        ("DialCallStatus", "completed"),
        ("EndTime", "2026-09-09T21:10:38Z"),
    ];
    assert_eq!(kind(&ended), Some(Kind::Hangup));
    let talk = read_form(&ended).unwrap().hangup.unwrap().talk;
    assert_eq!(talk, Talk::Unstated { was_answered: true });
    // The parent, while its <Dial> ended: it is not over, and its seconds are not told.
    let action = [("CallStatus", "completed"), ("DialCallStatus", "completed")];
    assert_eq!(kind(&action), None);
    assert_eq!(kind(&[("CallStatus", "in-progress"), ("DialCallStatus", "completed")]), None);
    let child = [("CallStatus", "initiated"), ("ParentCallSid", "v3:parent")];
    assert_eq!(read_form(&child).unwrap().parent.as_deref(), Some("v3:parent"));
    // By whichever of its names, it is not its own.
    for own in [CONTROL, LEG] {
        let names = [("CallLegId", LEG), ("CallControlId", CONTROL), ("ParentCallSid", own)];
        let read = read_form(&[&names[..], &[("CallStatus", "initiated")]].concat());
        assert!(matches!(read, Err(EventError::Unreadable(_))), "{read:?}");
    }
}

#[test]
fn texml_recordings_are_told_as_twilios() {
    let url = "https://s3.amazonaws.com/telephony-recorder-prod/1.mp3";
    let saved = [
        ("RecordingSid", "R-2"),
        ("RecordingStatus", "completed"),
        ("RecordingUrl", url),
        ("RecordingDuration", "20"),
    ];
    let expected = Recording {
        status: RecordingStatus::Completed,
        url: Some(url.to_owned()),
        id: Some("R-2".to_owned()),
    };
    let facts = read_form(&saved).unwrap();
    assert_eq!((facts.recording, facts.hangup), (Some(expected), None));
    let Classified::Queue(summary) = classify(FORM, &form(&saved)) else { panic!("not kept") };
    assert_eq!((summary.kind, summary.leg.as_deref()), (Kind::Recording, Some(CONTROL)));
}
