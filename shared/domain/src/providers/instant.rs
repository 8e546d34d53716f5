//! Points in time as providers write them. One that cannot be meant is as good as none: it would be a row that no reader
//! can write down, or a call before there were any.

use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};

const FIRST: OffsetDateTime = datetime!(1970-01-01 00:00 UTC);
/// A later one has no four digits for its year somewhere.
const LAST: OffsetDateTime = datetime!(9999-12-30 00:00 UTC);

/// As in `Fri, 20 Nov 2026 10:00:00 +0000`.
pub(in crate::providers) fn rfc_2822(text: &str) -> Option<OffsetDateTime> {
    meant(OffsetDateTime::parse(text, &Rfc2822).ok()?)
}

/// As in `2026-09-09T21:10:37.521992Z`.
pub(in crate::providers) fn rfc_3339(text: &str) -> Option<OffsetDateTime> {
    meant(OffsetDateTime::parse(text, &Rfc3339).ok()?)
}

fn meant(at: OffsetDateTime) -> Option<OffsetDateTime> {
    (FIRST..=LAST).contains(&at).then(|| at.to_offset(UtcOffset::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_in_utc() {
        let expected = Some(datetime!(2026-11-20 10:00 UTC));
        assert_eq!(rfc_2822("Fri, 20 Nov 2026 12:00:00 +0200"), expected);
        assert_eq!(rfc_3339("2026-11-20T04:00:00-06:00"), expected);
        assert_eq!(
            rfc_3339("2026-11-20T10:00:00Z").map(OffsetDateTime::offset),
            Some(UtcOffset::UTC)
        );
    }

    #[test]
    fn what_cannot_be_meant_is_none() {
        for text in [
            "",
            "now",
            "0000-01-01T00:00:00+23:59",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-23:59",
            "2026-02-30T00:00:00Z",
        ] {
            assert_eq!(rfc_3339(text), None, "{text}");
        }
        assert_eq!(rfc_2822("Mon, 01 Jan 1900 00:00:00 +0000"), None);
        assert_eq!(rfc_3339("1970-01-01T00:00:00Z"), Some(FIRST));
    }
}
