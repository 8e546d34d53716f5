//! The published vectors, and what must never be accepted.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::sample::Index;
use sha1::Sha1;

use super::signature::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const KEY: &[u8] = b"PSKtest1234567890abcdef";
const HOST: &str = "https://example.ngrok.io";
const PATH: &str = "/webhook";
const BODY: &str = r#"{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}"#;
const BODY_SIGNATURE: &str = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f";
const DIGEST_PATH: &str =
    "/webhook?bodySHA256=69f3cbfc18e386ef8236cb7008cd5a54b7fed637a8cb3373b5a1591d7f0fd5f4";
const DIGEST_BODY: &str = r#"{"event":"call.state"}"#;

fn check(
    (base_url, path): (&str, &str),
    (content_type, body): (&str, &str),
    signature: &str,
) -> Result<(), Refusal> {
    verify(&request((base_url, path), content_type, body.as_bytes(), signature.as_bytes()), [KEY])
}

fn request<'a>(
    (base_url, path_and_query): (&'a str, &'a str),
    content_type: &'a str,
    body: &'a [u8],
    signature: &'a [u8],
) -> SignedRequest<'a> {
    let content_type = (!content_type.is_empty()).then_some(content_type);
    SignedRequest { base_url, path_and_query, content_type, body, signature }
}

fn tag(key: &[u8], text: &str) -> Vec<u8> {
    let mac = Hmac::<Sha1>::new_from_slice(key).unwrap().chain_update(text);
    mac.finalize().into_bytes().to_vec()
}

