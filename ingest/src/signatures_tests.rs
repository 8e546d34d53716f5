//! Who is believed to have signed, at a time of our choosing.

use curbe_domain::providers::Provider;
use curbe_platform::config::{Environment, read};
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use time::{Duration, OffsetDateTime};

use crate::config::Config;
use crate::secrets::{Secrets, Source};
use crate::signatures::{TIMESTAMP, band, only, signature, verify};
use crate::verdict::Facts;
use crate::webhook::Webhook;

const BASE: &str = "https://mycompany.com";
const PATH: &str = "/myapp.php?foo=1&bar=2";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
// Telnyx's, with the key of RFC 8032's first test, and Twilio's published one.
const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const OTHER_KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const EVENT: &str = r#"{"data":{"record_type":"event","event_type":"call.hangup","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"}}"#;
const EVENT_SIGNATURE: (&str, &str) = (
    "telnyx-signature-ed25519",
    "JcD5v4oHvfa1U4IzNN8nWVvYHYC+wQSsL+UgGDRRzK/0ClL46dLhtUGpLGSdRnZrmo/cStapCkTOO0HrmvjRBA==",
);
const AT: (&str, &str) = ("telnyx-timestamp", "1700000000");
const CALL: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const CALL_SIGNATURE: (&str, &str) = ("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=");

fn secrets(file: &str) -> Secrets {
    let pairs = [
        ("NATS_URL", "nats://queue:4222"),
        ("REDIS_URL", "redis://cache"),
        ("PUBLIC_BASE_URL", BASE),
        ("SPOOL_DIRECTORY", "/spool"),
        ("TWILIO_AUTH_TOKENS", "12345"),
        ("TELNYX_PUBLIC_KEYS", KEY),
        ("PROVIDER_SECRETS_FILE", "/secrets.json"),
    ];
    let environment: Environment =
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
    let config: Config = read(&environment).unwrap();
    Source::new(&config).secrets(Some(file.as_bytes())).unwrap()
}

fn webhook(pairs: &[(&'static str, &'static str)], body: &'static str, age: i64) -> Webhook {
    let signed_at = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    Webhook {
        request_id: String::new(),
        received_at: signed_at + Duration::seconds(age),
        path_and_query: PATH.to_owned(),
        headers: headers(pairs),
        body: Bytes::from_static(body.as_bytes()),
    }
}

