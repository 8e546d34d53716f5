//! What browsers say on their sockets, and the cursors that they pass on.

#![no_main]
#![allow(dead_code, reason = "what of the product's files this does not ask")]

use cursor::{read_position, read_seq, write_position, write_seq};
use from_browser::FromBrowser;
use libfuzzer_sys::fuzz_target;

#[path = "../../../notifier/src/api/cursor.rs"]
mod cursor;
#[path = "../../../notifier/src/websocket/from_browser.rs"]
mod from_browser;

mod store {
    use time::OffsetDateTime;
    use time::macros::datetime;

    pub(crate) const LAST_INSTANT: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);
    pub(crate) const FIRST_INSTANT: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

    /// As the product has it.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Position {
        pub(crate) start_time: OffsetDateTime,
        pub(crate) id: uuid::Uuid,
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(FromBrowser::Hello { token, .. } | FromBrowser::Refresh { token }) =
        serde_json::from_str(text)
    {
        assert!(token.len() <= text.len());
    }
    // What is read was written by us, so it is written the same.
    if let Some(position) = read_position(text) {
        assert!((store::FIRST_INSTANT..=store::LAST_INSTANT).contains(&position.start_time));
        assert_eq!(write_position(position), text);
    }
    if let Some(seq) = read_seq(text) {
        assert_eq!(write_seq(seq), text);
    }
});