fn in_hex(key: &[u8], text: &str) -> String {
    tag(key, text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_base64(key: &[u8], text: &str) -> String {
    BASE64.encode(tag(key, text))
}

#[test]
fn the_published_vectors_are_accepted() {
    assert_eq!(check((HOST, PATH), (JSON, BODY), BODY_SIGNATURE), Ok(()), "A");

    let form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let path = "/myapp.php?foo=1&bar=2";
    for base_url in ["https://mycompany.com", "https://mycompany.com:1234"] {
        let signature = b"RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        let request = request((base_url, path), FORM, form.as_bytes(), signature);
        assert_eq!(verify(&request, [&b"12345"[..]]), Ok(()), "B {base_url}");
    }

    let signature = "dfO9ek8mxyFtn2nMz24plPmPfIY=";
    assert_eq!(check((HOST, DIGEST_PATH), (JSON, DIGEST_BODY), signature), Ok(()), "C");
}

#[test]
fn raw_bytes_are_signed_for_every_spelling_of_our_address() {
    for (configured, signed) in [
        ("https://a.example", "https://a.example:443"),
        ("https://a.example:443", "https://a.example"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("https://a.example:8443", "https://a.example"),
        ("http://a.example", "http://a.example:80"),
    ] {
        let signature = in_hex(KEY, &format!("{signed}{PATH}{BODY}"));
        assert_eq!(check((configured, PATH), (JSON, BODY), &signature), Ok(()), "{signed}");
        let elsewhere = check(("https://b.example", PATH), (JSON, BODY), &signature);
        assert_eq!(elsewhere, Err(Refusal::Mismatch), "{signed}");
    }
}

#[test]
fn repeated_names_may_be_signed_as_submitted_or_sorted() {
    let body = "To=b&From=x&To=a&To=b";
    for text in ["FromxTobToaTob", "FromxToaTob"] {
        let signature = in_base64(KEY, &format!("{HOST}{PATH}{text}"));
        assert_eq!(check((HOST, PATH), (FORM, body), &signature), Ok(()), "{text}");
    }
    let reversed = in_base64(KEY, &format!("{HOST}{PATH}FromxTobToaToa"));
    assert_eq!(check((HOST, PATH), (FORM, body), &reversed), Err(Refusal::Mismatch));
}

#[test]
fn a_digest_in_the_url_is_checked_in_either_scheme() {
    let url = format!("{HOST}{DIGEST_PATH}");
    let right = in_hex(KEY, &format!("{url}{DIGEST_BODY}"));
    assert_eq!(check((HOST, DIGEST_PATH), (JSON, DIGEST_BODY), &right), Ok(()));
    let wrong = in_hex(KEY, &format!("{url}{BODY}"));
    assert_eq!(check((HOST, DIGEST_PATH), (JSON, BODY), &wrong), Err(Refusal::BodyMismatch));
    let by_url = in_base64(KEY, &url);
    for content_type in [JSON, FORM, "text/plain", ""] {
        let checked = check((HOST, DIGEST_PATH), (content_type, BODY), &by_url);
        assert_eq!(checked, Err(Refusal::BodyMismatch), "{content_type}");
    }
}

#[test]
fn each_body_needs_the_scheme_that_covers_it() {
    let url_alone = in_base64(KEY, &format!("{HOST}{PATH}"));
    assert_eq!(check((HOST, PATH), (JSON, BODY), &url_alone), Err(Refusal::BodyNotCovered));
    assert_eq!(check((HOST, PATH), (FORM, "a=1"), &url_alone), Err(Refusal::Mismatch));
    let url_alone = in_hex(KEY, &format!("{HOST}{PATH}"));
    assert_eq!(check((HOST, PATH), (JSON, BODY), &url_alone), Err(Refusal::Mismatch));
    // What the parameters `CallerName=&CallSid=CA9` are signed as, told as bytes.
    let of_form = in_hex(KEY, &format!("{HOST}{PATH}CallerName&CallSid=CA9"));
    let checked = check((HOST, PATH), (FORM, "CallerName&CallSid=CA9"), &of_form);
    assert_eq!(checked, Err(Refusal::MalformedSignature));
}

#[test]
fn a_form_with_a_digest_may_be_signed_with_or_without_its_parameters() {
    // The SHA-256 of b=2&a=1.
    let digest = "a746b90cddac3e075db2f0c7b65aa5d09a354bef1562352d9dab3156d1142834";
    let path = format!("/webhook?bodySHA256={digest}");
    for ending in ["a1b2", ""] {
        let signature = in_base64(KEY, &format!("{HOST}{path}{ending}"));
        assert_eq!(check((HOST, &path), (FORM, "b=2&a=1"), &signature), Ok(()), "{ending}");
        let other = check((HOST, &path), (FORM, "a=1&b=2"), &signature);
        assert_eq!(other, Err(Refusal::BodyMismatch), "{ending}");
    }
}

#[test]
fn a_signature_that_is_none_is_refused() {
    for signature in [
        "",
        "x",
        &BODY_SIGNATURE[1..],
        &BODY_SIGNATURE.to_uppercase(),
        &BODY_SIGNATURE.replace('c', "g"),
        &format!("{BODY_SIGNATURE}00"),
    ] {
        // A body that parameters or a digest would cover, so that the signature alone is judged.
        let checked = check((HOST, DIGEST_PATH), (JSON, DIGEST_BODY), signature);
        assert_eq!(checked, Err(Refusal::MalformedSignature), "{signature}");
        let checked = check((HOST, PATH), (JSON, BODY), signature);
        assert_eq!(checked, Err(Refusal::BodyNotCovered), "{signature}");
    }
}

#[test]
fn without_a_key_nothing_is_accepted() {
    let text = format!("{HOST}{PATH}{BODY}");
    let (by_nobody, by_key) = (in_hex(b"", &text), in_hex(KEY, &text));
    let of = |signature: &'static str| {
        request((HOST, PATH), JSON, BODY.as_bytes(), signature.as_bytes())
    };
    let (by_nobody, by_key) = (of(by_nobody.leak()), of(by_key.leak()));
    assert_eq!(verify(&by_key, []), Err(Refusal::NoSecret));
    assert_eq!(verify(&by_nobody, [&b""[..]]), Err(Refusal::NoSecret));
    assert_eq!(verify(&by_nobody, [&b""[..], KEY]), Err(Refusal::Mismatch));
    assert_eq!(verify(&by_key, [&b""[..], KEY]), Ok(()));
}

fn forms() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[A-Za-z.]{1,8}", "\\PC{0,12}"), 1..12)
}

fn encoded(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The signed text by another way than the verifier's: a list of values for each name.
fn signed_form(key: &[u8], url: &str, pairs: &[(String, String)]) -> String {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        by_name.entry(name).or_default().push(value);
    }
    let texts = by_name
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| [*name, value].concat()));
    in_base64(key, &format!("{url}{}", texts.collect::<String>()))
}

