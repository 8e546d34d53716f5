//! Call Control's webhooks, version 2: an event in `data`, with the leg in its `payload`. Every field is optional in
//! Telnyx's own types, so nothing is taken for granted that is not needed.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use time::OffsetDateTime;

use super::events::unknown;
use crate::json::misread;
use crate::legs::event::{EventError, ParsedEvent};
use crate::legs::{
    Billed, Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk,
};
use crate::money::Money;
use crate::providers::laml::fields::{is_id, unreadable};
use crate::providers::laml::web_address;
use crate::providers::{Classified, Kind, Provider, Summary, instant};

#[derive(Deserialize)]
struct Envelope {
    data: Event,
}

#[derive(Deserialize)]
struct Event {
    event_type: String,
    occurred_at: Option<String>,
    #[serde(default)]
    payload: Payload,
}

#[derive(Default, Deserialize)]
struct Payload {
    call_control_id: Option<String>,
    call_leg_id: Option<String>,
    call_session_id: Option<String>,
    connection_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    direction: Option<String>,
    start_time: Option<String>,
    hangup_cause: Option<String>,
    status: Option<String>,
    total_cost: Option<Number>,
    billed_duration_secs: Option<Number>,
    recording_id: Option<String>,
    #[serde(default)]
    recording_urls: Links,
    #[serde(default)]
    public_recording_urls: Links,
}

#[derive(Default, Deserialize)]
struct Links {
    mp3: Option<String>,
    wav: Option<String>,
}

/// Told as text or as a number; its digits are the same.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Number(serde_json::Number),
}

