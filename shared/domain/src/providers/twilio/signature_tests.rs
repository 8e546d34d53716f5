//! The published vectors, and what must never be accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::sample::Index;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::signature::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const TOKEN: &[u8] = b"12345";
const HOST: &str = "https://mycompany.com";
const PATH: &str = "/myapp.php?foo=1&bar=2";
const P: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const B: &str = r#"{"property": "value", "boolean": true}"#;
const BH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const B_SIGNATURE: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";

fn check(base_url: &str, path: &str, body: (&str, &str), signature: &str) -> Result<(), Refusal> {
    let (content_type, body) = body;
    let request = SignedRequest {
        base_url,
        path_and_query: path,
        content_type: (!content_type.is_empty()).then_some(content_type),
        body: body.as_bytes(),
        signature: signature.as_bytes(),
    };
    verify(&request, [TOKEN])
}

fn signed(token: &[u8], text: &str) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(token).unwrap().chain_update(text);
    BASE64.encode(mac.finalize().into_bytes())
}

#[test]
fn the_published_form_vectors_are_accepted() {
    let p_17 = P.replace("%2B14158675309", "%2B14158675310");
    let repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
    let addresses = |first, second| {
        format!("MessagingBinding.Address={first}&MessagingBinding.Address={second}")
    };
    let (one, other) = ("%2B1325xxxxxxx", "%2B1415xxxxxxx");
    for (row, base_url, body, signature) in [
        (1, HOST, P, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (1, "https://mycompany.com:1234", P, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (2, "https://mycompany.com:443", P, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (2, HOST, P, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (3, "http://mycompany.com:1234", P, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (4, "http://mycompany.com:80", P, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (4, "http://mycompany.com", P, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (5, HOST, repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (6, HOST, &addresses(one, other), "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (6, HOST, &addresses(other, one), "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (17, "https://example.com", &p_17, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
    ] {
        assert_eq!(check(base_url, PATH, (FORM, body), signature), Ok(()), "row {row} {base_url}");
    }
    assert_eq!(check(HOST, PATH, ("", ""), "zYQTYrRWXE7LtzbG4PfP7/bkkGo="), Ok(()), "row 11");
    assert_eq!(check(HOST, PATH, (FORM, ""), "zYQTYrRWXE7LtzbG4PfP7/bkkGo="), Ok(()), "row 11");
}

#[test]
fn the_published_json_vectors_are_accepted() {
    let row_7 = format!("{PATH}&bodySHA256={BH}");
    let row_8 = format!("/myapp.php?bodySHA256={BH}");
    let row_9 = format!(
        "{PATH}&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!(check(HOST, &row_7, (JSON, B), B_SIGNATURE), Ok(()), "row 7");
    assert_eq!(check(HOST, &row_8, (JSON, B), "y77kIzt2vzLz71DgmJGsen2scGs="), Ok(()), "row 8");
    let signature = "Ldidvp12m26NI7eqEvxnEpkd9Hc=";
    assert_eq!(check(HOST, &row_9, (JSON, "{}"), signature), Ok(()), "row 9");
    assert_eq!(check(&format!("{HOST}:443"), &row_9, (JSON, "{}"), signature), Ok(()), "row 9");
}

#[test]
fn the_base_url_may_be_written_in_many_ways() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for base_url in
        ["https://user:pass@mycompany.com", "https://mycompany.com/", "https://mycompany.com:8443"]
    {
        assert_eq!(check(base_url, PATH, (FORM, P), signature), Ok(()), "{base_url}");
    }
    let with_fragment = format!("{PATH}#rc=5&rp=all");
    assert_eq!(check(HOST, &with_fragment, (FORM, P), signature), Ok(()));
    for base_url in ["http://mycompany.com", "https://mycompany.org", "https://mycompany.com/x", ""]
    {
        let checked = check(base_url, PATH, (FORM, P), signature);
        assert_eq!(checked, Err(Refusal::Mismatch), "{base_url}");
    }
}

#[test]
fn the_port_may_have_been_signed_or_dropped() {
    // Calls over HTTPS drop it, messages and HTTP keep it.
    for (configured, signed_for, expected) in [
        ("https://a.example:8443", "https://a.example:8443", Ok(())),
        ("https://a.example:8443", "https://a.example", Ok(())),
        ("https://a.example:8443", "https://a.example:443", Ok(())),
        ("https://a.example", "https://a.example:443", Ok(())),
        ("http://a.example:8080", "http://a.example:8080", Ok(())),
        ("http://a.example:8080", "http://a.example:80", Ok(())),
        ("https://a.example", "https://a.example:8443", Err(Refusal::Mismatch)),
        ("https://a.example", "https://a.example:80", Err(Refusal::Mismatch)),
        ("https://a.example", "http://a.example", Err(Refusal::Mismatch)),
    ] {
        let signature = signed(TOKEN, &format!("{signed_for}{PATH}a1"));
        let checked = check(configured, PATH, (FORM, "a=1"), &signature);
        assert_eq!(checked, expected, "{configured} {signed_for}");
    }
}

#[test]
fn values_are_signed_decoded_and_as_they_are() {
    for (body, text) in [
        // Untrimmed, a plus is a blank, and empty values have their names.
        ("b=+x%20&a=&c=%2B1", "ab x c+1"),
        // By bytes: capitals first.
        ("a=1&B=2&A=3", "A3B2a1"),
        // Of any name, and in any language.
        ("New+Field=%C3%BC&_=1", "New Field\u{fc}_1"),
        // Once each and sorted, as row 5.
        ("x=2&x=10&x=2&x=", "xx10x2"),
    ] {
        let signature = signed(TOKEN, &format!("{HOST}{PATH}{text}"));
        assert_eq!(check(HOST, PATH, (FORM, body), &signature), Ok(()), "{body}");
        let other = check(HOST, PATH, (FORM, &format!("{body}&z=")), &signature);
        assert_eq!(other, Err(Refusal::Mismatch), "{body}");
    }
}

#[test]
fn the_query_is_neither_decoded_nor_encoded() {
    for path in ["/hook?name=O'Brien", "/hook?name=O%27Brien", "/hook?a=%2b+%20", "/h%6Fok?"] {
        let signature = signed(TOKEN, &format!("{HOST}{path}"));
        assert_eq!(check(HOST, path, ("", ""), &signature), Ok(()), "{path}");
        let other =
            if path.contains('\'') { path.replace('\'', "%27") } else { path.replace('%', "%25") };
        assert_eq!(check(HOST, &other, ("", ""), &signature), Err(Refusal::Mismatch), "{other}");
    }
}

#[test]
fn a_body_that_nothing_signed_speaks_for_is_refused() {
    let url_alone = signed(TOKEN, &format!("{HOST}{PATH}"));
    for (content_type, body, expected) in [
        (JSON, B, Refusal::BodyNotCovered),
        (JSON, "", Refusal::BodyNotCovered),
        ("Application/JSON; charset=utf-8", B, Refusal::BodyNotCovered),
        ("text/plain", "CallSid=CA1", Refusal::BodyNotCovered),
        ("", "CallSid=CA1", Refusal::BodyNotCovered),
        (FORM, "CallSid=CA1", Refusal::Mismatch),
        (FORM, "CallSid", Refusal::MalformedForm),
    ] {
        let checked = check(HOST, PATH, (content_type, body), &url_alone);
        assert_eq!(checked, Err(expected), "{content_type} {body}");
    }
}

#[test]
fn a_digest_in_the_url_is_always_checked() {
    let path = format!("{PATH}&bodySHA256={BH}");
    for content_type in [JSON, FORM, "text/plain", ""] {
        let checked = check(HOST, &path, (content_type, "{}"), B_SIGNATURE);
        assert_eq!(checked, Err(Refusal::BodyMismatch), "{content_type}");
    }
    for digest in [BH.to_uppercase(), String::new(), format!("{BH}&bodySHA256=0"), format!("{BH}0")]
    {
        let path = format!("{PATH}&bodySHA256={digest}");
        let signature = signed(TOKEN, &format!("{HOST}{path}"));
        let checked = check(HOST, &path, (JSON, B), &signature);
        assert_eq!(checked, Err(Refusal::BodyMismatch), "{digest}");
    }
    // In the path it is no parameter.
    let path = format!("/bodySHA256={BH}");
    let signature = signed(TOKEN, &format!("{HOST}{path}"));
    assert_eq!(check(HOST, &path, (JSON, B), &signature), Err(Refusal::BodyNotCovered));
}

#[test]
fn a_form_with_a_digest_may_be_signed_with_or_without_its_parameters() {
    let digest: String =
        Sha256::digest(b"b=2&a=1").iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("/hook?bodySHA256={digest}");
    for ending in ["a1b2", ""] {
        let signature = signed(TOKEN, &format!("{HOST}{path}{ending}"));
        assert_eq!(check(HOST, &path, (FORM, "b=2&a=1"), &signature), Ok(()), "{ending}");
        assert_eq!(check(HOST, &path, (FORM, "a=1&b=2"), &signature), Err(Refusal::BodyMismatch));
    }
}

#[test]
fn a_signature_that_is_none_is_refused() {
    let good = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for signature in
        ["", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "RSOYDt4T1cUTdK1PDd93", &good.repeat(2)]
    {
        let checked = check(HOST, PATH, (FORM, P), signature);
        assert_eq!(checked, Err(Refusal::MalformedSignature), "{signature}");
    }
    // Row 19: of the beta of shared keys, which nobody may choose for us.
    let sha256 = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=";
    assert_eq!(check(HOST, PATH, (FORM, P), sha256), Err(Refusal::MalformedSignature));
}

#[test]
fn without_a_token_nothing_is_accepted() {
    let text = format!("{HOST}{PATH}");
    // Python and OpenSSL sign with an empty key without complaint.
    let by_nobody = signed(b"", &text);
    let by_token = signed(TOKEN, &text);
    let request = |signature| SignedRequest {
        base_url: HOST,
        path_and_query: PATH,
        content_type: None,
        body: b"",
        signature,
    };
    let (by_nobody, by_token) = (request(by_nobody.as_bytes()), request(by_token.as_bytes()));
    assert_eq!(verify(&by_token, []), Err(Refusal::NoSecret));
    assert_eq!(verify(&by_nobody, [&b""[..]]), Err(Refusal::NoSecret));
    assert_eq!(verify(&by_nobody, [&b""[..], TOKEN]), Err(Refusal::Mismatch));
    assert_eq!(verify(&by_token, [&b""[..], TOKEN]), Ok(()));
}

fn forms() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[A-Za-z.]{1,8}", "\\PC{0,12}"), 1..12)
}

fn encoded(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The signed text by another way than the verifier's: a sorted set.
fn signed_form(token: &[u8], url: &str, pairs: &[(String, String)]) -> String {
    let sorted: std::collections::BTreeSet<_> = pairs.iter().collect();
    let text: String =
        sorted.into_iter().flat_map(|(name, value)| [&name[..], &value[..]]).collect();
    signed(token, &format!("{url}{text}"))
}

fn with_byte(text: &str, at: Index, byte: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] = byte;
    bytes
}

fn accepted(path: &str, body: &[u8], signature: &[u8], tokens: &[Vec<u8>]) -> bool {
    let request = SignedRequest {
        base_url: HOST,
        path_and_query: path,
        content_type: Some(FORM),
        body,
        signature,
    };
    verify(&request, tokens.iter().map(Vec::as_slice)).is_ok()
}

proptest! {
    #[test]
    fn no_changed_byte_is_accepted(pairs in forms(), path in "/[a-z]{1,8}(\\?[a-z=&%0-9]{0,12})?",
        token in prop::collection::vec(any::<u8>(), 1..64), at: Index, byte: u8) {
        let body = encoded(&pairs);
        let signature = signed_form(&token, &format!("{HOST}{path}"), &pairs);
        let tokens = [token];
        prop_assert!(accepted(&path, body.as_bytes(), signature.as_bytes(), &tokens));

        let changed = with_byte(&signature, at, byte);
        let same = changed == signature.as_bytes();
        prop_assert_eq!(accepted(&path, body.as_bytes(), &changed, &tokens), same);

        if let Ok(changed) = String::from_utf8(with_byte(&path, at, byte)) {
            // What follows a # never reaches a server.
            let same = changed.split('#').next() == Some(&path);
            prop_assert_eq!(accepted(&changed, body.as_bytes(), signature.as_bytes(), &tokens), same);
        }

        let changed = with_byte(&body, at, byte);
        // Another spelling of the same pairs, as %2b of %2B, says the same.
        let pairs_of = |body: &[u8]| {
            let mut pairs: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
            pairs.sort();
            pairs
        };
        // A name that lost its = is refused, whatever it would say.
        let is_pairs =
            changed.split(|&byte| byte == b'&').all(|part| part.is_empty() || part.contains(&b'='));
        let same = is_pairs && pairs_of(&changed) == pairs_of(body.as_bytes());
        prop_assert_eq!(accepted(&path, &changed, signature.as_bytes(), &tokens), same,
            "{} {}", body, String::from_utf8_lossy(&changed));
    }

    #[test]
    fn the_order_of_pairs_does_not_matter(pairs in forms().prop_flat_map(|pairs| {
        (Just(pairs.clone()), Just(pairs).prop_shuffle())
    }), again: Index) {
        let (pairs, mut shuffled) = pairs;
        shuffled.push(shuffled[again.index(shuffled.len())].clone());
        let signature = signed_form(TOKEN, &format!("{HOST}{PATH}"), &pairs);
        let tokens = [TOKEN.to_vec()];
        prop_assert!(accepted(PATH, encoded(&shuffled).as_bytes(), signature.as_bytes(), &tokens));
    }

    #[test]
    fn each_of_several_tokens_is_accepted_and_no_other(pairs in forms(), tokens in
        prop::collection::vec("[a-z0-9]{1,80}", 1..5), of: Index, other in "[A-Z]{1,80}") {
        let tokens: Vec<Vec<u8>> = tokens.into_iter().map(String::into_bytes).collect();
        let url = format!("{HOST}{PATH}");
        let body = encoded(&pairs);
        let by = |token: &[u8]| signed_form(token, &url, &pairs);
        let theirs = by(&tokens[of.index(tokens.len())]);
        prop_assert!(accepted(PATH, body.as_bytes(), theirs.as_bytes(), &tokens));
        prop_assert!(!accepted(PATH, body.as_bytes(), by(other.as_bytes()).as_bytes(), &tokens));
    }

    #[test]
    fn verifying_never_panics(base_url: String, path: String, content_type: Option<String>,
        body: Vec<u8>, signature: Vec<u8>, form: bool) {
        let request = SignedRequest {
            base_url: &base_url,
            path_and_query: &path,
            content_type: if form { Some(FORM) } else { content_type.as_deref() },
            body: &body,
            signature: &signature,
        };
        prop_assert!(verify(&request, [TOKEN]).is_err());
    }
}
