//! How long a leg must be taken to have lasted, from all that is told of it in the end.

use crate::simulator::flow::Length;

/// Whole seconds, by the best there is: what was stated; from the answer to the end; what the provider bills; from the
/// first ring to the end. The last two only where the leg ended as answered ones do.
#[must_use]
pub fn seconds(length: &Length) -> u32 {
    let from = |at: time::OffsetDateTime| {
        let nanoseconds = length.ended_at.unix_timestamp_nanos() - at.unix_timestamp_nanos();
        u32::try_from(nanoseconds.max(0) / 1_000_000_000).expect("no call lasts that long")
    };
    if let Some(seconds) = length.stated {
        return seconds;
    }
    if let Some(answered_at) = length.answered_at {
        return from(answered_at);
    }
    if !length.ends_as_answered {
        return 0;
    }
    match (length.billed, length.started_at) {
        (Some(seconds), _) => seconds,
        (None, Some(started_at)) => from(started_at),
        (None, None) => 0,
    }
}

/// Whether nothing better is told than when it began and how it ended.
#[must_use]
pub(super) fn is_guessed(length: &Length) -> bool {
    length.stated.is_none()
        && length.answered_at.is_none()
        && (length.billed.is_none() || !length.ends_as_answered)
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn by_hand() {
        let end = datetime!(2026-09-09 21:10:37.521992 UTC);
        let nothing = Length {
            stated: None,
            ends_as_answered: true,
            billed: None,
            started_at: None,
            answered_at: None,
            ended_at: end,
        };
        let rang = Length { started_at: Some(end - Duration::milliseconds(32_521)), ..nothing };
        let billed = Length { billed: Some(24), ..rang.clone() };
        let answered = |milliseconds| Length {
            answered_at: Some(end - Duration::milliseconds(milliseconds)),
            ..billed.clone()
        };
        let busy = |length: Length| Length { ends_as_answered: false, ..length };
        for (length, expected) in [
            (rang.clone(), 32),
            (billed.clone(), 24),
            (answered(22_000), 22),
            (answered(22_999), 22),
            (answered(23_000), 23),
            (answered(-1), 0),
            (Length { stated: Some(7), ..answered(22_000) }, 7),
            (Length { stated: Some(0), ..answered(22_000) }, 0),
            (busy(rang), 0),
            (busy(billed.clone()), 0),
            (busy(answered(5_000)), 5),
        ] {
            assert_eq!(seconds(&length), expected, "{length:?}");
        }
    }
}
