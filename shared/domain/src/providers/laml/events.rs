//! What a webhook says: which kind of event it is, and the facts of its leg.
//!
//! Only the body is read. The query is signed too, but holds what we wrote there ourselves.

use std::iter;

use time::OffsetDateTime;

use super::Dialect;
use super::fields::{Fields, unreadable};
use super::seconds;
use crate::legs::event::{EventError, ParsedEvent};
use crate::legs::{Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk};
use crate::providers::{Classified, Kind, Summary, instant};

/// Fields that only the `action` request of a verb has, never a status callback.
pub(in crate::providers) const ACTION_FIELDS: [&str; 6] =
    ["DialCallStatus", "DialCallSid", "DialBridged", "QueueResult", "Digits", "SpeechResult"];
/// Signed links are long.
const URL_LENGTH_MAX: usize = 4_000;
/// How much of a value that nobody knows is quoted in an error.
const QUOTED_MAX: usize = 40;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::providers) enum News {
    /// The leg is over.
    Hangup(Outcome),
    /// Something about its recording.
    Recording,
    /// The leg goes on; nothing of it is billed.
    Progress,
}

/// Sorts a signed webhook into the queue. What cannot be read is queued as unknown: it was signed, so it is kept.
#[must_use]
pub fn classify(content_type: Option<&str>, body: &[u8]) -> Classified {
    let fields = Fields::read(content_type, body);
    let kind = match fields.as_ref().map(news) {
        Ok(Ok(News::Progress)) => return Classified::Ignore,
        Ok(Ok(News::Hangup(_))) => Kind::Hangup,
        Ok(Ok(News::Recording)) => Kind::Recording,
        Ok(Err(_)) | Err(_) => Kind::Unknown,
    };
    let id = |name| Some(fields.as_ref().ok()?.id(name).ok()??.to_owned());
    Classified::Queue(Summary { kind, leg: id("CallSid"), account: id("AccountSid") })
}

/// The facts that a webhook tells of its leg.
///
/// # Errors
/// [`EventError`] when the body is not what the provider documents, or its duration can be read in two ways.
pub(in crate::providers) fn parse(
    dialect: &Dialect,
    content_type: Option<&str>,
    body: &[u8],
    received_at: OffsetDateTime,
) -> ParsedEvent {
    let fields = Fields::read(content_type, body)?;
    let (hangup, recording) = match news(&fields)? {
        // A recording that cannot be read keeps no call from being charged.
        News::Hangup(outcome) => {
            let seconds = seconds::lasted(&fields, outcome)?;
            let ended_at = told_at(dialect, &fields).unwrap_or(received_at);
            let talk = Talk::Stated(seconds);
            (Some(Hangup { outcome, talk, ended_at }), recording(&fields).ok().flatten())
        }
        News::Recording => (None, recording(&fields)?),
        News::Progress => (None, None),
    };
    Ok(LegFacts { hangup, recording, ..told(dialect, &fields)? })
}

/// The leg of a request for instructions.
///
/// # Errors
/// [`EventError`] when the body is not what the provider documents.
pub(in crate::providers) fn asked(
    dialect: &Dialect,
    content_type: Option<&str>,
    body: &[u8],
) -> ParsedEvent {
    told(dialect, &Fields::read(content_type, body)?)
}

/// What every request says of its leg.
fn told(dialect: &Dialect, fields: &Fields<'_>) -> ParsedEvent {
    let text = |name| Ok::<_, EventError>(fields.get(name)?.map(str::to_owned));
    let leg = leg(fields)?;
    Ok(LegFacts {
        parent: parent(fields, iter::once(leg))?,
        account: fields.id("AccountSid")?.map(str::to_owned),
        from: text("From")?,
        to: text("To")?,
        direction: fields.get("Direction")?.and_then(direction),
        ..LegFacts::named(LegKey { provider: dialect.provider, leg: leg.to_owned() })
    })
}

