//! TeXML's webhooks: forms with the names of Twilio's, and a few of their own. `AccountSid` is the same for all of an
//! owner's customers; `ConnectionId` tells them apart.

use time::OffsetDateTime;

use crate::legs::event::{EventError, ParsedEvent};
use crate::legs::{Hangup, LegFacts, LegKey, Outcome, Talk};
use crate::providers::laml::events::{
    ACTION_FIELDS, News, direction, news, outcome, parent, recording,
};
use crate::providers::laml::fields::{Fields, unreadable};
use crate::providers::laml::seconds;
use crate::providers::{Classified, Kind, Provider, Summary, instant};

use super::events::unknown;

/// Fields that only the end of a leg has.
const END_FIELDS: [&str; 2] = ["EndTime", "HangupCause"];

pub(super) fn classify(content_type: Option<&str>, body: &[u8]) -> Classified {
    let Ok(fields) = Fields::read(content_type, body) else {
        return unknown();
    };
    let kind = match told(&fields) {
        Ok(News::Hangup(_)) => Kind::Hangup,
        Ok(News::Recording) => Kind::Recording,
        Ok(News::Progress) => match progress(&fields) {
            Some(kind) => kind,
            None => return Classified::Ignore,
        },
        Err(_) => Kind::Unknown,
    };
    let id = |name| Some(fields.id(name).ok()??.to_owned());
    let leg = id("CallLegId").or_else(|| id("CallSid"));
    Classified::Queue(Summary { kind, leg, account: id("ConnectionId") })
}

pub(super) fn parse(
    content_type: Option<&str>,
    body: &[u8],
    received_at: OffsetDateTime,
) -> ParsedEvent {
    let fields = Fields::read(content_type, body)?;
    let news = told(&fields)?;
    let told = leg(&fields)?;
    let told_at = at(&fields, "Timestamp").unwrap_or(received_at);
    Ok(match news {
        // A recording that cannot be read keeps no call from being charged.
        News::Hangup(outcome) => LegFacts {
            hangup: Some(hangup(&fields, outcome, told_at)?),
            recording: recording(&fields).ok().flatten(),
            ..told
        },
        News::Recording => LegFacts { recording: recording(&fields)?, ..told },
        News::Progress => match progress(&fields) {
            Some(Kind::Answered) => {
                LegFacts { answered_at: told.answered_at.or(Some(told_at)), ..told }
            }
            Some(Kind::Initiated) => {
                LegFacts { initiated_at: told.initiated_at.or(Some(told_at)), ..told }
            }
            Some(_) | None => told,
        },
    })
}

/// The leg of a request for instructions.
pub(super) fn asked(content_type: Option<&str>, body: &[u8]) -> ParsedEvent {
    let fields = Fields::read(content_type, body)?;
    if !fields.has_any(&["CallSid", "CallLegId"]) {
        return Err(unreadable("no CallSid"));
    }
    leg(&fields)
}

/// What an event is about. The end of a leg is told to the `action` of its verb as well, in one request: with what only
/// an end has, it is one, whatever it says of a verb.
fn told(fields: &Fields<'_>) -> Result<News, EventError> {
    let news = news(fields)?;
    let ended = fields.get("CallStatus")?.and_then(outcome);
    match ended.filter(|_| fields.has_any(&END_FIELDS)) {
        Some(outcome) => Ok(News::Hangup(outcome)),
        None => Ok(news),
    }
}

/// What every event says of its leg.
fn leg(fields: &Fields<'_>) -> Result<LegFacts, EventError> {
    let id = |name| Ok::<_, EventError>(fields.id(name)?.map(str::to_owned));
    let text = |name| Ok::<_, EventError>(fields.get(name)?.map(str::to_owned));
    let names = [id("CallLegId")?, id("CallSid")?, id("CallControlId")?];
    let mut names = names.into_iter().flatten();
    // Whatever has no CallSid was refused before.
    let leg = names.next().unwrap_or_default();
    let mut other_names: Vec<String> = names.filter(|name| *name != leg).collect();
    other_names.dedup();
    Ok(LegFacts {
        parent: parent(fields, other_names.iter().chain([&leg]))?,
        other_names,
        session: id("CallSessionId")?,
        account: id("ConnectionId")?,
        from: text("From")?,
        to: text("To")?,
        direction: fields.get("Direction")?.and_then(direction),
        initiated_at: at(fields, "StartTime").or_else(|| at(fields, "CallInitiatedAt")),
        answered_at: at(fields, "AnsweredTime"),
        ..LegFacts::named(LegKey { provider: Provider::Telnyx, leg })
    })
}

/// `CallDuration` is told only where Telnyx knows both ends; without it the times say the same.
fn hangup(
    fields: &Fields<'_>,
    outcome: Outcome,
    told_at: OffsetDateTime,
) -> Result<Hangup, EventError> {
    let seconds = seconds::lasted(fields, outcome)?;
    let is_told = outcome != Outcome::Completed || fields.get("CallDuration")?.is_some();
    let talk = if is_told { Talk::Stated(seconds) } else { Talk::Unstated { was_answered: true } };
    Ok(Hangup { outcome, talk, ended_at: at(fields, "EndTime").unwrap_or(told_at) })
}

/// What the leg has come to. The request of a verb's `action` tells of its parent's state, long after that began.
fn progress(fields: &Fields<'_>) -> Option<Kind> {
    match fields.get("CallStatus").ok().flatten()? {
        _ if fields.has_any(&ACTION_FIELDS) => None,
        "in-progress" => Some(Kind::Answered),
        "initiated" => Some(Kind::Initiated),
        _ => None,
    }
}

/// The documents say RFC 2822; the samples also have ISO 8601, with a blank for its `T` at times.
fn at(fields: &Fields<'_>, name: &str) -> Option<OffsetDateTime> {
    let text = fields.get(name).ok()??;
    instant::rfc_2822(text).or_else(|| instant::rfc_3339(&text.replacen(' ', "T", 1)))
}
