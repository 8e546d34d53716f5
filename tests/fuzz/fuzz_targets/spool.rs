//! Segments of the spool: whatever the disk gives back, it is read to its end, nothing twice, and only what was written.

#![no_main]
#![allow(dead_code, reason = "what of the product's file this does not ask")]

use frame::{Found, Frames, Parts, SEGMENT_HEAD_BYTES, SegmentName};
use libfuzzer_sys::fuzz_target;

use crate::publisher::Outgoing;

#[path = "../../../ingest/src/spool/frame.rs"]
mod frame;

mod publisher {
    /// As the product has it.
    #[derive(Clone, Debug)]
    pub(crate) struct Outgoing {
        pub(crate) subject: String,
        pub(crate) headers: async_nats::HeaderMap,
        pub(crate) body: hyper::body::Bytes,
    }
}

// The first bytes say where a segment of one event, with the rest as its body, is damaged, and how.
fuzz_target!(|data: &[u8]| {
    noise(data);
    let Some((&[place, flip], body)) = data.split_first_chunk::<2>() else { return };
    let name = SegmentName::random();
    let headers = async_nats::HeaderMap::new();
    let event = Outgoing { subject: "s".to_owned(), headers, body: body.to_vec().into() };
    let Ok(parts) = Parts::of(&event) else { return };
    let mut segment = name.head().to_vec();
    name.write(segment.len(), &parts, &mut segment);
    let at = SEGMENT_HEAD_BYTES + usize::from(place) % (segment.len() - SEGMENT_HEAD_BYTES);
    segment[at] ^= flip;
    let found: Vec<Found> =
        Frames::new(name, SEGMENT_HEAD_BYTES, &segment[SEGMENT_HEAD_BYTES..]).collect();
    match (flip, &found[..]) {
        (0, [Found::Event(read, _)]) => assert_eq!(read.body, event.body),
        (1.., [Found::Damage(bytes)]) => assert_eq!(*bytes, segment.len() - SEGMENT_HEAD_BYTES),
        (_, found) => panic!("{found:?}"),
    }
});

/// A segment that nobody wrote holds nothing but damage, all of it.
fn noise(data: &[u8]) {
    let Some(name) = SegmentName::of(data) else { return };
    let rest = &data[SEGMENT_HEAD_BYTES..];
    let bytes = Frames::new(name, SEGMENT_HEAD_BYTES, rest).map(|found| match found {
        Found::Event(_, bytes) | Found::Damage(bytes) => bytes,
    });
    assert_eq!(bytes.sum::<usize>(), rest.len());
}
