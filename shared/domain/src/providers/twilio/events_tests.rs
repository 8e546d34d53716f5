//! Every outcome and every field rule, by table; and that no bytes make the reader panic or contradict itself.

use form_urlencoded::Serializer;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

use super::events::*;
use crate::legs::event::EventError;
use crate::legs::{Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk};
use crate::providers::{Classified, Kind, Provider, Summary};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");
const RECEIVED_AT: OffsetDateTime = datetime!(2026-11-20 10:00:05 UTC);
const ENDED_AT: OffsetDateTime = datetime!(2026-11-20 10:00:00 UTC);

type Pairs<'a> = [(&'a str, &'a str)];

fn form(changes: &Pairs<'_>) -> Vec<u8> {
    let usual = [
        ("CallSid", "CA1"),
        ("AccountSid", "AC1"),
        ("From", "+14158675309"),
        ("To", "+525512345678"),
        ("Direction", "outbound-api"),
        ("Timestamp", "Fri, 20 Nov 2026 10:00:00 +0000"),
    ];
    let kept =
        usual.into_iter().filter(|(name, _)| !changes.iter().any(|(other, _)| name == other));
    let pairs = kept.chain(changes.iter().copied());
    Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

fn parsed(changes: &Pairs<'_>) -> Result<LegFacts, EventError> {
    parse(FORM, &form(changes), RECEIVED_AT)
}

fn hangup_of(changes: &Pairs<'_>) -> Hangup {
    parsed(changes).unwrap().hangup.unwrap()
}

/// `None` for what is not kept.
fn kind(changes: &Pairs<'_>) -> Option<Kind> {
    match classify(FORM, &form(changes)) {
        Classified::Queue(summary) => Some(summary.kind),
        Classified::Ignore => None,
    }
}

fn is_unreadable(parsed: &Result<LegFacts, EventError>) -> bool {
    matches!(parsed, Err(EventError::Unreadable(_)))
}

#[test]
fn a_hangup_tells_every_fact_of_its_leg() {
    let body = form(&[
        ("CallStatus", "completed"),
        ("CallDuration", "61"),
        ("Duration", "2"),
        ("ParentCallSid", "CA0"),
    ]);
    let expected = LegFacts {
        parent: Some("CA0".to_owned()),
        account: Some("AC1".to_owned()),
        from: Some("+14158675309".to_owned()),
        to: Some("+525512345678".to_owned()),
        direction: Some(Direction::Outbound),
        hangup: Some(Hangup {
            outcome: Outcome::Completed,
            talk: Talk::Stated(61),
            ended_at: ENDED_AT,
        }),
        ..LegFacts::named(LegKey { provider: Provider::Twilio, leg: "CA1".to_owned() })
    };
    assert_eq!(parse(FORM, &body, RECEIVED_AT), Ok(expected));
    let summary = Summary {
        kind: Kind::Hangup,
        leg: Some("CA1".to_owned()),
        account: Some("AC1".to_owned()),
    };
    assert_eq!(classify(FORM, &body), Classified::Queue(summary));
}

#[test]
fn every_terminal_status_is_a_hangup() {
    for (status, outcome) in [
        ("completed", Outcome::Completed),
        ("busy", Outcome::Busy),
        ("no-answer", Outcome::NoAnswer),
        ("failed", Outcome::Failed),
        ("canceled", Outcome::Canceled),
    ] {
        assert_eq!(kind(&[("CallStatus", status)]), Some(Kind::Hangup), "{status}");
        let expected = Hangup { outcome, talk: Talk::Stated(0), ended_at: ENDED_AT };
        assert_eq!(hangup_of(&[("CallStatus", status)]), expected, "{status}");
    }
}

#[test]
fn a_leg_that_goes_on_is_not_kept() {
    for status in ["queued", "initiated", "ringing", "in-progress"] {
        assert_eq!(kind(&[("CallStatus", status)]), None, "{status}");
        assert_eq!(parsed(&[("CallStatus", status)]).unwrap().hangup, None, "{status}");
    }
}

#[test]
fn what_nobody_knows_is_kept_as_unknown() {
    let long = "A".repeat(201);
    for changes in [
        &[("CallStatus", "")][..],
        &[("CallStatus", "Completed")],
        &[("CallStatus", "exploded")],
        &[("MessageSid", "SM1"), ("MessageStatus", "sent")],
        &[("CallSid", ""), ("CallStatus", "completed")],
        &[("CallSid", "CA 1"), ("CallStatus", "completed")],
        &[("CallSid", "CA1\n"), ("CallStatus", "completed")],
        &[("CallSid", "ÇA1"), ("CallStatus", "completed")],
        &[("CallSid", &long), ("CallStatus", "completed")],
        &[("CallSid", ""), ("RecordingSid", "RE1"), ("RecordingStatus", "completed")],
        &[("CallStatus", "ringing"), ("CallStatus", "completed")],
        &[("CallStatus", "completed"), ("CallSid", "CA1"), ("CallSid", "CA2")],
    ] {
        assert_eq!(kind(changes), Some(Kind::Unknown), "{changes:?}");
        assert!(is_unreadable(&parsed(changes)), "{changes:?}");
    }
    let just_in = "A".repeat(200);
    assert_eq!(kind(&[("CallSid", &just_in), ("CallStatus", "busy")]), Some(Kind::Hangup));
    assert_eq!(kind(&[("CallSid", "v3:a_b.c-D"), ("CallStatus", "busy")]), Some(Kind::Hangup));
}

#[test]
fn an_unknown_event_still_names_what_it_can() {
    let summary = |body: &[u8]| match classify(FORM, body) {
        Classified::Queue(summary) => (summary.leg, summary.account),
        Classified::Ignore => panic!("not kept"),
    };
    let (leg, account) = summary(&form(&[("CallStatus", "exploded")]));
    assert_eq!((leg.as_deref(), account.as_deref()), (Some("CA1"), Some("AC1")));
    let (leg, account) = summary(&form(&[("CallSid", "C A"), ("AccountSid", "\n")]));
    assert_eq!((leg, account), (None, None));
    assert_eq!(summary(b"nothing"), (None, None));
}

#[test]
fn seconds_are_those_of_call_duration() {
    for (changes, seconds) in [
        (&[("CallDuration", "61"), ("Duration", "2")][..], 61),
        (&[("CallDuration", "61")], 61),
        (&[("CallDuration", "007")], 7),
        (&[("CallDuration", "86400")], 86_400),
        (&[("CallDuration", "0")], 0),
        (&[("CallDuration", "")], 0),
        (&[], 0),
        (&[("Duration", "0")], 0),
        (&[("CallDuration", "0"), ("Duration", "")], 0),
        (&[("CallDuration", "5"), ("CallDuration", "5")], 5),
        (&[("CallDuration", "5"), ("Duration", "many")], 5),
    ] {
        let changes = [&[("CallStatus", "completed")], changes].concat();
        assert_eq!(hangup_of(&changes).talk, Talk::Stated(seconds), "{changes:?}");
    }
}

#[test]
fn seconds_that_can_be_read_in_two_ways_are_ambiguous() {
    for changes in [
        &[("CallStatus", "completed"), ("Duration", "2")][..],
        &[("CallStatus", "completed"), ("Duration", "2"), ("CallDuration", "")],
        &[("CallStatus", "completed"), ("Duration", "2"), ("CallDuration", "0")],
        &[("CallStatus", "busy"), ("CallDuration", "1")],
        &[("CallStatus", "no-answer"), ("CallDuration", "1")],
        &[("CallStatus", "failed"), ("CallDuration", "1")],
        &[("CallStatus", "canceled"), ("CallDuration", "86400")],
    ] {
        let parsed = parsed(changes);
        assert!(matches!(parsed, Err(EventError::DurationAmbiguous(_))), "{changes:?} {parsed:?}");
        assert_eq!(kind(changes), Some(Kind::Hangup), "{changes:?}");
    }
}

#[test]
fn seconds_that_are_no_seconds_are_unreadable() {
    for seconds in
        ["-1", "+61", "61.0", "1e3", " 61", "x", "٦١", "86401", "4294967296", &"9".repeat(300)]
    {
        for status in ["completed", "busy"] {
            let changes = [("CallStatus", status), ("CallDuration", seconds)];
            assert!(is_unreadable(&parsed(&changes)), "{changes:?}");
        }
    }
    assert!(is_unreadable(&parsed(&[("CallStatus", "completed"), ("Duration", "-2")])));
    let twice = [("CallStatus", "completed"), ("CallDuration", "6"), ("CallDuration", "61")];
    assert!(is_unreadable(&parsed(&twice)));
}

#[test]
fn the_action_of_a_dial_never_ends_its_parent() {
    let child =
        [("DialCallStatus", "completed"), ("DialCallSid", "CA2"), ("DialCallDuration", "61")];
    for status in ["in-progress", "completed"] {
        let changes = [&[("CallStatus", status)], &child[..]].concat();
        assert_eq!(kind(&changes), None, "{status}");
        assert_eq!(parsed(&changes).unwrap().hangup, None, "{status}");
    }
    // Only a hangup has the parent's own seconds.
    let ended = [&[("CallStatus", "completed"), ("CallDuration", "70")], &child[..]].concat();
    assert_eq!(kind(&ended), Some(Kind::Hangup));
    assert_eq!(hangup_of(&ended).talk, Talk::Stated(70));
    let gathered = [("CallStatus", "completed"), ("Digits", "hangup")];
    assert_eq!(kind(&gathered), None);
}

#[test]
fn the_end_is_the_timestamp_or_the_arrival() {
    for (timestamp, ended_at) in [
        ("Fri, 20 Nov 2026 10:00:00 +0000", ENDED_AT),
        ("Fri, 20 Nov 2026 11:00:00 +0100", ENDED_AT),
        ("", RECEIVED_AT),
        ("2026-11-20T10:00:00Z", RECEIVED_AT),
        ("yesterday", RECEIVED_AT),
    ] {
        let hangup = hangup_of(&[("CallStatus", "busy"), ("Timestamp", timestamp)]);
        assert_eq!(hangup.ended_at, ended_at, "{timestamp}");
        assert!(hangup.ended_at.offset().is_utc(), "{timestamp}");
    }
}

#[test]
fn directions_are_the_customers() {
    for (word, direction) in [
        ("inbound", Some(Direction::Inbound)),
        ("outbound-api", Some(Direction::Outbound)),
        ("outbound-dial", Some(Direction::Outbound)),
        ("trunking-terminating", Some(Direction::Outbound)),
        ("trunking-originating", Some(Direction::Inbound)),
        ("sideways", None),
        ("", None),
    ] {
        let facts = parsed(&[("CallStatus", "busy"), ("Direction", word)]).unwrap();
        assert_eq!(facts.direction, direction, "{word}");
    }
}

#[test]
fn empty_fields_are_absent_ones() {
    let empty = ["ParentCallSid", "AccountSid", "From", "To"].map(|name| (name, ""));
    let facts = parsed(&[&[("CallStatus", "busy")], &empty[..]].concat()).unwrap();
    assert_eq!((facts.parent, facts.account, facts.from, facts.to), (None, None, None, None));
}

#[test]
fn a_field_of_money_that_is_not_clear_is_unreadable() {
    for changes in [
        &[("ParentCallSid", "C A")][..],
        &[("ParentCallSid", "CA1")],
        &[("ParentCallSid", "CA2"), ("ParentCallSid", "CA3")],
        &[("AccountSid", "A;C")],
        &[("From", "+1"), ("From", "+2")],
        &[("To", "+1"), ("To", "")],
        &[("To", "+1\0")],
        &[("Direction", "inbound"), ("Direction", "outbound-api")],
    ] {
        let changes = [&[("CallStatus", "completed"), ("CallDuration", "5")], changes].concat();
        assert!(is_unreadable(&parsed(&changes)), "{changes:?}");
    }
    // Fields we do not read may say what they like.
    parsed(&[("CallStatus", "busy"), ("CallerName", "\0"), ("X", "1"), ("X", "2")]).unwrap();
}

#[test]
fn recordings_by_status() {
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1";
    for (word, status, expected_url) in [
        ("in-progress", RecordingStatus::Processing, None),
        ("completed", RecordingStatus::Completed, Some(url.to_owned())),
        ("absent", RecordingStatus::None, None),
        ("failed", RecordingStatus::Failed, None),
    ] {
        let changes = [("RecordingSid", "RE1"), ("RecordingStatus", word), ("RecordingUrl", url)];
        assert_eq!(kind(&changes), Some(Kind::Recording), "{word}");
        let facts = parsed(&changes).unwrap();
        assert_eq!(
            facts.recording,
            Some(Recording { status, url: expected_url, id: Some("RE1".to_owned()) }),
            "{word}"
        );
        assert_eq!(facts.hangup, None, "{word}");
    }
}

#[test]
fn a_recording_that_is_none_is_unreadable() {
    for (status, url) in [
        ("completed", ""),
        ("completed", "javascript:alert(1)"),
        ("completed", "https://a b"),
        ("completed", "https://a\n"),
        ("exploded", "https://a"),
    ] {
        let changes = [("RecordingSid", "RE1"), ("RecordingStatus", status), ("RecordingUrl", url)];
        assert!(is_unreadable(&parsed(&changes)), "{changes:?}");
    }
}

#[test]
fn a_hangup_with_a_recording_is_a_hangup_first() {
    let ended = [("CallStatus", "completed"), ("CallDuration", "5"), ("RecordingSid", "RE1")];
    assert_eq!(kind(&ended), Some(Kind::Hangup));
    assert_eq!(parsed(&ended).unwrap().recording, None);
    for (status, recording) in [("in-progress", true), ("exploded", false)] {
        let changes = [&ended[..], &[("RecordingStatus", status)]].concat();
        let facts = parsed(&changes).unwrap();
        assert_eq!(facts.hangup.unwrap().talk, Talk::Stated(5), "{status}");
        assert_eq!(facts.recording.is_some(), recording, "{status}");
    }
}

#[test]
fn json_says_the_same_as_a_form() {
    let body = br#"{"CallSid":"CA1","AccountSid":"AC1","From":"+14158675309","To":"+525512345678",
        "Direction":"outbound-api","Timestamp":"Fri, 20 Nov 2026 10:00:00 +0000",
        "CallStatus":"completed","CallDuration":61,"ParentCallSid":null,"Tags":[{"a":1}],"Ok":true}"#;
    let form = parsed(&[("CallStatus", "completed"), ("CallDuration", "61")]);
    assert_eq!(parse(JSON, body, RECEIVED_AT), form);
}

