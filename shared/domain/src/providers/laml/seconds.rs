//! How long a leg lasted. `CallDuration` counts seconds; `Duration` counts minutes and is never taken for seconds.

use super::fields::{Fields, unreadable};
use crate::legs::Outcome;
use crate::legs::duration::SECONDS_MAX;
use crate::legs::event::EventError;

/// The seconds from answer to end. Where the fields contradict each other a person decides, not we.
pub(in crate::providers) fn lasted(
    fields: &Fields<'_>,
    outcome: Outcome,
) -> Result<u32, EventError> {
    let seconds = seconds(fields)?;
    if outcome != Outcome::Completed {
        return match seconds {
            0 => Ok(0),
            seconds => Err(ambiguous(format!("{} with CallDuration={seconds}", outcome.as_str()))),
        };
    }
    if seconds == 0 && minutes_are_told(fields)? {
        return Err(ambiguous("completed with Duration (minutes), but no CallDuration (seconds)"));
    }
    Ok(seconds)
}

fn seconds(fields: &Fields<'_>) -> Result<u32, EventError> {
    let Some(text) = fields.get("CallDuration")? else {
        return Ok(0);
    };
    match whole(text) {
        Some(seconds) if seconds <= SECONDS_MAX => Ok(seconds),
        Some(_) => Err(unreadable(format!("CallDuration is above {SECONDS_MAX} s"))),
        None => Err(unreadable("CallDuration is not a whole number of seconds")),
    }
}

fn minutes_are_told(fields: &Fields<'_>) -> Result<bool, EventError> {
    match fields.get("Duration")? {
        None => Ok(false),
        Some(text) => match whole(text) {
            Some(minutes) => Ok(minutes > 0),
            None => Err(unreadable("Duration is not a whole number of minutes")),
        },
    }
}

fn whole(text: &str) -> Option<u32> {
    // The standard parser alone would take "+61" as well.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn ambiguous(words: impl Into<String>) -> EventError {
    EventError::DurationAmbiguous(words.into())
}