fn with_byte(bytes: &[u8], at: Index, byte: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    bytes[at] = byte;
    bytes
}

fn accepted(
    content_type: &str,
    path: &str,
    body: &[u8],
    signature: &[u8],
    keys: &[Vec<u8>],
) -> bool {
    let request = request((HOST, path), content_type, body, signature);
    verify(&request, keys.iter().map(Vec::as_slice)).is_ok()
}

proptest! {
    #[test]
    fn no_changed_byte_of_raw_bytes_is_accepted(body in "\\PC{1,60}", path in "/[a-z]{1,8}(\\?[a-z=&%0-9]{0,12})?",
        key in prop::collection::vec(any::<u8>(), 1..64), at: Index, byte: u8) {
        let signature = in_hex(&key, &format!("{HOST}{path}{body}"));
        let (signature, keys) = (signature.as_bytes(), [key]);
        prop_assert!(accepted(JSON, &path, body.as_bytes(), signature, &keys));

        let changed = with_byte(signature, at, byte);
        prop_assert_eq!(accepted(JSON, &path, body.as_bytes(), &changed, &keys), changed == signature);
        let changed = with_byte(body.as_bytes(), at, byte);
        prop_assert_eq!(accepted(JSON, &path, &changed, signature, &keys), changed == body.as_bytes());
        if let Ok(changed) = String::from_utf8(with_byte(path.as_bytes(), at, byte)) {
            // What follows a # never reaches a server.
            let same = changed.split('#').next() == Some(&path);
            prop_assert_eq!(accepted(JSON, &changed, body.as_bytes(), signature, &keys), same);
        }
    }

    #[test]
    fn no_changed_byte_of_a_form_is_accepted(pairs in forms(),
        key in prop::collection::vec(any::<u8>(), 1..64), at: Index, byte: u8) {
        let body = encoded(&pairs);
        let signature = signed_form(&key, &format!("{HOST}{PATH}"), &pairs);
        let (signature, keys) = (signature.as_bytes(), [key]);
        prop_assert!(accepted(FORM, PATH, body.as_bytes(), signature, &keys));

        let changed = with_byte(signature, at, byte);
        prop_assert_eq!(accepted(FORM, PATH, body.as_bytes(), &changed, &keys), changed == signature);
        let changed = with_byte(body.as_bytes(), at, byte);
        // Another spelling of the same pairs, as %2b of %2B, says the same.
        let pairs_of = |body: &[u8]| form_urlencoded::parse(body).into_owned().collect::<Vec<_>>();
        // A name that lost its = is refused, whatever it would say.
        let is_pairs =
            changed.split(|&byte| byte == b'&').all(|part| part.is_empty() || part.contains(&b'='));
        let same = is_pairs && pairs_of(&changed) == pairs_of(body.as_bytes());
        prop_assert_eq!(accepted(FORM, PATH, &changed, signature, &keys), same,
            "{} {}", body, String::from_utf8_lossy(&changed));
    }

    #[test]
    fn each_of_several_keys_is_accepted_and_no_other(pairs in forms(), keys in
        prop::collection::vec("[a-z0-9]{1,80}", 1..5), of: Index, other in "[A-Z]{1,80}") {
        let keys: Vec<Vec<u8>> = keys.into_iter().map(String::into_bytes).collect();
        let url = format!("{HOST}{PATH}");
        let body = encoded(&pairs);
        let theirs = &keys[of.index(keys.len())];
        for (by, expected) in [(&theirs[..], true), (other.as_bytes(), false)] {
            let form = signed_form(by, &url, &pairs);
            prop_assert_eq!(accepted(FORM, PATH, body.as_bytes(), form.as_bytes(), &keys), expected);
            let raw = in_hex(by, &format!("{url}{body}"));
            prop_assert_eq!(accepted(JSON, PATH, body.as_bytes(), raw.as_bytes(), &keys), expected);
        }
    }

    #[test]
    fn verifying_never_panics(base_url: String, path: String, content_type in "application/json|application/x-www-form-urlencoded|\\PC{0,20}",
        body: Vec<u8>, signature in prop_oneof![any::<Vec<u8>>(), "[0-9a-f]{40}".prop_map(String::into_bytes)]) {
        prop_assert!(verify(&request((&base_url, &path), &content_type, &body, &signature), [KEY]).is_err());
    }
}
