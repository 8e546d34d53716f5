//! `X-Twilio-Signature`: base64, keyed with an auth token.

use crate::providers::laml::form::ValueOrder;
use crate::providers::laml::signature;

pub use crate::providers::laml::{Refusal, SignedRequest};

/// Checks that one of `tokens` signed the request: its URL, and its body by form parameters or by digest.
///
/// # Errors
/// The [`Refusal`], also when there is no token or only empty ones.
pub fn verify<'t>(
    request: &SignedRequest<'_>,
    tokens: impl IntoIterator<Item = &'t [u8]>,
) -> Result<(), Refusal> {
    signature::verify(request, tokens, &[ValueOrder::SortedOnce])
}