/// Who signed, or why nobody did, and what is known of the signature's age.
fn judged(webhook: &Webhook) -> (Result<Provider, &'static str>, Option<i64>) {
    let mut facts = Facts::default();
    let verified = verify(&secrets(r#"{"version":1}"#), BASE, webhook, &mut facts);
    (verified, facts.signature_age_seconds)
}

#[test]
fn telnyx_signs_the_time_and_the_body_and_no_address() {
    let event = webhook(&[JSON, EVENT_SIGNATURE, AT], EVENT, 7);
    assert_eq!(judged(&event), (Ok(Provider::Telnyx), Some(7)));
    let elsewhere = Webhook { path_and_query: "/x?bodySHA256=0".to_owned(), ..event };
    assert_eq!(judged(&elsewhere), (Ok(Provider::Telnyx), Some(7)));
    for (age, reason) in [(301, "timestamp_stale"), (-301, "timestamp_ahead")] {
        let event = webhook(&[JSON, EVENT_SIGNATURE, AT], EVENT, age);
        assert_eq!(judged(&event), (Err(reason), Some(age)));
    }
}

#[test]
fn each_scheme_has_its_own_headers_and_secrets() {
    let as_twilios = ("x-twilio-signature", EVENT_SIGNATURE.1);
    let as_telnyxs = ("telnyx-signature-ed25519", CALL_SIGNATURE.1);
    assert_eq!(judged(&webhook(&[FORM, CALL_SIGNATURE], CALL, 0)).0, Ok(Provider::Twilio));
    for (pairs, body, reason) in [
        (&[JSON, EVENT_SIGNATURE][..], EVENT, "malformed_timestamp"),
        (&[JSON, EVENT_SIGNATURE, AT, AT], EVENT, "malformed_timestamp"),
        (&[JSON, EVENT_SIGNATURE, ("telnyx-timestamp", "1700000001")], EVENT, "mismatch"),
        (&[JSON, EVENT_SIGNATURE, ("telnyx-timestamp", "now")], EVENT, "malformed_timestamp"),
        (&[JSON, EVENT_SIGNATURE, CALL_SIGNATURE, AT], EVENT, "signature_repeated"),
        (&[JSON, as_twilios, AT], EVENT, "body_not_covered"),
        (&[FORM, as_twilios, AT], CALL, "malformed_signature"),
        (&[FORM, as_telnyxs, AT], CALL, "malformed_signature"),
        (&[FORM, ("x-signalwire-signature", CALL_SIGNATURE.1)], CALL, "no_secret"),
        (&[FORM, AT], CALL, "signature_missing"),
    ] {
        assert_eq!(judged(&webhook(pairs, body, 0)).0, Err(reason), "{pairs:?}");
    }
}

#[test]
fn only_the_secrets_of_the_account_that_the_body_names_are_asked() {
    let account = "AC00000000000000000000000000000001";
    let file = format!(
        r#"{{"version":1,"twilio":{{"accounts":{{"{account}":["of-its-own"]}}}},
           "telnyx":{{"publicKeys":[{{"key":"{OTHER_KEY}","connections":["168"]}}]}}}}"#
    );
    let secrets = secrets(&file);
    let reason = |webhook| verify(&secrets, BASE, &webhook, &mut Facts::default());
    // Each well signed, with the variables' token.
    let own = "AccountSid=AC00000000000000000000000000000001";
    let signature = ("x-twilio-signature", "cLgUJ75QjjMn8Z9e9/BJlYM+B94=");
    assert_eq!(reason(webhook(&[FORM, signature], own, 0)), Err("mismatch"));
    let another = "AccountSid=AC00000000000000000000000000000002";
    let signature = ("x-twilio-signature", "dEiFNmTI/4XLmvU0C8gu9u8LsJ8=");
    assert_eq!(reason(webhook(&[FORM, signature], another, 0)), Ok(Provider::Twilio));
    // It names no connection, so the key of another one does not keep it from being believed.
    let event = webhook(&[JSON, EVENT_SIGNATURE, AT], EVENT, 0);
    assert_eq!(reason(event), Ok(Provider::Telnyx));
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    pairs.iter().map(pair).collect()
}

#[test]
fn exactly_one_signature_names_the_scheme() {
    let twilio = ("x-twilio-signature", "a");
    let found = |pairs: &[_]| signature(&headers(pairs)).map(|(providers, _)| providers);
    assert_eq!(found(&[twilio]), Ok(&[Provider::Twilio, Provider::SignalWire][..]));
    let signalwire = ("x-signalwire-signature", "b");
    assert_eq!(found(&[signalwire]), Ok(&[Provider::SignalWire][..]));
    let telnyx = ("telnyx-signature-ed25519", "a");
    assert_eq!(found(&[telnyx]), Ok(&[Provider::Telnyx][..]));
    assert_eq!(found(&[]), Err("signature_missing"));
    for two in [[twilio, twilio], [twilio, signalwire], [telnyx, twilio], [telnyx, telnyx]] {
        assert_eq!(found(&two), Err("signature_repeated"));
    }
}

#[test]
fn a_header_told_twice_is_told_not_at_all() {
    let once = headers(&[("telnyx-timestamp", "1")]);
    assert_eq!(only(&once, TIMESTAMP), Some(&HeaderValue::from_static("1")));
    assert_eq!(only(&headers(&[]), TIMESTAMP), None);
    let twice = headers(&[("telnyx-timestamp", "1"), ("telnyx-timestamp", "1")]);
    assert_eq!(only(&twice, TIMESTAMP), None);
}

#[test]
fn ages_have_few_labels() {
    for (age, expected) in [
        (i64::MIN, "ahead_over_1h"),
        (-3601, "ahead_over_1h"),
        (-301, "ahead_over_5m"),
        (-300, "ahead_over_1m"),
        (-61, "ahead_over_1m"),
        (-60, "up_to_1m"),
        (60, "up_to_1m"),
        (61, "over_1m"),
        (300, "over_1m"),
        (301, "over_5m"),
        (3601, "over_1h"),
        (i64::MAX, "over_1h"),
    ] {
        assert_eq!(band(age), expected, "{age}");
    }
}
