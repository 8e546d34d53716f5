//! Who signed a webhook. The header names the scheme, the body says whose it is, and only that account's secrets may
//! have signed it; until one of them has, nothing in the body is believed.

use curbe_domain::providers::laml::{self, SignedRequest, claimed_account};
use curbe_domain::providers::telnyx::{self, SignedEvent, claimed_connection};
use curbe_domain::providers::{Provider, signalwire, twilio};
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use secrecy::{ExposeSecret as _, SecretString};

use crate::secrets::Secrets;
use crate::verdict::Facts;
use crate::webhook::{Webhook, content_type};

/// The header that names the scheme, and who may have signed with it. Exactly one may be there, once: with two, who would
/// have signed? SignalWire's libraries know Twilio's header as well; whose secret it is tells the two apart.
const SIGNATURES: [(&str, &[Provider]); 3] = [
    ("x-twilio-signature", &[Provider::Twilio, Provider::SignalWire]),
    ("x-signalwire-signature", &[Provider::SignalWire]),
    ("telnyx-signature-ed25519", &[Provider::Telnyx]),
];
/// When Telnyx signed, which is signed too.
pub(crate) const TIMESTAMP: &str = "telnyx-timestamp";
/// Why no secret could judge.
const NO_SECRET: &str = "no_secret";

/// Says what the metrics mean.
pub(crate) fn describe() {
    describe_gauge!(
        "curbe_telnyx_signature_age_seconds",
        "From the signing of Telnyx's last accepted webhook to its arrival; beyond 60, or below \
         zero, a clock is wrong"
    );
    describe_counter!(
        "curbe_telnyx_signatures_total",
        "Webhooks that Telnyx signed, by the age of the signature; beyond 300 s they are refused"
    );
}

/// Who signed it; otherwise why nobody is believed to have. `facts` gets the age of a signature that has one.
pub(crate) fn verify(
    secrets: &Secrets,
    public_base_url: &str,
    webhook: &Webhook,
    facts: &mut Facts,
) -> Result<Provider, &'static str> {
    let (providers, signature) = match signature(&webhook.headers) {
        Ok((providers, signature)) => (Ok(providers), signature),
        Err(reason) => (Err(reason), &[][..]),
    };
    let signed = SignedRequest {
        base_url: public_base_url,
        path_and_query: &webhook.path_and_query,
        content_type: content_type(&webhook.headers),
        body: &webhook.body,
        signature,
    };
    let verified = providers.and_then(|providers| match providers {
        [Provider::Telnyx] => by_telnyx(secrets, webhook, signature, facts),
        of_family => by_family(secrets, &signed, of_family),
    });
    if verified.is_err_and(|reason| reason != twilio::Refusal::Mismatch.as_str()) {
        laml::refuse_slowly(&signed);
    }
    verified
}

/// Twilio and who signs as it does.
fn by_family(
    secrets: &Secrets,
    signed: &SignedRequest<'_>,
    providers: &[Provider],
) -> Result<Provider, &'static str> {
    let account = claimed_account(signed.content_type, signed.body);
    let account = account.as_deref();
    let mut reason = NO_SECRET;
    for provider in providers {
        let verified = match provider {
            Provider::Twilio => twilio::verify(signed, exposed(secrets.twilio.of(account))),
            Provider::SignalWire => {
                signalwire::verify(signed, exposed(secrets.signalwire.of(account)))
            }
            Provider::Telnyx => continue,
        };
        match verified {
            Ok(()) => return Ok(*provider),
            // A provider without secrets could not judge; of the others, the first tells why.
            Err(refusal) if reason == NO_SECRET => reason = refusal.as_str(),
            Err(_) => {}
        }
    }
    Err(reason)
}

/// Telnyx signs the time and the body: the address proves nothing and is not looked at.
fn by_telnyx(
    secrets: &Secrets,
    webhook: &Webhook,
    signature: &[u8],
    facts: &mut Facts,
) -> Result<Provider, &'static str> {
    let timestamp = only(&webhook.headers, TIMESTAMP);
    let timestamp = timestamp.ok_or(telnyx::Refusal::MalformedTimestamp.as_str())?;
    let content_type = content_type(&webhook.headers);
    let connection = claimed_connection(content_type, &webhook.body);
    let keys = secrets.telnyx.of(connection.as_deref());
    let (timestamp, body) = (timestamp.as_bytes(), &webhook.body);
    let event = SignedEvent { content_type, timestamp, body, signature };
    let verified = telnyx::verify(&event, keys, webhook.received_at);
    match verified {
        Ok(age_seconds) | Err(telnyx::Refusal::OutOfTime { age_seconds }) => {
            facts.signature_age_seconds = Some(age_seconds);
            let age = band(age_seconds);
            counter!("curbe_telnyx_signatures_total", "age" => age).increment(1);
        }
        Err(_) => {}
    }
    let age_seconds = verified.map_err(telnyx::Refusal::as_str)?;
    // Within the tolerance, so it fits.
    gauge!("curbe_telnyx_signature_age_seconds").set(i32::try_from(age_seconds).unwrap_or(0));
    Ok(Provider::Telnyx)
}

/// A label for how long ago something was signed.
pub(crate) fn band(age_seconds: i64) -> &'static str {
    match (age_seconds < 0, age_seconds.unsigned_abs()) {
        (_, 0..=60) => "up_to_1m",
        (false, 61..=300) => "over_1m",
        (false, 301..=3600) => "over_5m",
        (false, _) => "over_1h",
        (true, 61..=300) => "ahead_over_1m",
        (true, 301..=3600) => "ahead_over_5m",
        (true, _) => "ahead_over_1h",
    }
}

fn exposed(secrets: &[SecretString]) -> impl Iterator<Item = &[u8]> {
    secrets.iter().map(|secret| secret.expose_secret().as_bytes())
}

/// Who may have signed, and the signature.
pub(crate) fn signature(headers: &HeaderMap) -> Result<(&'static [Provider], &[u8]), &'static str> {
    let mut found = SIGNATURES.iter().flat_map(|(name, providers)| {
        headers.get_all(*name).into_iter().map(|value| (*providers, value.as_bytes()))
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("signature_missing"),
        (Some(_), Some(_)) => Err("signature_repeated"),
    }
}

/// The value of a header that is told once.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    values.next().filter(|_| values.next().is_none())
}
