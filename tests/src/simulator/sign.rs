//! Signs webhooks as Twilio, SignalWire and Telnyx do.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::twilio::Fields;

/// A webhook ready to be sent, as often as one likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Path and query.
    pub path: String,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The name of the signature header and its value.
    pub signature: (&'static str, String),
    /// The header of the time that is signed too; Telnyx alone has one.
    pub timestamp: Option<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// Its headers by name.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let signed = [&self.signature].into_iter().chain(&self.timestamp);
        let signed = signed.map(|(name, value)| (*name, value.as_str()));
        [("Content-Type", self.content_type)].into_iter().chain(signed)
    }

    /// The same with a well-formed signature that nobody made.
    #[must_use]
    pub fn forged(mut self) -> Self {
        let first = if self.signature.1.starts_with('A') { "B" } else { "A" };
        self.signature.1.replace_range(..1, first);
        self
    }
}

/// An account's secret, and the address at which the provider believes us to be.
#[derive(Clone, Debug)]
pub struct Signer {
    scheme: Scheme,
    secret: String,
    public_base_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Twilio,
    SignalWire,
}

impl Signer {
    /// Signs as Twilio with an auth token for webhooks to `public_base_url`.
    #[must_use]
    pub fn new(token: &str, public_base_url: &str) -> Self {
        Self::of(Scheme::Twilio, token, public_base_url)
    }

    /// Signs as SignalWire with a project's signing key.
    #[must_use]
    pub fn signalwire(key: &str, public_base_url: &str) -> Self {
        Self::of(Scheme::SignalWire, key, public_base_url)
    }

    fn of(scheme: Scheme, secret: &str, public_base_url: &str) -> Self {
        let public_base_url = public_base_url.trim_end_matches('/').to_owned();
        Self { scheme, secret: secret.to_owned(), public_base_url }
    }

    /// A signed form post to a path, with its query if it has one.
    #[must_use]
    pub fn form(&self, path: &str, fields: &Fields) -> Webhook {
        let parameters = match self.scheme {
            Scheme::Twilio => each_value_once(fields),
            Scheme::SignalWire => as_submitted(fields),
        };
        Webhook {
            path: path.to_owned(),
            content_type: "application/x-www-form-urlencoded; charset=utf-8",
            signature: (self.header(), STANDARD.encode(self.mac(path, &parameters))),
            timestamp: None,
            body: encoded(fields),
        }
    }

    /// A signed post of a flat JSON object. Twilio writes the body's digest into the address and signs that.
    #[must_use]
    pub fn json(&self, path: &str, fields: &Fields) -> Webhook {
        let body: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name, value)).collect();
        let body = serde_json::to_string(&body).expect("text is JSON");
        let (path, signature) = match self.scheme {
            Scheme::Twilio => {
                let separator = if path.contains('?') { '&' } else { '?' };
                let digest = hex(&Sha256::digest(&body));
                let path = format!("{path}{separator}bodySHA256={digest}");
                let signature = STANDARD.encode(self.mac(&path, ""));
                (path, signature)
            }
            Scheme::SignalWire => (path.to_owned(), hex(&self.mac(path, &body))),
        };
        Webhook {
            path,
            content_type: "application/json",
            signature: (self.header(), signature),
            timestamp: None,
            body: body.into_bytes(),
        }
    }

    fn header(&self) -> &'static str {
        match self.scheme {
            Scheme::Twilio => "X-Twilio-Signature",
            Scheme::SignalWire => "X-SignalWire-Signature",
        }
    }

    fn mac(&self, path: &str, ending: &str) -> Vec<u8> {
        let key = self.secret.as_bytes();
        let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any key will do");
        for part in [&self.public_base_url, path, ending] {
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }
}

/// The private key of a Telnyx account. Telnyx signs the time and the body, but neither address nor query.
#[derive(Clone, Debug)]
pub struct TelnyxSigner(SigningKey);

