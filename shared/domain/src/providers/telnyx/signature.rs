//! `telnyx-signature-ed25519`: base64, over the `telnyx-timestamp` header, a bar and the body as it came. Call Control's
//! JSON and TeXML's forms are signed alike; path, query and content type are not signed at all, so nothing may be decided
//! by them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{PUBLIC_KEY_LENGTH, Signature, VerifyingKey};
use time::OffsetDateTime;

use crate::providers::laml::fields::MediaType;

/// How far the time of signing may be from ours, past or future, in seconds; as in Telnyx's own libraries. To be asked
/// for where a webhook comes in and nowhere later: an event that waited in a queue is not forged.
pub const TOLERANCE_SECONDS: u64 = 300;
/// No second that a clock of ours can show has more digits.
const DIGITS_MAX: usize = 12;

/// What came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct SignedEvent<'a> {
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The `telnyx-timestamp` header as it came: seconds since 1970.
    pub timestamp: &'a [u8],
    /// The body exactly as received.
    pub body: &'a [u8],
    /// The signature header.
    pub signature: &'a [u8],
}

/// The public key of a Telnyx account, as Mission Control shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why a text is no public key; the words do not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not base64.
    #[error("is not base64")]
    NotBase64,
    /// It has another length, as a key in PEM has.
    #[error("is not base64 of 32 bytes")]
    Length,
    /// No private key belongs to it, or anybody could sign for it.
    #[error("is no Ed25519 key that can be relied on")]
    Unusable,
}

impl PublicKey {
    /// Reads base64 of the raw 32 bytes.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(text).map_err(|_| KeyError::NotBase64)?;
        let bytes: [u8; PUBLIC_KEY_LENGTH] = bytes.try_into().map_err(|_| KeyError::Length)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Unusable)?;
        if key.is_weak() { Err(KeyError::Unusable) } else { Ok(Self(key)) }
    }
}

/// Why a request is not Telnyx's. For metrics and logs; the sender is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no key to check it with.
    #[error("no key is configured")]
    NoKey,
    /// The header is no signature.
    #[error("the signature is malformed")]
    MalformedSignature,
    /// The header is no time.
    #[error("the timestamp is malformed")]
    MalformedTimestamp,
    /// No key makes this signature.
    #[error("the signature does not match")]
    Mismatch,
    /// Signed by Telnyx, but said to be of a format that it is not.
    #[error("the content type is not the body's")]
    OtherFormat,
    /// Signed by Telnyx, but longer ago than is tolerated, or further ahead.
    #[error("signed {age_seconds} s ago")]
    OutOfTime {
        /// From the signing to now, in seconds; below zero if the signing is still to come.
        age_seconds: i64,
    },
}

impl Refusal {
    /// A label for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoKey => "no_secret",
            Self::MalformedSignature => "malformed_signature",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::Mismatch => "mismatch",
            Self::OtherFormat => "other_format",
            Self::OutOfTime { age_seconds } if age_seconds < 0 => "timestamp_ahead",
            Self::OutOfTime { .. } => "timestamp_stale",
        }
    }
}

/// Checks that one of `keys` signed the event, and within the tolerance of `now`. Returns its age: the seconds from the
/// signing to now, below zero if the signing is still to come.
///
/// # Errors
/// The [`Refusal`]. The time is judged last, so that only Telnyx's own clock can be found to be wrong.
pub fn verify<'k>(
    event: &SignedEvent<'_>,
    keys: impl IntoIterator<Item = &'k PublicKey>,
    now: OffsetDateTime,
) -> Result<i64, Refusal> {
    let signature = BASE64.decode(event.signature).map_err(|_| Refusal::MalformedSignature)?;
    let signature = Signature::from_slice(&signature).map_err(|_| Refusal::MalformedSignature)?;
    let signed_at = seconds(event.timestamp).ok_or(Refusal::MalformedTimestamp)?;
    // As the header was written: another spelling of the same second was not signed.
    let message = [event.timestamp, b"|", event.body].concat();
    let mut keys = keys.into_iter().peekable();
    if keys.peek().is_none() {
        return Err(Refusal::NoKey);
    }
    if !keys.any(|key| key.0.verify_strict(&message, &signature).is_ok()) {
        return Err(Refusal::Mismatch);
    }
    if !is_of_its_format(event) {
        return Err(Refusal::OtherFormat);
    }
    let age_seconds = now.unix_timestamp() - signed_at;
    if age_seconds.unsigned_abs() > TOLERANCE_SECONDS {
        return Err(Refusal::OutOfTime { age_seconds });
    }
    Ok(age_seconds)
}

/// Whoever has a signed body may send it under another content type: texts of a customer's inside of JSON, told as a form,
/// could be its fields. JSON of Telnyx's is an object, and no form begins like one.
fn is_of_its_format(event: &SignedEvent<'_>) -> bool {
    let is_object = event.body.trim_ascii_start().starts_with(b"{");
    match MediaType::of(event.content_type) {
        MediaType::Json => is_object,
        MediaType::Form => !is_object,
        // Nothing reads it.
        MediaType::Other => true,
    }
}

/// Digits alone: no sign, no blank, no fraction.
fn seconds(timestamp: &[u8]) -> Option<i64> {
    let is_number =
        (1..=DIGITS_MAX).contains(&timestamp.len()) && timestamp.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(timestamp).ok().filter(|_| is_number)?;
    text.parse().ok()
}
