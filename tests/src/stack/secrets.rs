//! What a stack's services and its simulator both know. Random, never the same in two stacks.

/// One secret of each kind.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs Twilio's webhooks.
    pub twilio_auth_token: String,
    /// Signs SignalWire's webhooks.
    pub signalwire_signing_key: String,
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
            jwt_secret: hex::<32>(),
            service_token: hex::<32>(),
        }
    }
}

fn hex<const BYTES: usize>() -> String {
    let bytes: [u8; BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
