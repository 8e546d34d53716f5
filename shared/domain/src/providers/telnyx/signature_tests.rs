//! The vectors, the edges of the time, and what must never be accepted. Telnyx publishes no vector: those of this file
//! were made with the key of RFC 8032's first test and accepted by Telnyx's own library.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use proptest::sample::Index;
use time::{Duration, OffsetDateTime};

use super::claimed_connection;
use super::signature::*;

const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const PRIVATE_KEY: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const AT: &str = "1700000000";
const JSON: &str = r#"{"data":{"record_type":"event","event_type":"call.hangup","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"}}"#;
const JSON_SIGNATURE: &str =
    "JcD5v4oHvfa1U4IzNN8nWVvYHYC+wQSsL+UgGDRRzK/0ClL46dLhtUGpLGSdRnZrmo/cStapCkTOO0HrmvjRBA==";
const FORM: &str = "AccountSid=f5586561-8ff0-4291-a51b-c7dfe4139ff9&CallSid=v3%3Aabc&CallStatus=completed&CallDuration=45";
const FORM_SIGNATURE: &str =
    "16jxI1N9kj1CNzz3P9+D/ymVG6UlQQSBX/ix+MRtiRcukJe+I181cBa5BR8AeMiT3wYpHInLZcwVaO8Z/0aeAg==";

/// So many seconds after the signing.
fn after(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::seconds(seconds)
}

fn key() -> PublicKey {
    PublicKey::parse(PUBLIC_KEY).unwrap()
}

fn check(timestamp: &str, body: &str, signature: &str) -> Result<i64, Refusal> {
    let event = SignedEvent {
        content_type: None,
        timestamp: timestamp.as_bytes(),
        body: body.as_bytes(),
        signature: signature.as_bytes(),
    };
    verify(&event, [&key()], after(0))
}

fn signed(seed: [u8; 32], message: &[u8]) -> String {
    BASE64.encode(SigningKey::from_bytes(&seed).sign(message).to_bytes())
}

fn seed() -> [u8; 32] {
    BASE64.decode(PRIVATE_KEY).unwrap().try_into().unwrap()
}

#[test]
fn json_and_forms_are_signed_alike() {
    assert_eq!(check(AT, JSON, JSON_SIGNATURE), Ok(0));
    assert_eq!(check(AT, FORM, FORM_SIGNATURE), Ok(0));
    assert_eq!(check(AT, FORM, JSON_SIGNATURE), Err(Refusal::Mismatch));
    assert_eq!(check(AT, JSON, FORM_SIGNATURE), Err(Refusal::Mismatch));
    assert_eq!(signed(seed(), format!("{AT}|{JSON}").as_bytes()), JSON_SIGNATURE);
}

#[test]
fn a_body_is_of_the_format_that_it_has() {
    // A form inside of JSON, signed by Telnyx because somebody had it put there.
    let both = r#"{"data":{"tags":["&CallSid=v3&CallStatus=completed&CallDuration=1&"]}}"#;
    let signed = |body: &str| signed(seed(), format!("{AT}|{body}").as_bytes());
    for (content_type, body, expected) in [
        ("application/json", both, Ok(0)),
        ("Application/JSON; charset=utf-8", both, Ok(0)),
        ("application/x-www-form-urlencoded", both, Err(Refusal::OtherFormat)),
        ("application/x-www-form-urlencoded", "\n {\"a=1\":1}", Err(Refusal::OtherFormat)),
        ("application/x-www-form-urlencoded", FORM, Ok(0)),
        ("application/x-www-form-urlencoded", "", Ok(0)),
        ("application/json", FORM, Err(Refusal::OtherFormat)),
        ("application/json", "", Err(Refusal::OtherFormat)),
        ("text/plain", both, Ok(0)),
    ] {
        let signature = signed(body);
        let event = SignedEvent {
            content_type: Some(content_type),
            timestamp: AT.as_bytes(),
            body: body.as_bytes(),
            signature: signature.as_bytes(),
        };
        assert_eq!(verify(&event, [&key()], after(0)), expected, "{content_type} {body}");
    }
}

#[test]
fn the_time_is_tolerated_to_the_second_in_both_directions() {
    let event = SignedEvent {
        content_type: Some("application/json"),
        timestamp: AT.as_bytes(),
        body: JSON.as_bytes(),
        signature: JSON_SIGNATURE.as_bytes(),
    };
    let at = |seconds| verify(&event, [&key()], after(seconds));
    for age in [-300, -299, -1, 0, 61, 299, 300] {
        assert_eq!(at(age), Ok(age));
    }
    for age_seconds in [-100_000, -301, 301, 86_400] {
        assert_eq!(at(age_seconds), Err(Refusal::OutOfTime { age_seconds }));
    }
    // Parts of a second do not count.
    let late = after(300) + Duration::milliseconds(999);
    assert_eq!(verify(&event, [&key()], late), Ok(300));
    assert_eq!(Refusal::OutOfTime { age_seconds: 301 }.as_str(), "timestamp_stale");
    assert_eq!(Refusal::OutOfTime { age_seconds: -301 }.as_str(), "timestamp_ahead");
    // Out of time is what only Telnyx can be.
    let forged = SignedEvent { body: b"{}", ..event };
    assert_eq!(verify(&forged, [&key()], after(301)), Err(Refusal::Mismatch));
}

