//! Where SignalWire differs from the family, by table; what it shares is held by Twilio's tests.

use form_urlencoded::Serializer;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

use super::events::*;
use crate::legs::event::EventError;
use crate::legs::{Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk};
use crate::providers::{Classified, Kind, Provider, Summary};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json");
const RECEIVED_AT: OffsetDateTime = datetime!(2026-11-20 10:00:05 UTC);
const LEG: &str = "b3877c40-da60-4998-90ad-b792e98472af";
const PROJECT: &str = "6bfbbe86-a901-4197-8759-2a0de1fa319d";
const TIMESTAMP: (&str, &str) = ("Timestamp", "Fri, 20 Nov 2026 10:00:00 +0000");

type Pairs<'a> = [(&'a str, &'a str)];

const RECORDING: &str = "0f5c4c4f-ae2c-4be6-9e60-0a5b1ed4f0f9";

/// What every callback has.
const USUAL: [(&str, &str); 4] =
    [("CallSid", LEG), ("AccountSid", PROJECT), ("From", "+14158675309"), ("To", "+525512345678")];

fn form(pairs: &Pairs<'_>) -> Vec<u8> {
    let pairs = USUAL.iter().chain(pairs);
    Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

fn json(pairs: &Pairs<'_>) -> Vec<u8> {
    let pairs = USUAL.iter().chain(pairs);
    let fields: serde_json::Map<_, _> =
        pairs.map(|&(name, value)| (name.to_owned(), value.into())).collect();
    serde_json::to_vec(&fields).unwrap()
}

fn facts(
    direction: Option<Direction>,
    hangup: Option<Hangup>,
    recording: Option<Recording>,
) -> LegFacts {
    LegFacts {
        account: Some(PROJECT.to_owned()),
        from: Some("+14158675309".to_owned()),
        to: Some("+525512345678".to_owned()),
        direction,
        hangup,
        recording,
        ..LegFacts::named(LegKey { provider: Provider::SignalWire, leg: LEG.to_owned() })
    }
}

fn queued(kind: Kind) -> Classified {
    Classified::Queue(Summary {
        kind,
        leg: Some(LEG.to_owned()),
        account: Some(PROJECT.to_owned()),
    })
}

#[test]
fn a_status_callback_tells_when_the_leg_ended() {
    let pairs = [
        ("CallStatus", "completed"),
        ("CallDuration", "61"),
        ("Direction", "outbound-api"),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", "3"),
        ("SipResultCode", "200"),
        TIMESTAMP,
    ];
    let ended_at = datetime!(2026-11-20 10:00:00 UTC);
    let hangup = Hangup { outcome: Outcome::Completed, talk: Talk::Stated(61), ended_at };
    let expected = facts(Some(Direction::Outbound), Some(hangup), None);
    for (content_type, body) in [(FORM, form(&pairs)), (JSON, json(&pairs))] {
        assert_eq!(classify(content_type, &body), queued(Kind::Hangup), "{content_type:?}");
        assert_eq!(
            parse(content_type, &body, RECEIVED_AT).as_ref(),
            Ok(&expected),
            "{content_type:?}"
        );
    }
}

#[test]
fn a_numbers_callback_tells_when_the_call_was_created() {
    for (status, outcome, seconds) in
        [("completed", Outcome::Completed, "61"), ("failed", Outcome::Failed, "0")]
    {
        let pairs =
            [("CallStatus", status), ("CallDuration", seconds), ("AudioInMos", "4.5"), TIMESTAMP];
        let seconds = seconds.parse().unwrap();
        let expected = facts(
            None,
            Some(Hangup { outcome, talk: Talk::Stated(seconds), ended_at: RECEIVED_AT }),
            None,
        );
        for (content_type, body) in [(FORM, form(&pairs)), (JSON, json(&pairs))] {
            assert_eq!(classify(content_type, &body), queued(Kind::Hangup), "{status}");
            assert_eq!(parse(content_type, &body, RECEIVED_AT).as_ref(), Ok(&expected), "{status}");
        }
    }
}

#[test]
fn every_status_is_known() {
    for (status, outcome) in [
        ("initiated", None),
        ("queued", None),
        ("ringing", None),
        ("in-progress", None),
        ("completed", Some(Outcome::Completed)),
        ("busy", Some(Outcome::Busy)),
        ("no-answer", Some(Outcome::NoAnswer)),
        ("failed", Some(Outcome::Failed)),
        ("canceled", Some(Outcome::Canceled)),
    ] {
        let body = form(&[("CallStatus", status), ("SequenceNumber", "1")]);
        let kind = outcome.map_or(Classified::Ignore, |_| queued(Kind::Hangup));
        assert_eq!(classify(FORM, &body), kind, "{status}");
        let hangup = parse(FORM, &body, RECEIVED_AT).unwrap().hangup;
        assert_eq!(hangup.map(|hangup| hangup.outcome), outcome, "{status}");
    }
    assert_eq!(classify(FORM, &form(&[("CallStatus", "answered")])), queued(Kind::Unknown));
}

#[test]
fn seconds_are_a_number_or_text_and_never_guessed() {
    let told = |body: &str| {
        let body = format!(r#"{{"CallSid":"{LEG}","CallStatus":{body}}}"#);
        parse(JSON, body.as_bytes(), RECEIVED_AT).map(|facts| facts.hangup.unwrap().talk)
    };
    assert_eq!(told(r#""completed","CallDuration":61"#), Ok(Talk::Stated(61)));
    assert_eq!(told(r#""completed","CallDuration":"61""#), Ok(Talk::Stated(61)));
    assert_eq!(told(r#""busy","CallDuration":null"#), Ok(Talk::Stated(0)));
    for body in [r#""completed","Duration":61"#, r#""busy","CallDuration":61"#] {
        assert!(matches!(told(body), Err(EventError::DurationAmbiguous(_))), "{body}");
    }
    for seconds in ["61.0", "-61", "[61]", r#""a minute""#] {
        let told = told(&format!(r#""completed","CallDuration":{seconds}"#));
        assert!(matches!(told, Err(EventError::Unreadable(_))), "{seconds}");
    }
}

#[test]
fn recordings_are_told_by_status() {
    let url = "https://files.signalwire.com/a/b/c.wav";
    for (word, status, expected_url) in [
        ("in-progress", RecordingStatus::Processing, None),
        ("completed", RecordingStatus::Completed, Some(url.to_owned())),
        ("absent", RecordingStatus::None, None),
        ("failed", RecordingStatus::Failed, None),
    ] {
        let pairs = [
            ("RecordingSid", RECORDING),
            ("RecordingStatus", word),
            ("RecordingUrl", url),
            ("RecordingDuration", "60"),
        ];
        let expected = facts(
            None,
            None,
            Some(Recording { status, url: expected_url, id: Some(RECORDING.to_owned()) }),
        );
        for (content_type, body) in [(FORM, form(&pairs)), (JSON, json(&pairs))] {
            assert_eq!(classify(content_type, &body), queued(Kind::Recording), "{word}");
            assert_eq!(parse(content_type, &body, RECEIVED_AT).as_ref(), Ok(&expected), "{word}");
        }
    }
}

#[test]
fn a_child_names_its_parent_and_the_action_of_a_dial_ends_nothing() {
    let child = form(&[
        ("CallStatus", "completed"),
        ("CallDuration", "5"),
        ("ParentCallSid", PROJECT),
        ("SequenceNumber", "3"),
    ]);
    assert_eq!(parse(FORM, &child, RECEIVED_AT).unwrap().parent.as_deref(), Some(PROJECT));
    let action = form(&[
        ("CallStatus", "completed"),
        ("DialCallStatus", "completed"),
        ("DialCallSid", PROJECT),
        ("DialCallDuration", "5"),
    ]);
    assert_eq!(classify(FORM, &action), Classified::Ignore);
    assert_eq!(parse(FORM, &action, RECEIVED_AT).unwrap().hangup, None);
}

proptest! {
    #[test]
    fn reading_never_panics_and_names_this_provider(body: Vec<u8>, pairs in
        prop::collection::vec(("CallSid|CallStatus|CallDuration|Timestamp|SequenceNumber", "completed|61|\\PC{0,8}"), 0..8)) {
        let form = Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes();
        for (content_type, body) in [(FORM, &body), (JSON, &body), (FORM, &form), (None, &form)] {
            match parse(content_type, body, RECEIVED_AT) {
                Ok(facts) => prop_assert_eq!(facts.key.provider, Provider::SignalWire),
                Err(_) => prop_assert!(classify(content_type, body) != Classified::Ignore),
            }
        }
    }
}
