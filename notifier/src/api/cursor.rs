//! Cursors: a place in a list, opaque to whoever passes it on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::{FIRST_INSTANT, LAST_INSTANT, Position};

/// The first byte says which list it is of, and how it is written, should a later release want to change that.
const CALLS: u8 = 1;
const LEDGER: u8 = 2;
const NANOSECONDS_PER_MICROSECOND: i128 = 1_000;

/// A place in the list of calls as text.
pub(super) fn write_position(position: Position) -> String {
    // Postgres keeps microseconds, so nothing is cut off.
    let micros = position.start_time.unix_timestamp_nanos() / NANOSECONDS_PER_MICROSECOND;
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let mut bytes = vec![CALLS];
    bytes.extend(micros.to_be_bytes());
    bytes.extend(position.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place in the list of calls that a text means; `None` if we did not write it.
pub(super) fn read_position(text: &str) -> Option<Position> {
    let rest = read(text, CALLS)?;
    let (micros, id) = rest.split_first_chunk::<8>()?;
    let nanos = i128::from(i64::from_be_bytes(*micros)) * NANOSECONDS_PER_MICROSECOND;
    let start_time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    // Postgres does not reach as far as eight bytes do.
    let start_time = Some(start_time).filter(|at| (FIRST_INSTANT..=LAST_INSTANT).contains(at))?;
    let id = Uuid::from_slice(id).ok()?;
    Some(Position { start_time, id })
}

/// A place in the ledger as text: the number of the row before it.
pub(super) fn write_seq(seq: i64) -> String {
    let mut bytes = vec![LEDGER];
    bytes.extend(seq.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place in the ledger that a text means; `None` if we did not write it.
pub(super) fn read_seq(text: &str) -> Option<i64> {
    let rest = read(text, LEDGER)?;
    rest.try_into().ok().map(i64::from_be_bytes)
}

fn read(text: &str, list: u8) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (first, rest) = bytes.split_first()?;
    (*first == list).then(|| rest.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place(micros in -62_135_596_800_000_000_i64..=253_402_300_799_000_000, id: u128) {
            let nanos = i128::from(micros) * NANOSECONDS_PER_MICROSECOND;
            let start_time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            let position = Position { start_time, id: Uuid::from_u128(id) };
            prop_assert_eq!(read_position(&write_position(position)), Some(position));
            prop_assert_eq!(read_seq(&write_seq(micros)), Some(micros));
        }

        #[test]
        fn no_text_makes_it_fail(text: String) {
            read_position(&text);
            read_seq(&text);
        }

        #[test]
        fn nor_do_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert!(read_position(&text).is_none() || bytes.len() == 25);
            prop_assert!(read_seq(&text).is_none() || bytes.len() == 9);
        }
    }

    #[test]
    fn what_we_did_not_write_is_no_cursor() {
        let good = write_position(Position::START);
        let mut other_version = URL_SAFE_NO_PAD.decode(&good).unwrap();
        other_version[0] = 9;
        let other_version = URL_SAFE_NO_PAD.encode(other_version);
        for text in ["", "0", "abc", "=", &good[1..], &format!("{good}AA"), &other_version] {
            assert_eq!(read_position(text), None, "{text}");
        }
    }

    #[test]
    fn a_place_beyond_what_postgres_can_hold_is_no_cursor() {
        let read =
            |start_time| read_position(&write_position(Position { start_time, id: Uuid::nil() }));
        for held in [FIRST_INSTANT, LAST_INSTANT] {
            assert_eq!(read(held).map(|position| position.start_time), Some(held));
        }
        let tick = time::Duration::MICROSECOND;
        for beyond in [FIRST_INSTANT - tick, LAST_INSTANT + tick, datetime!(-9999-01-01 0:00 UTC)] {
            assert_eq!(read(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        assert_eq!(read_seq(&write_position(Position::START)), None);
        assert_eq!(read_position(&write_seq(7)), None);
    }
}