#[test]
fn the_timestamp_is_taken_as_it_is_written() {
    for spelling in ["01700000000", "1700000000 ", "+1700000000", "1700000000.0", "17e8", "", "-1"]
    {
        let by_us = signed(seed(), format!("{spelling}|{JSON}").as_bytes());
        let expected =
            if spelling.starts_with('0') { Ok(0) } else { Err(Refusal::MalformedTimestamp) };
        assert_eq!(check(spelling, JSON, &by_us), expected, "{spelling}");
        let of_another = check(spelling, JSON, JSON_SIGNATURE);
        assert!(of_another.is_err(), "{spelling}");
    }
    for none in
        ["yesterday", "0x6553f100", "\u{661}\u{667}", "1700000000000", "99999999999999999999"]
    {
        let by_us = signed(seed(), format!("{none}|{JSON}").as_bytes());
        assert_eq!(check(none, JSON, &by_us), Err(Refusal::MalformedTimestamp), "{none}");
    }
    // The furthest that is read overflows nothing.
    let last = "999999999999";
    let by_us = signed(seed(), format!("{last}|{JSON}").as_bytes());
    let age_seconds = 1_700_000_000 - 999_999_999_999;
    assert_eq!(check(last, JSON, &by_us), Err(Refusal::OutOfTime { age_seconds }));
}

#[test]
fn time_and_body_cannot_be_shifted_into_each_other() {
    let by_us = signed(seed(), b"1700000000|1|a");
    assert_eq!(check(AT, "1|a", &by_us), Ok(0));
    assert_eq!(check("1700000000|1", "a", &by_us), Err(Refusal::MalformedTimestamp));
    let without_bar = signed(seed(), b"1700000000a");
    assert_eq!(check(AT, "a", &without_bar), Err(Refusal::Mismatch));
}

#[test]
fn a_signature_that_is_none_is_refused() {
    let unpadded = JSON_SIGNATURE.trim_end_matches('=');
    let loose_bits = JSON_SIGNATURE.replace("BA==", "BB==");
    let url_safe = JSON_SIGNATURE.replace('/', "_").replace('+', "-");
    let (longer, shorter) = (BASE64.encode([7; 65]), BASE64.encode([7; 63]));
    for signature in
        ["", "x", unpadded, &loose_bits, &url_safe, &longer, &shorter, &JSON_SIGNATURE.repeat(2)]
    {
        let checked = check(AT, JSON, signature);
        assert_eq!(checked, Err(Refusal::MalformedSignature), "{signature}");
    }
    // Of Twilio's length, and of SignalWire's.
    assert_eq!(check(AT, JSON, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), Err(Refusal::MalformedSignature));
    let hex = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f";
    assert_eq!(check(AT, JSON, hex), Err(Refusal::MalformedSignature));
    // Right by the equation, but with the group's neutral element as its commitment, as no signer makes it.
    let neutral =
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADq1yTr24S26GX+xcnazB0vXdS7q3OEKbJ4u2MGidhWBQ==";
    assert_eq!(check(AT, JSON, neutral), Err(Refusal::Mismatch));
}

#[test]
fn a_second_writing_of_a_signature_is_refused() {
    // The order of the group, added to the second half: the same number to whoever reduces it.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut signature = BASE64.decode(JSON_SIGNATURE).unwrap();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert_eq!(carry, 0);
    assert_eq!(check(AT, JSON, &BASE64.encode(signature)), Err(Refusal::Mismatch));
}

#[test]
fn only_keys_of_32_bytes_that_can_be_relied_on_are_taken() {
    assert!(PublicKey::parse(PUBLIC_KEY).is_ok());
    let spki = format!("MCowBQYDK2VwAyEA{}", &BASE64.encode([7; 32]));
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----");
    let neutral = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        BASE64.encode(bytes)
    };
    for (text, expected) in [
        ("", KeyError::Length),
        (PUBLIC_KEY.trim_end_matches('='), KeyError::NotBase64),
        (&pem, KeyError::NotBase64),
        (&spki, KeyError::Length),
        (&BASE64.encode([7; 31]), KeyError::Length),
        (&BASE64.encode([7; 33]), KeyError::Length),
        (&BASE64.encode([7; 64]), KeyError::Length),
        (&neutral, KeyError::Unusable),
        (&BASE64.encode([0; 32]), KeyError::Unusable),
        (&BASE64.encode([2; 32]), KeyError::Unusable),
    ] {
        assert_eq!(PublicKey::parse(text), Err(expected), "{text}");
    }
}

