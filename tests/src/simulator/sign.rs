//! Signs webhooks as Twilio does.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

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
    /// The body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// The same with a well-formed signature that nobody made.
    #[must_use]
    pub fn forged(mut self) -> Self {
        let first = if self.signature.1.starts_with('A') { "B" } else { "A" };
        self.signature.1.replace_range(..1, first);
        self
    }
}

/// An account's auth token, and the address at which the provider believes us to be.
#[derive(Clone, Debug)]
pub struct Signer {
    token: String,
    public_base_url: String,
}

impl Signer {
    /// Signs with `token` for webhooks to `public_base_url`.
    #[must_use]
    pub fn new(token: &str, public_base_url: &str) -> Self {
        let public_base_url = public_base_url.trim_end_matches('/').to_owned();
        Self { token: token.to_owned(), public_base_url }
    }

    /// A signed form post to a path, with its query if it has one.
    #[must_use]
    pub fn form(&self, path: &str, fields: &Fields) -> Webhook {
        let text = format!("{}{path}{}", self.public_base_url, concatenated(fields));
        Webhook {
            path: path.to_owned(),
            content_type: "application/x-www-form-urlencoded; charset=utf-8",
            signature: ("X-Twilio-Signature", self.mac(&text)),
            body: Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes(),
        }
    }

    fn mac(&self, text: &str) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.token.as_bytes()).expect("any key will do");
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

fn concatenated(fields: &Fields) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in fields {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = String::new();
    for (name, values) in sorted {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    text
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
    fn a_forged_webhook_differs_in_its_signature_alone() {
        let webhook = Signer::new("t", "http://a").form("/x", &vec![("a", "1".to_owned())]);
        let forged = webhook.clone().forged();
        assert_ne!(forged.signature, webhook.signature);
        assert_eq!(forged.signature.1.len(), webhook.signature.1.len());
        assert_eq!(forged.body, webhook.body);
    }
}
