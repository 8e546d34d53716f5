//! Requests that nobody signed, in lines: content type, path and query, time, signature, and the body. None is believed.

#![no_main]

use curbe_domain::providers::laml::{SignedRequest, claimed_account, refuse_slowly};
use curbe_domain::providers::telnyx::{PublicKey, SignedEvent, claimed_connection};
use curbe_domain::providers::{signalwire, telnyx, twilio};
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

const KEY: &[u8] = b"known to nobody";
/// Of the first test of RFC 8032.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(5, |&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let [content_type, path, timestamp, signature, body] = [(); 5].map(|()| next());
    let content_type = std::str::from_utf8(content_type).ok();
    let Ok(path_and_query) = std::str::from_utf8(path) else { return };

    let base_url = "https://hooks.example.com:8443/base";
    let request = SignedRequest { base_url, path_and_query, content_type, body, signature };
    assert!(twilio::verify(&request, [KEY]).is_err());
    assert!(signalwire::verify(&request, [KEY]).is_err());
    refuse_slowly(&request);
    let key = PublicKey::parse(PUBLIC_KEY).expect("a key of 32 bytes");
    let event = SignedEvent { content_type, timestamp, body, signature };
    assert!(telnyx::verify(&event, [&key], OffsetDateTime::UNIX_EPOCH).is_err());

    for claimed in [claimed_account(content_type, body), claimed_connection(content_type, body)] {
        assert!(claimed.is_none_or(|name| (1..=200).contains(&name.len())));
    }
});
