//! `X-SignalWire-Signature`, keyed with a project's signing key: of a form base64 as Twilio's, of any other body
//! lowercase hex of the HMAC-SHA1 of our URL and the bytes as they are.

use crate::providers::laml::fields::MediaType;
use crate::providers::laml::form::ValueOrder;
use crate::providers::laml::signature::{self, TAG_LENGTH};

pub use crate::providers::laml::{Refusal, SignedRequest};

/// SignalWire's libraries keep the values of a repeated name as submitted; the service may well do as Twilio does.
const ORDERS: [ValueOrder; 2] = [ValueOrder::Submitted, ValueOrder::SortedOnce];

/// Checks that one of `keys` signed the request: its URL, and its body by form parameters, by digest or as it is.
///
/// # Errors
/// The [`Refusal`], also when there is no key or only empty ones.
pub fn verify<'k>(
    request: &SignedRequest<'_>,
    keys: impl IntoIterator<Item = &'k [u8]>,
) -> Result<(), Refusal> {
    let Some(tag) = hex_tag(request.signature) else {
        return signature::verify(request, keys, &ORDERS);
    };
    // The signed text of another form, which has no separators, must not pass for this one's bytes.
    if MediaType::of(request.content_type) == MediaType::Form {
        return Err(Refusal::MalformedSignature);
    }
    signature::digest_checked(request)?;
    signature::is_signed(request, &[request.body.to_vec()], &tag, keys)
}

/// The signature as bytes if it is written in hex. In base64 it is shorter, so it is never taken for the other.
fn hex_tag(signature: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = signature.as_chunks::<2>();
    if pairs.len() != TAG_LENGTH || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
