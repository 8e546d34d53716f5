//! A webhook that has arrived whole, and whether it is proven to be a provider's.

use curbe_domain::providers::Provider;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use time::OffsetDateTime;

use crate::rejection::Rejection;
use crate::service::Service;
use crate::signatures::{self, only};
use crate::verdict::Facts;

/// What bodies may be.
const FORMATS: [&str; 2] = ["application/x-www-form-urlencoded", JSON];
const JSON: &str = "application/json";

/// A request that has arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) request_id: String,
    pub(crate) received_at: OffsetDateTime,
    /// As it came; it is signed like this.
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Webhook {
    /// Who sent it, once that is proven and it is of a format that is read. `facts` gets what is found out on the way.
    pub(crate) fn proven(
        &self,
        service: &Service,
        facts: &mut Facts,
    ) -> Result<Provider, Rejection> {
        let secrets = service.secrets();
        let verified = signatures::verify(&secrets, &service.public_base_url, self, facts);
        let provider = verified.map_err(|reason| Rejection::Forbidden { reason })?;
        facts.provider = Some(provider);
        let signature_age_seconds = facts.signature_age_seconds;
        let (request_id, provider_name) = (self.request_id.as_str(), provider.as_str());
        tracing::info!(
            requestId = request_id,
            provider = provider_name,
            signature_age_seconds,
            "verified"
        );
        supported(&self.headers).map_err(|reason| Rejection::UnsupportedMediaType { reason })?;
        Ok(provider)
    }

    /// Whether it says that it is JSON.
    pub(crate) fn is_json(&self) -> bool {
        essence(&self.headers).eq_ignore_ascii_case(JSON)
    }
}

/// The content type, if it is told once and readably.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    only(headers, CONTENT_TYPE.as_str())?.to_str().ok()
}

fn essence(headers: &HeaderMap) -> &str {
    content_type(headers).and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

/// Whether the body can be read: a signed one in another format is refused for what it is.
fn supported(headers: &HeaderMap) -> Result<(), &'static str> {
    let is_identity = |value: &hyper::header::HeaderValue| {
        value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")
    };
    if !headers.get_all(CONTENT_ENCODING).into_iter().all(is_identity) {
        return Err("content_encoding");
    }
    if FORMATS.iter().any(|known| essence(headers).eq_ignore_ascii_case(known)) {
        Ok(())
    } else {
        Err("content_type")
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair =
            |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn forms_and_json_are_read_and_nothing_else() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        let json = ("content-type", "Application/JSON");
        let identity = ("content-encoding", "Identity");
        for pairs in [&[form][..], &[json], &[form, identity]] {
            assert_eq!(supported(&headers(pairs)), Ok(()), "{pairs:?}");
        }
        let gzip = ("content-encoding", "gzip");
        for (pairs, reason) in [
            (&[][..], "content_type"),
            (&[form, json], "content_type"),
            (&[("content-type", "text/plain")], "content_type"),
            (&[("content-type", "multipart/form-data; boundary=x")], "content_type"),
            (&[form, gzip], "content_encoding"),
            (&[form, identity, gzip], "content_encoding"),
        ] {
            assert_eq!(supported(&headers(pairs)), Err(reason), "{pairs:?}");
        }
    }
}
