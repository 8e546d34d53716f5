//! The bodies against the product's own reader: each checks the other.

use curbe_domain::legs::{
    Billed, Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk,
};
use curbe_domain::providers::telnyx::{classify, parse};
use curbe_domain::providers::{Classified, Kind, Provider};
use time::macros::datetime;

use super::*;
use crate::simulator::twilio::Status;

const END: OffsetDateTime = datetime!(2026-09-09 21:10:37.521992 UTC);
const HEARD: OffsetDateTime = datetime!(2026-09-09 21:20:00 UTC);

fn leg() -> TelnyxLeg {
    let id = Uuid::from_u128(0x428c31b67af44bcbb7f55013ef9657c1);
    let leg = TelnyxLeg::outbound("+525512345678", "+13129457420", 0).named(id).ended_at(END);
    leg.completed(Duration::milliseconds(21_500))
}

fn read(event: &Event) -> (Option<Kind>, LegFacts) {
    let (content_type, body) = match event {
        Event::Json(body) => ("application/json", body.to_string()),
        Event::Form(fields) => (
            "application/x-www-form-urlencoded",
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish(),
        ),
    };
    let (content_type, body) = (Some(content_type), body.as_bytes());
    let kind = match classify(content_type, body) {
        Classified::Queue(summary) => Some(summary.kind),
        Classified::Ignore => None,
    };
    (kind, parse(content_type, body, HEARD).unwrap())
}

/// What Call Control says of a leg with every event.
fn everything(leg: &TelnyxLeg) -> LegFacts {
    LegFacts {
        other_names: vec![leg.control_id.clone()],
        session: Some(leg.session.to_string()),
        account: Some(leg.connection.clone()),
        from: Some(leg.from.clone()),
        to: Some(leg.to.clone()),
        initiated_at: Some(leg.started_at),
        ..named(leg.leg_id.to_string())
    }
}

/// What TeXML says of it on the way: no name but `CallSid`, and no session.
fn told_by_form(leg: &TelnyxLeg) -> LegFacts {
    let key = named(leg.control_id.clone()).key;
    LegFacts { key, other_names: vec![], session: None, ..everything(leg) }
}

fn named(leg: String) -> LegFacts {
    LegFacts::named(LegKey { provider: Provider::Telnyx, leg })
}

fn unstated(was_answered: bool, outcome: Outcome) -> Option<Hangup> {
    Some(Hangup { outcome, talk: Talk::Unstated { was_answered }, ended_at: END })
}

fn stated(seconds: u32, outcome: Outcome) -> Option<Hangup> {
    Some(Hangup { outcome, talk: Talk::Stated(seconds), ended_at: END })
}

#[test]
fn times_and_ids_go_together() {
    let leg = leg();
    assert_eq!((leg.seconds(), leg.seconds_stated()), (21, 22));
    assert_eq!(leg.ended_at - leg.started_at, RINGING + Duration::milliseconds(21_500));
    let whole = leg.clone().completed(Duration::seconds(21));
    assert_eq!((whole.seconds(), whole.seconds_stated()), (21, 21));
    let later = leg.clone().ended_at(END + Duration::nanoseconds(1_999));
    assert_eq!((later.ended_at - END, later.seconds()), (Duration::microseconds(1), 21));
    let second = leg.dialled("+525512345678", "+34911234567");
    assert_eq!(second.session, leg.session);
    assert_ne!((second.leg_id, &second.control_id), (leg.leg_id, &leg.control_id));
    assert!(second.started_at > leg.started_at && second.ended_at == leg.ended_at);
    assert_ne!(second.hangup()["data"]["id"], leg.hangup()["data"]["id"]);
    assert_ne!(leg.answered()["data"]["id"], leg.hangup()["data"]["id"]);
}

#[test]
fn a_repeat_differs_in_its_bytes_alone() {
    let leg = leg();
    let events = [
        Event::Json(leg.hangup()),
        Event::Json(leg.cost(24)),
        Event::Form(leg.texml_completed()),
        Event::Form(leg.texml_recording("completed")),
    ];
    for event in events {
        assert_eq!(event.again(0), event);
        let repeats = [event.again(1), event.again(2)];
        assert!(repeats[0] != event && repeats[1] != event && repeats[0] != repeats[1]);
        assert_eq!(read(&repeats[0]), read(&event));
    }
    assert_eq!(leg.hangup()["meta"]["attempt"], 1);
}

#[test]
fn call_control_is_read_as_it_is_meant() {
    let leg = leg();
    let calls = |direction| LegFacts { direction: Some(direction), ..everything(&leg) };
    let incoming = TelnyxLeg { outgoing: false, ..leg.clone() };
    for (body, kind, expected) in [
        (leg.initiated(), Some(Kind::Initiated), calls(Direction::Outbound)),
        (incoming.initiated(), Some(Kind::Initiated), calls(Direction::Inbound)),
        (
            leg.answered(),
            Some(Kind::Answered),
            LegFacts { answered_at: leg.answered_at, ..everything(&leg) },
        ),
        (
            leg.hangup(),
            Some(Kind::Hangup),
            LegFacts { hangup: unstated(true, Outcome::Completed), ..everything(&leg) },
        ),
    ] {
        assert_eq!(read(&Event::Json(body)), (kind, expected));
    }
    let bridged = leg.bridged().to_string();
    assert_eq!(classify(Some("application/json"), bridged.as_bytes()), Classified::Ignore);
}

