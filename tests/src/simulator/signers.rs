//! One signer of each provider, for one ingest.

use time::OffsetDateTime;

use super::flow::{Provider, VOICE_EVENTS};
use super::sign::{Signer, TelnyxSigner, Webhook};
use super::twilio::Fields;
use crate::stack::secrets::Secrets;

/// What the providers sign with.
#[derive(Clone, Debug)]
pub struct Signers {
    /// Twilio's.
    pub twilio: Signer,
    /// SignalWire's.
    pub signalwire: Signer,
    /// Telnyx's.
    pub telnyx: TelnyxSigner,
}

impl Signers {
    /// Signs with these secrets for webhooks to `public_base_url`.
    #[must_use]
    pub fn new(secrets: &Secrets, public_base_url: &str) -> Self {
        Self {
            twilio: Signer::new(&secrets.twilio_auth_token, public_base_url),
            signalwire: Signer::signalwire(&secrets.signalwire_signing_key, public_base_url),
            telnyx: TelnyxSigner::new(&secrets.telnyx_private_key),
        }
    }

    /// A voice event as a form of this provider's, signed at that time.
    #[must_use]
    pub fn form(&self, provider: Provider, fields: &Fields, at: OffsetDateTime) -> Webhook {
        match provider {
            Provider::Twilio => self.twilio.form(VOICE_EVENTS, fields),
            Provider::SignalWire => self.signalwire.form(VOICE_EVENTS, fields),
            Provider::Telnyx => self.telnyx.form(VOICE_EVENTS, fields, at),
        }
    }
}
