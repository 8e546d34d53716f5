//! Bodies of webhooks, of every provider and content type: the first byte says which.

#![no_main]

use curbe_domain::providers::Provider;
use curbe_domain::{authorization, legs, providers};
use libfuzzer_sys::fuzz_target;

use properties::is_read_safely;

#[path = "../../../shared/domain/src/providers/properties.rs"]
mod properties;

const CONTENT_TYPES: [Option<&str>; 4] = [
    Some("application/x-www-form-urlencoded; charset=UTF-8"),
    Some("application/json"),
    Some("text/plain"),
    None,
];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let provider = Provider::ALL[usize::from(first % 3)];
    let content_type = CONTENT_TYPES[usize::from(first / 3 % 4)];
    is_read_safely(provider, content_type, body);
});
