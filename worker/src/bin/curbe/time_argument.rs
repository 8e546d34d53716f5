//! Instants and durations as people type them.

use std::time::Duration;

use curbe_platform::config::duration;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

const DAY_SECONDS: u64 = 86_400;
/// Ten years: longer ago than anything there is.
const LONGEST: Duration = Duration::from_secs(3_650 * DAY_SECONDS);

/// An instant: RFC 3339, or a date, which is its first moment in UTC.
pub(crate) fn instant(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(at.to_offset(UtcOffset::UTC));
    }
    match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        Ok(date) => Ok(date.midnight().assume_utc()),
        Err(_) => Err("is no time such as 2026-12-01T00:00:00Z or 2026-12-01".to_owned()),
    }
}

/// The time since when: an instant, or how long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    At(OffsetDateTime),
    Ago(Duration),
}

impl Since {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = instant(text) {
            return Ok(Self::At(at));
        }
        let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
        let ago = match days.and_then(|days| days.checked_mul(DAY_SECONDS)) {
            Some(seconds) if seconds <= LONGEST.as_secs() => Ok(Duration::from_secs(seconds)),
            Some(_) | None => duration(Duration::ZERO, LONGEST)(text),
        };
        ago.map(Self::Ago).map_err(|_| "is no time such as 2h, 7d or 2026-12-01".to_owned())
    }

    pub(crate) fn at(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now - ago,
        }
    }
}

/// A time as JSON and tables show it.
pub(crate) fn shown(at: OffsetDateTime) -> String {
    // Fails only for years beyond 9999.
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn instants_are_utc() {
        for (text, expected) in [
            ("2026-12-01", datetime!(2026-12-01 0:00 UTC)),
            ("2026-12-01T06:30:00Z", datetime!(2026-12-01 6:30 UTC)),
            ("2026-12-01T00:30:00-06:00", datetime!(2026-12-01 6:30 UTC)),
        ] {
            assert_eq!(instant(text), Ok(expected));
        }
        for bad in ["", "tomorrow", "2026-13-01", "2026-12-01T06:30:00"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn since_is_an_instant_or_how_long_ago() {
        let now = datetime!(2026-12-10 0:00 UTC);
        for (text, expected) in [
            ("2h", datetime!(2026-12-09 22:00 UTC)),
            ("7d", datetime!(2026-12-03 0:00 UTC)),
            ("2026-12-01", datetime!(2026-12-01 0:00 UTC)),
        ] {
            assert_eq!(Since::parse(text).map(|since| since.at(now)), Ok(expected), "{text}");
        }
        for bad in ["", "h", "99999999999999999d", "yesterday", "-1h"] {
            assert!(Since::parse(bad).is_err(), "{bad}");
        }
    }
}
