//! What was written is read back, whatever happens to the bytes around it.

use proptest::prelude::*;

use super::*;

fn event(subject: &str, headers: &[(String, String)], body: &[u8]) -> Outgoing {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.as_str(), value.as_str());
    }
    Outgoing { subject: subject.to_owned(), headers: map, body: Bytes::copy_from_slice(body) }
}

/// A segment, and where each of its events begins.
fn segment(name: SegmentName, events: &[Outgoing]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = name.head().to_vec();
    let mut places = Vec::new();
    for event in events {
        places.push(bytes.len());
        name.write(bytes.len(), &Parts::of(event).unwrap(), &mut bytes);
    }
    (bytes, places)
}

/// The bodies that are found, and how many bytes are none.
fn found(name: SegmentName, bytes: &[u8]) -> (Vec<Bytes>, usize) {
    let (mut bodies, mut damaged) = (Vec::new(), 0);
    for found in Frames::new(name, SEGMENT_HEAD_BYTES, &bytes[SEGMENT_HEAD_BYTES..]) {
        match found {
            Found::Event(event, _) => bodies.push(event.body),
            Found::Damage(length) => damaged += length,
        }
    }
    (bodies, damaged)
}

fn some_events() -> impl Strategy<Value = Vec<Outgoing>> {
    let header = ("[A-Za-z-]{1,20}", "[ -~]{0,40}");
    let event = ("[a-z.]{1,30}", prop::collection::vec(header, 0..4), any::<Vec<u8>>())
        .prop_map(|(subject, headers, body)| event(&subject, &headers, &body));
    prop::collection::vec(event, 1..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(events in some_events()) {
        let name = SegmentName::random();
        let (bytes, places) = segment(name, &events);
        prop_assert_eq!(SegmentName::of(&bytes), Some(name));
        for (event, place) in events.iter().zip(places) {
            let next = Frames::new(name, place, &bytes[place..]).next();
            let Some(Found::Event(read, _)) = next else { panic!("{next:?}") };
            prop_assert_eq!(&read.subject, &event.subject);
            prop_assert_eq!(&read.headers, &event.headers);
            prop_assert_eq!(&read.body, &event.body);
        }
    }

    #[test]
    fn a_torn_tail_takes_only_what_is_torn(events in some_events(), cut in any::<prop::sample::Index>()) {
        let name = SegmentName::random();
        let (bytes, mut places) = segment(name, &events);
        let cut = cut.index(bytes.len() - SEGMENT_HEAD_BYTES) + SEGMENT_HEAD_BYTES;
        let (bodies, damaged) = found(name, &bytes[..cut]);
        places.push(bytes.len());
        let whole = places[1..].iter().filter(|end| **end <= cut).count();
        prop_assert_eq!(bodies.len(), whole);
        prop_assert_eq!(damaged, cut - places[whole]);
    }

    #[test]
    fn a_damaged_byte_takes_one_event(
        events in some_events(),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let name = SegmentName::random();
        let (mut bytes, _) = segment(name, &events);
        let at = at.index(bytes.len() - SEGMENT_HEAD_BYTES) + SEGMENT_HEAD_BYTES;
        bytes[at] ^= flip;
        prop_assert_eq!(found(name, &bytes).0.len(), events.len() - 1);
    }

    #[test]
    fn nothing_is_found_in_noise(noise in any::<Vec<u8>>()) {
        let (bodies, damaged) = found(SegmentName::random(), &[&[0; SEGMENT_HEAD_BYTES], &noise[..]].concat());
        prop_assert!(bodies.is_empty());
        prop_assert_eq!(damaged, noise.len());
    }
}

#[test]
fn a_frame_inside_a_webhook_is_none() {
    let (name, other) = (SegmentName::random(), SegmentName::random());
    let forged = event("voice.twilio.hangup", &[], b"forged");
    let mut embedded = Vec::new();
    other.write(SEGMENT_HEAD_BYTES, &Parts::of(&forged).unwrap(), &mut embedded);
    let (bytes, _) = segment(name, &[event("voice.twilio.hangup", &[], &embedded)]);
    // Torn off right behind it, the real frame is lost, and what it held does not come to life.
    let (bodies, damaged) = found(name, &bytes[..bytes.len() - 1]);
    assert!(bodies.is_empty());
    assert_eq!(damaged, bytes.len() - 1 - SEGMENT_HEAD_BYTES);
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let large = event("s", &[], &vec![0; PART_BYTES_MAX + 1]);
    assert_eq!(Parts::of(&large).map(drop), Err(TooLarge));
}