#[test]
fn costs_and_recordings_are_read_as_they_are_meant() {
    let leg = leg();
    let told = LegFacts { from: None, to: None, initiated_at: None, ..everything(&leg) };
    let billed = Some(Billed { cost: Some("0.0070".parse().unwrap()), seconds: Some(24) });
    let cost = LegFacts { billed, ..told.clone() };
    assert_eq!(read(&Event::Json(leg.cost(24))), (Some(Kind::Cost), cost));
    assert_eq!(read(&Event::Json(leg.cost_unknown())), (Some(Kind::Cost), told.clone()));
    let recorded = |status, url: Option<&String>, id: Option<Uuid>| {
        Some(Recording { status, url: url.cloned(), id: id.map(|id| id.to_string()) })
    };
    let url = Some(&leg.recording_url);
    let saved = recorded(RecordingStatus::Completed, url, None);
    let saved = LegFacts { recording: saved, other_names: vec![], ..told.clone() };
    assert_eq!(read(&Event::Json(leg.recording_saved())), (Some(Kind::Recording), saved));
    let failed = recorded(RecordingStatus::Failed, None, None);
    let failed = LegFacts { recording: failed, ..told };
    assert_eq!(read(&Event::Json(leg.recording_failed())), (Some(Kind::Recording), failed));

    for (status, expected, url) in [
        ("in-progress", RecordingStatus::Processing, None),
        ("completed", RecordingStatus::Completed, url),
        ("absent", RecordingStatus::None, None),
    ] {
        let facts = LegFacts {
            account: Some(leg.connection.clone()),
            recording: recorded(expected, url, Some(leg.leg_id)),
            ..named(leg.control_id.clone())
        };
        let told = Event::Form(leg.texml_recording(status));
        assert_eq!(read(&told), (Some(Kind::Recording), facts), "{status}");
    }
}

#[test]
fn texml_is_read_as_it_is_meant() {
    let leg = leg();
    let told = || told_by_form(&leg);
    let answered = LegFacts { answered_at: leg.answered_at, ..told() };
    let form = |status| Event::Form(leg.texml_progress(status));
    assert_eq!(read(&form(Status::Initiated)), (Some(Kind::Initiated), told()));
    assert_eq!(read(&form(Status::Ringing)), (None, told()));
    assert_eq!(read(&form(Status::InProgress)), (Some(Kind::Answered), answered));

    let completed = LegFacts {
        answered_at: leg.answered_at,
        hangup: stated(22, Outcome::Completed),
        ..everything(&leg)
    };
    assert_eq!(read(&Event::Form(leg.texml_completed())), (Some(Kind::Hangup), completed));
    let ended = LegFacts { hangup: unstated(true, Outcome::Completed), ..everything(&leg) };
    assert_eq!(read(&Event::Form(leg.texml_ended())), (Some(Kind::Hangup), ended));

    let child = leg.dialled("+525512345678", "+34911234567").child_of(&leg);
    let (kind, facts) = read(&Event::Form(child.texml_completed()));
    assert_eq!((kind, facts.parent), (Some(Kind::Hangup), Some(leg.control_id.clone())));
    // The parent goes on: its own end says how long it lasted.
    assert_eq!(read(&Event::Form(leg.texml_dial_action(&child))), (None, told()));
}

#[test]
fn every_cause_is_read_as_it_is_meant() {
    for cause in Cause::ALL {
        let leg = if cause.is_of_answered() {
            TelnyxLeg { cause, ..leg() }
        } else {
            leg().unanswered(cause)
        };
        let outcome = Outcome::parse(&cause.status().as_str().replace('-', "_")).unwrap();
        let hangup = read(&Event::Json(leg.hangup())).1.hangup;
        assert_eq!(hangup, unstated(cause.is_of_answered(), outcome), "{cause:?}");
        let seconds = if cause.is_of_answered() { 22 } else { 0 };
        let hangup = read(&Event::Form(leg.texml_completed())).1.hangup;
        assert_eq!(hangup, stated(seconds, outcome), "{cause:?}");
    }
}

#[test]
fn every_timestamp_is_read_whichever_way_it_is_written() {
    for end in [END, END + Duration::microseconds(1), END.replace_microsecond(0).unwrap()] {
        let leg = leg().ended_at(end).completed(Duration::seconds(60));
        let (_, facts) = read(&Event::Form(leg.texml_progress(Status::InProgress)));
        assert_eq!(facts.answered_at, leg.answered_at);
    }
}
