//! The signature of forms: base64 of the HMAC-SHA1 of our URL and the form's parameters, keyed with a secret.
//!
//! The scheme has no time in it: a request once signed is valid for ever, so what it causes must be idempotent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::fields::MediaType;
use super::form::{Form, ValueOrder};
use super::urls;

/// A SHA-1 HMAC is this long; anything else is no signature.
pub(in crate::providers) const TAG_LENGTH: usize = 20;

/// What came over the wire, and the address under which the provider knows us.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// Our public address as configured, for example `https://hooks.example.com`. What the request says of its host
    /// is not believed.
    pub base_url: &'a str,
    /// The request's path and query exactly as received, never decoded and encoded again.
    pub path_and_query: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body exactly as received.
    pub body: &'a [u8],
    /// The signature header.
    pub signature: &'a [u8],
}

/// Why a request is not the provider's. For metrics and logs; the sender is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no secret to check it with.
    #[error("no secret is configured")]
    NoSecret,
    /// The header is no signature that the provider makes of such a body.
    #[error("the signature is malformed")]
    MalformedSignature,
    /// The form cannot be read in one way only.
    #[error("the form is malformed")]
    MalformedForm,
    /// Nothing that is signed speaks for the body.
    #[error("the body is not covered by the signature")]
    BodyNotCovered,
    /// The body has another digest than the URL says.
    #[error("the body does not match bodySHA256")]
    BodyMismatch,
    /// No secret makes this signature.
    #[error("the signature does not match")]
    Mismatch,
}

impl Refusal {
    /// A label for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::MalformedSignature => "malformed_signature",
            Self::MalformedForm => "malformed_form",
            Self::BodyNotCovered => "body_not_covered",
            Self::BodyMismatch => "body_mismatch",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Checks that one of `secrets` signed the request: its URL, and its body by form parameters, values in one of `orders`,
/// or by digest.
///
/// # Errors
/// The [`Refusal`], also when there is no secret or only empty ones.
pub(in crate::providers) fn verify<'s>(
    request: &SignedRequest<'_>,
    secrets: impl IntoIterator<Item = &'s [u8]>,
    orders: &[ValueOrder],
) -> Result<(), Refusal> {
    let endings = signed_endings(request, orders)?;
    let tag = BASE64.decode(request.signature).map_err(|_| Refusal::MalformedSignature)?;
    if tag.len() != TAG_LENGTH {
        return Err(Refusal::MalformedSignature);
    }
    is_signed(request, &endings, &tag, secrets)
}

/// Whether `tag` is the HMAC-SHA1, under one of `secrets`, of our URL in one of its spellings with one of `endings`.
pub(in crate::providers) fn is_signed<'s>(
    request: &SignedRequest<'_>,
    endings: &[Vec<u8>],
    tag: &[u8],
    secrets: impl IntoIterator<Item = &'s [u8]>,
) -> Result<(), Refusal> {
    let texts = signed_texts(request.base_url, request.path_and_query, endings);
    match any_matches(secrets, &texts, tag) {
        None => Err(Refusal::NoSecret),
        Some(false) => Err(Refusal::Mismatch),
        Some(true) => Ok(()),
    }
}

/// Works as long as a check with one secret would, and finds nothing. For a refusal that was decided without such a
/// check: the time of an answer must not tell which accounts are known here, or what it was that a request lacked.
pub fn refuse_slowly(request: &SignedRequest<'_>) {
    let nobodys: [&[u8]; 1] = [b"nobody"];
    let checked = is_signed(request, &[request.body.to_vec()], &[0; TAG_LENGTH], nobodys);
    // Nobody looks at the answer, which is no reason to leave out the work.
    std::hint::black_box(checked).ok();
}

/// Every text that may have been signed: each spelling of our URL with each ending.
fn signed_texts(base_url: &str, path_and_query: &str, endings: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let path_and_query = urls::without_fragment(path_and_query);
    let mut texts = Vec::new();
    for url in urls::spellings(base_url) {
        for ending in endings {
            texts.push([url.as_bytes(), path_and_query.as_bytes(), ending].concat());
        }
    }
    texts
}

/// Whether `tag` is the HMAC-SHA1 of one of `texts` under one of `keys`; `None` when there is no key. All are tried,
/// match or not, each compared in constant time. An empty key is none: anybody could sign with it.
fn any_matches<'k>(
    keys: impl IntoIterator<Item = &'k [u8]>,
    texts: &[Vec<u8>],
    tag: &[u8],
) -> Option<bool> {
    let mut matches = None;
    for key in keys.into_iter().filter(|key| !key.is_empty()) {
        let keyed = Hmac::<Sha1>::new_from_slice(key).ok()?;
        for text in texts {
            let matched = keyed.clone().chain_update(text).verify_slice(tag).is_ok();
            matches = Some(matches.unwrap_or(false) | matched);
        }
    }
    matches
}

/// What may follow the URL in the signed text. A digest in the URL is always checked; a body that is no form needs
/// one, since nothing else would speak for it.
fn signed_endings(
    request: &SignedRequest<'_>,
    orders: &[ValueOrder],
) -> Result<Vec<Vec<u8>>, Refusal> {
    let by_digest = digest_checked(request)?;
    let media_type = MediaType::of(request.content_type);
    let mut endings = Vec::new();
    match media_type {
        MediaType::Form => {
            let form = Form::decode(request.body).map_err(|_| Refusal::MalformedForm)?;
            endings.extend(orders.iter().map(|order| form.signed_text(*order)));
        }
        MediaType::Json if !by_digest => return Err(Refusal::BodyNotCovered),
        MediaType::Other if !by_digest && !request.body.is_empty() => {
            return Err(Refusal::BodyNotCovered);
        }
        MediaType::Json | MediaType::Other => {}
    }
    // With a digest in the URL the providers' own libraries sign no parameters, forms included.
    if by_digest || media_type != MediaType::Form {
        endings.push(Vec::new());
    }
    Ok(endings)
}

/// Whether the URL carries the body's digest. One that is wrong is an error, whatever the content type.
pub(in crate::providers) fn digest_checked(request: &SignedRequest<'_>) -> Result<bool, Refusal> {
    let url = urls::without_fragment(request.path_and_query);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut digests =
        query.split('&').filter_map(|part| part.strip_prefix("bodySHA256=")).peekable();
    if digests.peek().is_none() {
        return Ok(false);
    }
    let body = lowercase_hex(&Sha256::digest(request.body));
    if digests.all(|digest| digest == body) { Ok(true) } else { Err(Refusal::BodyMismatch) }
}

fn lowercase_hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}
