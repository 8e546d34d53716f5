//! Points in time as parameters: RFC 3339, or a bare date that means the start of that day in UTC.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::store::{FIRST_INSTANT, LAST_INSTANT};

/// The instant that a text means; none that Postgres could not hold.
pub(super) fn parse(text: &str) -> Option<OffsetDateTime> {
    instant(text).filter(|instant| (FIRST_INSTANT..=LAST_INSTANT).contains(instant))
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    let bare = format_description!("[year]-[month]-[day]");
    if let Ok(date) = Date::parse(text, &bare) {
        return Some(date.midnight().assume_utc());
    }
    let instant = OffsetDateTime::parse(&with_plus(text), &Rfc3339).ok()?;
    instant.checked_to_offset(UtcOffset::UTC)
}

/// `+02:00` in an address that nobody escaped arrives as ` 02:00`.
fn with_plus(text: &str) -> String {
    const OFFSET_BYTES: usize = " 02:00".len();
    match text.len().checked_sub(OFFSET_BYTES).and_then(|at| text.split_at_checked(at)) {
        Some((local, offset)) if offset.starts_with(' ') => format!("{local}+{}", &offset[1..]),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn dates_and_times_are_instants_in_utc() {
        for (text, expected) in [
            ("2026-03-01", datetime!(2026-03-01 00:00 UTC)),
            ("0001-01-01", FIRST_INSTANT),
            ("9999-12-31T23:59:59Z", LAST_INSTANT),
            ("2024-02-29", datetime!(2024-02-29 00:00 UTC)),
            ("2026-03-01T10:00:00Z", datetime!(2026-03-01 10:00 UTC)),
            ("2026-03-01T10:00:00.5Z", datetime!(2026-03-01 10:00:00.5 UTC)),
            ("2026-03-01T10:00:00+02:00", datetime!(2026-03-01 08:00 UTC)),
            ("2026-03-01T10:00:00 02:00", datetime!(2026-03-01 08:00 UTC)),
            ("2026-03-01T10:00:00-06:00", datetime!(2026-03-01 16:00 UTC)),
        ] {
            let parsed = parse(text);
            assert_eq!(parsed, Some(expected), "{text}");
            assert_eq!(parsed.map(OffsetDateTime::offset), Some(UtcOffset::UTC), "{text}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            "yesterday",
            "2026",
            "2026-03",
            "2026-3-1",
            "2026-02-30",
            "2026-13-01",
            "2026-03-01T10:00:00",
            "2026-03-01T25:00:00Z",
            "01.03.2026",
            "1772323200",
            "2026-03-01 ",
            "9999-12-31T23:59:59-01:00",
            "+12026-03-01",
            "0000-12-31",
            "-9999-01-01",
            "0001-01-01T00:00:00+00:01",
            "é 02:00",
            "infinity",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_an_instant_that_postgres_cannot_hold(text in r"\PC{0,30}|[+-]?[0-9]{4,6}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?([Zz]|[+ -][0-9]{2}:[0-9]{2})?)?") {
            if let Some(instant) = parse(&text) {
                prop_assert!((FIRST_INSTANT..=LAST_INSTANT).contains(&instant), "{instant}");
                let written = instant.format(&Rfc3339).unwrap();
                prop_assert_eq!(parse(&written), Some(instant));
            }
        }
    }
}
