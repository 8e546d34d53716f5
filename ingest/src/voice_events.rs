//! `POST /api/webhooks/voice-events`: proven to be a provider's, sorted, and put onto the queue byte for byte.

use curbe_domain::providers::laml::{Refusal, SignedRequest};
use curbe_domain::providers::{Classified, Kind, Provider, Summary, signalwire, twilio};
use curbe_platform::queue::message::VoiceEvent;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;

use crate::rejection::Rejection;
use crate::service::Service;
use crate::verdict::{Accepted, Facts};

/// The header that names the scheme, and who may have signed with it. Exactly one may be there, once: with two, who would
/// have signed? SignalWire's libraries know Twilio's header as well; whose secret it is tells the two apart.
const SIGNATURES: [(&str, &[Provider]); 3] = [
    ("x-twilio-signature", &[Provider::Twilio, Provider::SignalWire]),
    ("x-signalwire-signature", &[Provider::SignalWire]),
    ("telnyx-signature-ed25519", &[Provider::Telnyx]),
];
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
    let provider = verify(service, webhook).map_err(|reason| Rejection::Forbidden { reason })?;
    facts.provider = Some(provider);
    tracing::info!(requestId = request_id, provider = provider.as_str(), "verified");

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

/// Who signed it; otherwise why nobody is believed to have.
fn verify(service: &Service, webhook: &Webhook) -> Result<Provider, &'static str> {
    let (providers, signature) = signature(&webhook.headers)?;
    let signed = SignedRequest {
        base_url: &service.public_base_url,
        path_and_query: &webhook.path_and_query,
        content_type: content_type(&webhook.headers),
        body: &webhook.body,
        signature,
    };
    let mut reason = Refusal::NoSecret;
    for provider in providers {
        let verified = match provider {
            Provider::Twilio => twilio::verify(&signed, exposed(&service.twilio_tokens)),
            Provider::SignalWire => signalwire::verify(&signed, exposed(&service.signalwire_keys)),
            Provider::Telnyx => Err(Refusal::NoSecret),
        };
        match verified {
            Ok(()) => return Ok(*provider),
            // A provider without secrets could not judge; of the others, the first tells why.
            Err(refusal) if reason == Refusal::NoSecret => reason = refusal,
            Err(_) => {}
        }
    }
    Err(reason.as_str())
}

fn exposed(secrets: &[SecretString]) -> impl Iterator<Item = &[u8]> {
    secrets.iter().map(|secret| secret.expose_secret().as_bytes())
}

fn classify(provider: Provider, webhook: &Webhook) -> Classified {
    let content_type = content_type(&webhook.headers);
    match provider {
        Provider::Twilio => twilio::classify(content_type, &webhook.body),
        Provider::SignalWire => signalwire::classify(content_type, &webhook.body),
        // Not understood yet, so a person looks at it.
        Provider::Telnyx => {
            Classified::Queue(Summary { kind: Kind::Unknown, leg: None, account: None })
        }
    }
}

/// Who may have signed, and the signature.
fn signature(headers: &HeaderMap) -> Result<(&'static [Provider], &[u8]), &'static str> {
    let mut found = SIGNATURES.iter().flat_map(|(name, providers)| {
        headers.get_all(*name).into_iter().map(|value| (*providers, value.as_bytes()))
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("signature_missing"),
        (Some(_), Some(_)) => Err("signature_repeated"),
    }
}

/// The content type, if it is told once and readably.
fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).into_iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    only.to_str().ok()
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
    fn exactly_one_signature_names_the_scheme() {
        let twilio = ("x-twilio-signature", "a");
        let found = |pairs: &[_]| signature(&headers(pairs)).map(|(providers, _)| providers);
        assert_eq!(found(&[twilio]), Ok(&[Provider::Twilio, Provider::SignalWire][..]));
        let signalwire = ("x-signalwire-signature", "b");
        assert_eq!(found(&[signalwire]), Ok(&[Provider::SignalWire][..]));
        assert_eq!(found(&[("telnyx-signature-ed25519", "a")]), Ok(&[Provider::Telnyx][..]));
        assert_eq!(found(&[]), Err("signature_missing"));
        assert_eq!(found(&[twilio, twilio]), Err("signature_repeated"));
        assert_eq!(found(&[twilio, signalwire]), Err("signature_repeated"));
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