#[test]
fn without_a_key_nothing_is_accepted() {
    let event = SignedEvent {
        content_type: Some("application/json"),
        timestamp: AT.as_bytes(),
        body: JSON.as_bytes(),
        signature: JSON_SIGNATURE.as_bytes(),
    };
    assert_eq!(verify(&event, [], after(0)), Err(Refusal::NoKey));
}

#[test]
fn a_body_names_one_connection_or_none() {
    let json = Some("application/json; charset=utf-8");
    let form = Some("application/x-www-form-urlencoded");
    for (content_type, body, expected) in [
        (json, r#"{"data":{"payload":{"connection_id":"168"}}}"#, Some("168")),
        (json, r#"{"data":{"payload":{}}}"#, None),
        (json, r#"{"data":{}}"#, None),
        (json, r#"{"connection_id":"168"}"#, None),
        (json, r#"{"data":{"payload":{"connection_id":"1 68"}}}"#, None),
        (json, r#"{"data":{"payload":{"connection_id":"1","connection_id":"1"}}}"#, None),
        (
            json,
            r#"{"data":{"payload":{"connection_id":"1"},"payload":{"connection_id":"2"}}}"#,
            None,
        ),
        (json, r#"{"data":{"payload":{"connection_id":"168"}}"#, None),
        (form, "ConnectionId=168&AccountSid=f5", Some("168")),
        (form, "ConnectionId=168&ConnectionId=168", Some("168")),
        (form, "ConnectionId=168&ConnectionId=169", None),
        (form, "AccountSid=f5", None),
        (json, "ConnectionId=168", None),
        (form, r#"{"data":{"payload":{"connection_id":"168"}}}"#, None),
        (None, "ConnectionId=168", None),
    ] {
        assert_eq!(
            claimed_connection(content_type, body.as_bytes()).as_deref(),
            expected,
            "{body}"
        );
    }
}

fn with_byte(bytes: &[u8], at: Index, byte: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    bytes[at] = byte;
    bytes
}

proptest! {
    // Curve arithmetic without optimisation is slow.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_changed_byte_is_accepted(seed: [u8; 32], body in prop::collection::vec(any::<u8>(), 1..200), at: Index, byte: u8) {
        let public = BASE64.encode(SigningKey::from_bytes(&seed).verifying_key().to_bytes());
        let key = PublicKey::parse(&public).unwrap();
        let signature = signed(seed, &[AT.as_bytes(), b"|", &body].concat());
        let (timestamp, signature) = (AT.as_bytes(), signature.as_bytes());
        let accepted = |timestamp: &[u8], body: &[u8], signature: &[u8]| {
            verify(&SignedEvent { content_type: None, timestamp, body, signature }, [&key], after(0)).is_ok()
        };
        prop_assert!(accepted(timestamp, &body, signature));
        let changed = with_byte(signature, at, byte);
        prop_assert_eq!(accepted(timestamp, &body, &changed), changed == signature);
        let changed = with_byte(timestamp, at, byte);
        prop_assert_eq!(accepted(&changed, &body, signature), changed == timestamp);
        let changed = with_byte(&body, at, byte);
        prop_assert_eq!(accepted(timestamp, &changed, signature), changed == body);
    }

    #[test]
    fn each_of_several_keys_is_accepted_and_no_other(seeds in prop::collection::vec(any::<[u8; 32]>(), 1..5), of: Index, other: [u8; 32]) {
        prop_assume!(!seeds.contains(&other));
        let public = |seed| BASE64.encode(SigningKey::from_bytes(seed).verifying_key().to_bytes());
        let keys: Vec<_> = seeds.iter().map(|seed| PublicKey::parse(&public(seed)).unwrap()).collect();
        for (seed, expected) in [(seeds[of.index(seeds.len())], Ok(0)), (other, Err(Refusal::Mismatch))] {
            let signature = signed(seed, format!("{AT}|{JSON}").as_bytes());
            let event = SignedEvent { content_type: None, timestamp: AT.as_bytes(), body: JSON.as_bytes(), signature: signature.as_bytes() };
            prop_assert_eq!(verify(&event, &keys, after(0)), expected);
        }
    }

    #[test]
    fn verifying_never_panics(timestamp: Vec<u8>, body: Vec<u8>, signature: Vec<u8>, text: String) {
        let event = SignedEvent { content_type: None, timestamp: &timestamp, body: &body, signature: &signature };
        prop_assert!(verify(&event, [&key()], after(0)).is_err());
        prop_assert!(PublicKey::parse(&text).is_err());
    }
}