impl TelnyxSigner {
    /// Signs with a seed of 32 bytes in base64.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn new(private_key: &str) -> Self {
        let seed = STANDARD.decode(private_key).expect("a private key is base64");
        Self(SigningKey::from_bytes(&seed.try_into().expect("a private key has 32 bytes")))
    }

    /// A JSON post to a path, as Call Control sends them, signed at that time.
    #[must_use]
    pub fn json(&self, path: &str, body: &Value, at: OffsetDateTime) -> Webhook {
        self.post(path, "application/json", body.to_string().into_bytes(), at)
    }

    /// A form post to a path, as TeXML sends them, signed at that time.
    #[must_use]
    pub fn form(&self, path: &str, fields: &Fields, at: OffsetDateTime) -> Webhook {
        self.post(path, "application/x-www-form-urlencoded", encoded(fields), at)
    }

    fn post(
        &self,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
        at: OffsetDateTime,
    ) -> Webhook {
        let timestamp = at.unix_timestamp().to_string();
        let signed = [timestamp.as_bytes(), b"|", &body].concat();
        let signature = STANDARD.encode(self.0.sign(&signed).to_bytes());
        Webhook {
            path: path.to_owned(),
            content_type,
            signature: ("Telnyx-Signature-Ed25519", signature),
            timestamp: Some(("Telnyx-Timestamp", timestamp)),
            body,
        }
    }
}

fn encoded(fields: &Fields) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn each_value_once(fields: &Fields) -> String {
    let once: BTreeSet<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    once.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

fn as_submitted(fields: &Fields) -> String {
    let mut by_name: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in fields {
        let values = by_name.entry(name).or_default();
        values.push_str(name);
        values.push_str(value);
    }
    by_name.into_values().collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_twilio_publishes() {
        let signer = Signer::new("12345", "https://mycompany.com/");
        let path = "/myapp.php?foo=1&bar=2";
        let fields = |pairs: &[(&'static str, &str)]| -> Fields {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        let call = fields(&[
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
        ]);
        assert_eq!(signer.form(path, &call).signature.1, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let repeated = fields(&[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ]);
        assert_eq!(signer.form(path, &repeated).signature.1, "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    }

    #[test]
    fn signs_as_signalwire_publishes() {
        let signer = Signer::signalwire("PSKtest1234567890abcdef", "https://example.ngrok.io");
        let body = r#"{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}"#;
        let published = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f";
        assert_eq!(hex(&signer.mac("/webhook", body)), published);
        let path =
            "/webhook?bodySHA256=69f3cbfc18e386ef8236cb7008cd5a54b7fed637a8cb3373b5a1591d7f0fd5f4";
        assert_eq!(STANDARD.encode(signer.mac(path, "")), "dfO9ek8mxyFtn2nMz24plPmPfIY=");
        let repeated = vec![("To", "b".to_owned()), ("To", "a".to_owned()), ("To", "b".to_owned())];
        assert_eq!(as_submitted(&repeated), "TobToaTob");
    }

    #[test]
    fn signs_as_telnyx_does() {
        let signer = TelnyxSigner::new("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
        let at = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let body = br#"{"data":{"record_type":"event","event_type":"call.hangup","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"}}"#;
        let json = signer.post("/x", "application/json", body.to_vec(), at);
        let published = "JcD5v4oHvfa1U4IzNN8nWVvYHYC+wQSsL+UgGDRRzK/0ClL46dLhtUGpLGSdRnZrmo/cStapCkTOO0HrmvjRBA==";
        assert_eq!(json.signature.1, published);
        let call = [
            ("AccountSid", "f5586561-8ff0-4291-a51b-c7dfe4139ff9"),
            ("CallSid", "v3:abc"),
            ("CallStatus", "completed"),
            ("CallDuration", "45"),
        ];
        let form =
            signer.form("/x", &call.map(|(name, value)| (name, value.to_owned())).into(), at);
        let published = "16jxI1N9kj1CNzz3P9+D/ymVG6UlQQSBX/ix+MRtiRcukJe+I181cBa5BR8AeMiT3wYpHInLZcwVaO8Z/0aeAg==";
        assert_eq!(form.signature.1, published);
        assert_eq!(form.timestamp.unwrap().1, "1700000000");
    }

    #[test]
    fn twilio_signs_the_digest_of_json() {
        let webhook = Signer::new("t", "http://a").json("/x?y=1", &vec![("a", "1".to_owned())]);
        assert_eq!(webhook.body, br#"{"a":"1"}"#);
        let (path, digest) = webhook.path.split_once("&bodySHA256=").unwrap();
        assert_eq!((path, digest.len()), ("/x?y=1", 64));
    }

    #[test]
    fn a_forged_webhook_differs_in_its_signature_alone() {
        let webhook = Signer::new("t", "http://a").form("/x", &vec![("a", "1".to_owned())]);
        let forged = webhook.clone().forged();
        assert_ne!(forged.signature, webhook.signature);
        assert_eq!(forged.signature.1.len(), webhook.signature.1.len());
        assert_eq!(forged.body, webhook.body);
    }
}
