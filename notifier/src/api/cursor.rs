//! Cursors: a place in a list of calls, opaque to whoever passes it on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Position;

/// The first byte, should a later release want to write them differently.
const VERSION: u8 = 1;
const NANOSECONDS_PER_MICROSECOND: i128 = 1_000;

/// The place as text.
pub(super) fn write(position: Position) -> String {
    // Postgres keeps microseconds, so nothing is cut off.
    let micros = position.start_time.unix_timestamp_nanos() / NANOSECONDS_PER_MICROSECOND;
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let mut bytes = vec![VERSION];
    bytes.extend(micros.to_be_bytes());
    bytes.extend(position.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a text means; `None` if we did not write it.
pub(super) fn read(text: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, rest) = bytes.split_first()?;
    let (micros, id) = rest.split_first_chunk::<8>()?;
    let nanos = i128::from(i64::from_be_bytes(*micros)) * NANOSECONDS_PER_MICROSECOND;
    let start_time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    let id = Uuid::from_slice(id).ok()?;
    (*version == VERSION).then_some(Position { start_time, id })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999, id: u128) {
            let nanos = i128::from(micros) * NANOSECONDS_PER_MICROSECOND;
            let start_time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            let position = Position { start_time, id: Uuid::from_u128(id) };
            prop_assert_eq!(read(&write(position)), Some(position));
        }

        #[test]
        fn no_text_makes_it_fail(text: String) {
            read(&text);
        }

        #[test]
        fn nor_do_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let position = read(&URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert!(position.is_none() || bytes.len() == 25);
        }
    }

    #[test]
    fn what_we_did_not_write_is_no_cursor() {
        let good = write(Position::START);
        let mut other_version = URL_SAFE_NO_PAD.decode(&good).unwrap();
        other_version[0] = 2;
        let other_version = URL_SAFE_NO_PAD.encode(other_version);
        for text in ["", "0", "abc", "=", &good[1..], &format!("{good}AA"), &other_version] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