impl Number {
    fn digits(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The kind of an event; `None` for those that cost nothing and say nothing of the leg's length.
fn kind(event_type: &str) -> Option<Kind> {
    match event_type {
        "call.hangup" => Some(Kind::Hangup),
        "call.answered" => Some(Kind::Answered),
        "call.initiated" => Some(Kind::Initiated),
        "call.recording.saved" | "call.recording.error" => Some(Kind::Recording),
        "call.cost" => Some(Kind::Cost),
        // Version 1 had names such as call_hangup, and version 2 always has a dot.
        other if other.contains('.') => None,
        _ => Some(Kind::Unknown),
    }
}

pub(super) fn classify(body: &[u8]) -> Classified {
    let Ok(Envelope { data }) = serde_json::from_slice::<Envelope>(body) else {
        return unknown();
    };
    let Some(kind) = kind(&data.event_type) else {
        return Classified::Ignore;
    };
    let id = |id: Option<String>| id.filter(|id| is_id(id));
    let leg = id(data.payload.call_leg_id).or(id(data.payload.call_control_id));
    Classified::Queue(Summary { kind, leg, account: id(data.payload.connection_id) })
}

pub(super) fn parse(body: &[u8], received_at: OffsetDateTime) -> ParsedEvent {
    let data = event(body)?;
    let occurred_at =
        data.occurred_at.as_deref().and_then(instant::rfc_3339).unwrap_or(received_at);
    let told = leg(&data.payload)?;
    let payload = data.payload;
    match kind(&data.event_type) {
        Some(Kind::Hangup) => Ok(LegFacts { hangup: Some(hangup(&payload, occurred_at)?), ..told }),
        Some(Kind::Answered) => Ok(LegFacts { answered_at: Some(occurred_at), ..told }),
        Some(Kind::Initiated) => {
            let initiated_at = told.initiated_at.or(Some(occurred_at));
            Ok(LegFacts { initiated_at, ..told })
        }
        Some(Kind::Cost) => Ok(LegFacts { billed: billed(&payload)?, ..told }),
        Some(Kind::Recording) => {
            Ok(LegFacts { recording: Some(recording(&data.event_type, payload)?), ..told })
        }
        Some(Kind::Unknown) | None => Err(unreadable("event_type is unknown")),
    }
}

/// The leg that `call.initiated` asks for.
pub(super) fn asked(body: &[u8]) -> ParsedEvent {
    let data = event(body)?;
    match kind(&data.event_type) {
        Some(Kind::Initiated) => leg(&data.payload),
        Some(_) | None => Err(unreadable("event_type is not call.initiated")),
    }
}

fn event(body: &[u8]) -> Result<Event, EventError> {
    let Envelope { data } = serde_json::from_slice(body).map_err(|error| {
        unreadable(format!("no event of Call Control's version 2: {}", misread(&error)))
    })?;
    Ok(data)
}

/// What every event says of its leg.
fn leg(payload: &Payload) -> Result<LegFacts, EventError> {
    let leg_id = id("call_leg_id", payload.call_leg_id.as_ref())?;
    let control_id = id("call_control_id", payload.call_control_id.as_ref())?;
    let leg = leg_id.clone().or_else(|| control_id.clone());
    let leg = leg.ok_or_else(|| unreadable("neither call_leg_id nor call_control_id"))?;
    let direction = payload.direction.as_deref().and_then(|word| match word {
        "incoming" | "inbound" => Some(Direction::Inbound),
        "outgoing" | "outbound" => Some(Direction::Outbound),
        _ => None,
    });
    Ok(LegFacts {
        other_names: control_id.filter(|control_id| *control_id != leg).into_iter().collect(),
        session: id("call_session_id", payload.call_session_id.as_ref())?,
        account: id("connection_id", payload.connection_id.as_ref())?,
        from: text("from", payload.from.as_ref())?,
        to: text("to", payload.to.as_ref())?,
        direction,
        initiated_at: payload.start_time.as_deref().and_then(instant::rfc_3339),
        ..LegFacts::named(LegKey { provider: Provider::Telnyx, leg })
    })
}

/// No duration is told, and a cause says only how the leg came to its end: `normal_clearing` ends a call that was never
/// answered too, where the caller hung up properly.
fn hangup(payload: &Payload, ended_at: OffsetDateTime) -> Result<Hangup, EventError> {
    let cause = payload.hangup_cause.as_deref().unwrap_or("unspecified");
    let (outcome, was_answered) = match cause {
        "normal_clearing" | "time_limit" | "unspecified" => (Outcome::Completed, true),
        "user_busy" => (Outcome::Busy, false),
        "no_answer" | "timeout" => (Outcome::NoAnswer, false),
        "originator_cancel" => (Outcome::Canceled, false),
        "call_rejected" | "not_found" => (Outcome::Failed, false),
        // One that Telnyx adds later may well end an answered call: not charging it would be to guess in its favour.
        other if is_id(other) => (Outcome::Completed, true),
        _ => return Err(unreadable("hangup_cause is no word")),
    };
    Ok(Hangup { outcome, talk: Talk::Unstated { was_answered }, ended_at })
}

/// `status: error` says that the cost is not known; there will be no other event.
fn billed(payload: &Payload) -> Result<Option<Billed>, EventError> {
    if payload.status.as_deref().is_some_and(|status| status != "success") {
        return Ok(None);
    }
    let cost = payload.total_cost.as_ref().map(|cost| amount(&cost.digits())).transpose()?;
    let seconds = payload.billed_duration_secs.as_ref().map(|seconds| {
        let seconds = seconds.digits().parse();
        seconds.map_err(|_| unreadable("billed_duration_secs is no whole number of seconds"))
    });
    Ok(Some(Billed { cost, seconds: seconds.transpose()? }))
}

/// Providers charge fractions of a hundredth of a cent; what we keep is for reports.
fn amount(digits: &str) -> Result<Money, EventError> {
    let error = || unreadable("total_cost is no amount");
    let exact: Decimal = digits.parse().map_err(|_| error())?;
    let rounded = exact.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
    Money::from_decimal(rounded).map_err(|_| error())
}

fn recording(event_type: &str, payload: Payload) -> Result<Recording, EventError> {
    let id = id("recording_id", payload.recording_id.as_ref())?;
    if event_type == "call.recording.error" {
        return Ok(Recording { status: RecordingStatus::Failed, url: None, id });
    }
    let Links { mp3, wav } = payload.recording_urls;
    let public = payload.public_recording_urls;
    let url = mp3.or(wav).or(public.mp3).or(public.wav);
    let url = url.ok_or_else(|| unreadable("no recording_urls"))?;
    web_address("recording_urls", &url)?;
    Ok(Recording { status: RecordingStatus::Completed, url: Some(url), id })
}

fn id(name: &str, value: Option<&String>) -> Result<Option<String>, EventError> {
    match value.filter(|value| !value.is_empty()) {
        Some(value) if !is_id(value) => Err(unreadable(format!("{name} is not an id"))),
        value => Ok(value.cloned()),
    }
}

fn text(name: &str, value: Option<&String>) -> Result<Option<String>, EventError> {
    match value.filter(|value| !value.is_empty()) {
        // No column of text can hold one.
        Some(value) if value.contains('\0') => Err(unreadable(format!("{name} holds a NUL"))),
        value => Ok(value.cloned()),
    }
}
