//! A request that moves money: what it asks, and the key under which its answer is kept.

use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName};
use hyper::http::request::Parts;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::http::Refusal;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_LENGTH_MAX: usize = 255;

/// A request with its key.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Unique for each thing that is to happen: said twice, it happens once.
    pub(super) key: String,
    /// Method and path.
    pub(super) request: String,
    /// SHA-256 of its body.
    pub(super) digest: Vec<u8>,
    pub(super) body: Bytes,
    /// For the log.
    pub(super) request_id: String,
}

impl Asked {
    pub(super) fn new(head: &Parts, key: String, body: Bytes, request_id: &str) -> Self {
        let request = format!("{} {}", head.method, head.uri.path());
        let (digest, request_id) = (Sha256::digest(&body).to_vec(), request_id.to_owned());
        Self { key, request, digest, body, request_id }
    }

    /// The id of what it makes: asked again, also after a crash, it makes the same.
    pub(super) fn id(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(format!("authorization {}", self.key))[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The key of a request.
///
/// # Errors
/// It has none, or none that can be kept.
pub(super) fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    const WORDS: &str = "Idempotency-Key must be given once: 1 to 255 visible characters of ASCII.";
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = match (given.next(), given.next()) {
        (Some(key), None) => key.as_bytes(),
        _ => b"",
    };
    let is_good = (1..=KEY_LENGTH_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    let key = is_good.then(|| String::from_utf8(key.to_vec()).ok()).flatten();
    key.ok_or_else(|| Refusal::bad_request("idempotency_key_required", WORDS))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_visible_and_of_some_length() {
        let read = |keys: &[&str]| {
            let mut headers = HeaderMap::new();
            for key in keys {
                headers.append(IDEMPOTENCY_KEY, HeaderValue::from_str(key).unwrap());
            }
            key(&headers).ok()
        };
        let longest = "k".repeat(255);
        assert_eq!(read(&["pay-1"]).as_deref(), Some("pay-1"));
        assert_eq!(read(&[&longest]), Some(longest.clone()));
        let too_long = format!("{longest}k");
        for none in [&[][..], &[""], &["a b"], &["a", "a"], &[&too_long], &["é"]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