#[test]
fn json_that_is_not_flat_or_not_clear_is_unreadable() {
    for body in [
        "",
        "[]",
        "null",
        r#"{"CallSid":"CA1","CallStatus":"completed""#,
        r#"{"CallSid":"CA1"}"#,
        r#"{"CallSid":{"a":1},"CallStatus":"completed"}"#,
        r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":[61]}"#,
        r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":true}"#,
        r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":-1}"#,
        r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":61.5}"#,
        r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":6,"CallDuration":61}"#,
        &format!("{}{}", r#"{"CallSid":"CA1","CallStatus":"busy","x":"#, "[".repeat(5_000)),
    ] {
        assert!(is_unreadable(&parse(JSON, body.as_bytes(), RECEIVED_AT)), "{body}");
    }
}

#[test]
fn bodies_of_another_kind_or_size_are_unknown() {
    let hangup = form(&[("CallStatus", "busy")]);
    for content_type in
        [None, Some("text/xml"), Some("application/x-www-form-urlencodedx"), Some("")]
    {
        let unknown = Summary { kind: Kind::Unknown, leg: None, account: None };
        assert_eq!(classify(content_type, &hangup), Classified::Queue(unknown), "{content_type:?}");
        assert!(is_unreadable(&parse(content_type, &hangup, RECEIVED_AT)), "{content_type:?}");
    }
    let with_fields = |count: usize| [&hangup[..], "&x=1".repeat(count).as_bytes()].concat();
    // Seven fields are there already.
    assert!(parse(FORM, &with_fields(193), RECEIVED_AT).is_ok());
    assert!(is_unreadable(&parse(FORM, &with_fields(194), RECEIVED_AT)));
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "CallSid",
        "CallStatus",
        "CallDuration",
        "Duration",
        "ParentCallSid",
        "RecordingSid",
        "RecordingStatus",
        "RecordingUrl",
        "DialCallStatus",
        "Timestamp",
        "From",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "CA1",
            "CA2",
            "completed",
            "busy",
            "ringing",
            "in-progress",
            "absent",
            "0",
            "61",
            "-1",
            "",
            "https://a.example/r",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let pairs = prop::collection::vec((name, value), 0..10);
    prop_oneof![
        pairs.prop_map(|pairs| {
            Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
        }),
        any::<Vec<u8>>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn classifying_and_parsing_agree_and_never_panic(body in bodies(), json: bool) {
        let content_type = if json { JSON } else { FORM };
        let parsed = parse(content_type, &body, RECEIVED_AT);
        match classify(content_type, &body) {
            Classified::Ignore => prop_assert!(parsed.is_err() || parsed.is_ok_and(|facts| facts.hangup.is_none())),
            Classified::Queue(summary) => match summary.kind {
                Kind::Hangup => prop_assert!(parsed.is_err() || parsed.is_ok_and(|facts| facts.hangup.is_some())),
                Kind::Recording => prop_assert!(parsed.is_err() || parsed.is_ok_and(|facts| facts.recording.is_some())),
                Kind::Unknown => prop_assert!(is_unreadable(&parsed)),
                Kind::Answered | Kind::Initiated | Kind::Cost => prop_assert!(false),
            },
        }
    }
}
