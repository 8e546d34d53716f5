//! What a stack's services and its simulator both know. Random, never the same in two stacks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;

/// One secret of each kind.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs Twilio's webhooks.
    pub twilio_auth_token: String,
    /// Signs SignalWire's webhooks.
    pub signalwire_signing_key: String,
    /// Signs Telnyx's webhooks: a seed of 32 bytes in base64, for the simulator alone.
    pub telnyx_private_key: String,
    /// Signs the browsers' tokens.
    pub jwt_secret: String,
    /// Lets the SaaS backend in.
    pub service_token: String,
}

impl Secrets {
    /// New ones.
    pub fn random() -> Self {
        Self {
            twilio_auth_token: hex::<16>(),
            signalwire_signing_key: format!("PSK_{}", hex::<16>()),
            telnyx_private_key: BASE64.encode(rand::random::<[u8; 32]>()),
            jwt_secret: hex::<32>(),
            service_token: hex::<32>(),
        }
    }
}

impl Secrets {
    /// What Telnyx's webhooks are checked with: 32 bytes in base64.
    ///
    /// # Panics
    /// The private key is no seed of 32 bytes.
    pub fn telnyx_public_key(&self) -> String {
        let seed = BASE64.decode(&self.telnyx_private_key).expect("the private key is base64");
        let seed = seed.try_into().expect("the private key is a seed of 32 bytes");
        BASE64.encode(SigningKey::from_bytes(&seed).verifying_key().to_bytes())
    }
}

fn hex<const BYTES: usize>() -> String {
    let bytes: [u8; BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telnyx_key_pair_is_one_of_rfc_8032() {
        let private_key = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=".to_owned();
        let secrets = Secrets { telnyx_private_key: private_key, ..Secrets::random() };
        assert_eq!(secrets.telnyx_public_key(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }
}
