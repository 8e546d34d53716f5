//! `POST /api/webhooks/voice-events`: proven to be a provider's, sorted, and put onto the queue byte for byte.

use curbe_domain::providers::{Classified, Kind, Provider, signalwire, telnyx, twilio};
use curbe_platform::queue::message::VoiceEvent;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use time::OffsetDateTime;

use crate::rejection::Rejection;
use crate::service::Service;
use crate::signatures::{self, only};
use crate::verdict::{Accepted, Facts};

/// What bodies may be.
const FORMATS: [&str; 2] = ["application/x-www-form-urlencoded", "application/json"];

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

/// Takes a webhook: `Ok` only once it is durable, or needs not be kept. `facts` gets what is found out on the way.
pub(crate) async fn accept(
    service: &Service,
    webhook: &Webhook,
    facts: &mut Facts,
) -> Result<Accepted, Rejection> {
    let request_id = webhook.request_id.as_str();
    let secrets = service.secrets();
    let verified = signatures::verify(&secrets, &service.public_base_url, webhook, facts);
    let provider = verified.map_err(|reason| Rejection::Forbidden { reason })?;
    facts.provider = Some(provider);
    let signature_age_seconds = facts.signature_age_seconds;
    tracing::info!(
        requestId = request_id,
        provider = provider.as_str(),
        signature_age_seconds,
        "verified"
    );

    supported(&webhook.headers).map_err(|reason| Rejection::UnsupportedMediaType { reason })?;
    let summary = match classify(provider, webhook) {
        Classified::Queue(summary) => summary,
        Classified::Ignore => return Ok(Accepted::Ignored),
    };
    facts.kind = Some(summary.kind);
    facts.leg.clone_from(&summary.leg);
    let event = VoiceEvent {
        provider,
        summary,
        received_at: webhook.received_at,
        content_type: content_type(&webhook.headers).map(str::to_owned),
        path_and_query: webhook.path_and_query.clone(),
        trace_id: webhook.request_id.clone(),
    };
    let ack = service.publisher.publish(&event, webhook.body.clone()).await?;
    tracing::info!(
        requestId = request_id,
        provider = provider.as_str(),
        leg = facts.leg.as_deref(),
        kind = facts.kind.map(Kind::as_str),
        stream_sequence = ack.sequence,
        duplicate = ack.duplicate,
        "queued"
    );
    Ok(if ack.duplicate { Accepted::Duplicate } else { Accepted::Queued })
}

fn classify(provider: Provider, webhook: &Webhook) -> Classified {
    let content_type = content_type(&webhook.headers);
    match provider {
        Provider::Twilio => twilio::classify(content_type, &webhook.body),
        Provider::SignalWire => signalwire::classify(content_type, &webhook.body),
        Provider::Telnyx => telnyx::classify(content_type, &webhook.body),
    }
}

/// The content type, if it is told once and readably.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    only(headers, CONTENT_TYPE.as_str())?.to_str().ok()
}

/// Whether the body can be read: a signed one in another format is refused for what it is.
fn supported(headers: &HeaderMap) -> Result<(), &'static str> {
    let is_identity = |value: &hyper::header::HeaderValue| {
        value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")
    };
    if !headers.get_all(CONTENT_ENCODING).into_iter().all(is_identity) {
        return Err("content_encoding");
    }
    let format =
        content_type(headers).and_then(|value| value.split(';').next()).unwrap_or_default();
    if FORMATS.iter().any(|known| format.trim().eq_ignore_ascii_case(known)) {
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