pub(in crate::providers) fn news(fields: &Fields<'_>) -> Result<News, EventError> {
    leg(fields)?;
    let status = fields.get("CallStatus")?;
    match status.map(|status| (outcome(status), status)) {
        // An action request tells the state of the parent while its verb ended, but not how long it lasted: taken for
        // the hangup, it would make the call free.
        Some((Some(_), _)) if is_action(fields)? => Ok(News::Progress),
        Some((Some(outcome), _)) => Ok(News::Hangup(outcome)),
        Some(_) | None if has_recording(fields)? => Ok(News::Recording),
        Some((None, "queued" | "initiated" | "ringing" | "in-progress")) => Ok(News::Progress),
        Some((None, other)) => Err(unreadable(format!("CallStatus {} is unknown", quoted(other)))),
        None => Err(unreadable("neither CallStatus nor a recording")),
    }
}

fn is_action(fields: &Fields<'_>) -> Result<bool, EventError> {
    Ok(fields.has_any(&ACTION_FIELDS) && fields.get("CallDuration")?.is_none())
}

fn leg<'a>(fields: &'a Fields<'_>) -> Result<&'a str, EventError> {
    fields.id("CallSid")?.ok_or_else(|| unreadable("no CallSid"))
}

/// The parent of a leg with these names.
pub(in crate::providers) fn parent(
    fields: &Fields<'_>,
    mut names: impl Iterator<Item = impl AsRef<str>>,
) -> Result<Option<String>, EventError> {
    let Some(parent) = fields.id("ParentCallSid")? else { return Ok(None) };
    // It would wait for its own end for ever.
    if names.any(|name| name.as_ref() == parent) {
        return Err(unreadable("the leg is its own parent"));
    }
    Ok(Some(parent.to_owned()))
}

pub(in crate::providers) fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "completed" => Some(Outcome::Completed),
        "busy" => Some(Outcome::Busy),
        "no-answer" => Some(Outcome::NoAnswer),
        "failed" => Some(Outcome::Failed),
        "canceled" => Some(Outcome::Canceled),
        _ => None,
    }
}

pub(in crate::providers) fn direction(word: &str) -> Option<Direction> {
    match word {
        // In trunking, "originating" is from the public network to the customer, "terminating" the other way.
        "inbound" | "trunking-originating" => Some(Direction::Inbound),
        "outbound" | "outbound-api" | "outbound-dial" | "trunking-terminating" => {
            Some(Direction::Outbound)
        }
        _ => None,
    }
}

fn told_at(dialect: &Dialect, fields: &Fields<'_>) -> Option<OffsetDateTime> {
    if !dialect.timed_by.is_empty() && !fields.has_any(dialect.timed_by) {
        return None;
    }
    instant::rfc_2822(fields.get("Timestamp").ok()??)
}

fn has_recording(fields: &Fields<'_>) -> Result<bool, EventError> {
    Ok(fields.get("RecordingSid")?.is_some() && fields.get("RecordingStatus")?.is_some())
}

pub(in crate::providers) fn recording(
    fields: &Fields<'_>,
) -> Result<Option<Recording>, EventError> {
    if !has_recording(fields)? {
        return Ok(None);
    }
    let (status, url) = match fields.get("RecordingStatus")?.unwrap_or_default() {
        "in-progress" => (RecordingStatus::Processing, None),
        "completed" => (RecordingStatus::Completed, Some(recording_url(fields)?)),
        "absent" => (RecordingStatus::None, None),
        "failed" => (RecordingStatus::Failed, None),
        other => {
            return Err(unreadable(format!("RecordingStatus {} is unknown", quoted(other))));
        }
    };
    let id = fields.id("RecordingSid")?.map(str::to_owned);
    Ok(Some(Recording { status, url, id }))
}

/// Browsers make a link of it, so it must be a web address and no other.
fn recording_url(fields: &Fields<'_>) -> Result<String, EventError> {
    let url = fields.get("RecordingUrl")?.ok_or_else(|| unreadable("no RecordingUrl"))?;
    web_address("RecordingUrl", url)?;
    Ok(url.to_owned())
}

/// Refuses a link of any other kind, or one too long to be one.
pub(in crate::providers) fn web_address(name: &str, url: &str) -> Result<(), EventError> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || url.len() > URL_LENGTH_MAX || url.contains(|c: char| c.is_control() || c == ' ') {
        return Err(unreadable(format!("{name} is not a web address")));
    }
    Ok(())
}

fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(QUOTED_MAX).collect();
    format!("{shown:?}")
}
