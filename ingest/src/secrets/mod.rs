//! Who may sign for whom. The variables hold secrets for everybody; the file binds secrets to accounts, and an account
//! that it names is believed under its own alone. So nobody's secret vouches for somebody else's account.

mod file;
mod json;
mod source;
mod watch;

use std::collections::HashMap;

use curbe_domain::providers::Provider;
use curbe_domain::providers::telnyx::PublicKey;
use curbe_platform::config::Problem;
use secrecy::{ExposeSecret as _, SecretString};

pub(crate) use source::Source;
pub(crate) use watch::open;

/// The secrets in force at one instant. Never changed, only replaced as a whole.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Auth tokens, by account.
    pub(crate) twilio: Keyring<SecretString>,
    /// Signing keys, by project.
    pub(crate) signalwire: Keyring<SecretString>,
    /// Public keys, by connection.
    pub(crate) telnyx: Keyring<PublicKey>,
}

/// The secrets of one provider.
#[derive(Debug)]
pub(crate) struct Keyring<K> {
    named: HashMap<String, Vec<K>>,
    common: Vec<K>,
}

/// A secret, whose it is, and where it was found.
#[derive(Clone, Debug)]
struct Given {
    provider: Provider,
    /// Whom it is for; none: all that no other secret of the provider names.
    accounts: Vec<String>,
    secret: SecretString,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Variable(&'static str),
    File { path: String, pointer: String },
}

impl<K> Keyring<K> {
    /// What may have signed a body that says it is this account's. One that says nothing readable is nobody's.
    pub(crate) fn of(&self, account: Option<&str>) -> &[K] {
        account.and_then(|account| self.named.get(account)).unwrap_or(&self.common)
    }
}

impl<K: Clone> Keyring<K> {
    fn add(&mut self, accounts: Vec<String>, key: K) {
        if accounts.is_empty() {
            self.common.push(key);
            return;
        }
        for account in accounts {
            self.named.entry(account).or_default().push(key.clone());
        }
    }
}

impl<K> Default for Keyring<K> {
    fn default() -> Self {
        Self { named: HashMap::new(), common: Vec::new() }
    }
}

impl Secrets {
    /// Puts together what was given.
    fn new(given: Vec<Given>) -> Result<Self, Problem> {
        if given.is_empty() {
            return Err(Problem::new(
                "TWILIO_AUTH_TOKENS",
                "missing, and so are AUTH_TOKEN, SIGNALWIRE_SIGNING_KEYS, TELNYX_PUBLIC_KEYS and \
                 PROVIDER_SECRETS_FILE: one secret at least",
            ));
        }
        each_is_one_owners(&given)?;
        let mut secrets = Self::default();
        for Given { provider, accounts, secret, place } in given {
            match provider {
                Provider::Twilio => secrets.twilio.add(accounts, secret),
                Provider::SignalWire => secrets.signalwire.add(accounts, secret),
                Provider::Telnyx => {
                    let key = PublicKey::parse(secret.expose_secret());
                    let key = key.map_err(|error| place.problem(&error.to_string()))?;
                    secrets.telnyx.add(accounts, key);
                }
            }
        }
        Ok(secrets)
    }
}

/// Whose secret it is tells whose webhook it is: one leg told as two providers' would be charged twice, and an account
/// that signs for another could have it pay.
fn each_is_one_owners(given: &[Given]) -> Result<(), Problem> {
    let mut earlier: HashMap<&str, &Given> = HashMap::new();
    for this in given {
        let Some(other) = earlier.insert(this.secret.expose_secret(), this) else {
            continue;
        };
        if other.provider != this.provider {
            let provider = other.provider;
            let reason = format!("is a secret of {provider} as well, by {}", other.place.name());
            return Err(this.place.problem(&reason));
        }
        // A variable and the file may agree, as while an account moves from the one to the other.
        if let (Place::File { pointer, .. }, Place::File { .. }) = (&other.place, &this.place) {
            return Err(this.place.problem(&format!("is at {pointer} as well")));
        }
    }
    Ok(())
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Self::Variable(name) => name,
            Self::File { pointer, .. } => pointer,
        }
    }

    /// Never with the secret itself.
    fn problem(&self, reason: &str) -> Problem {
        match self {
            Self::Variable(name) => Problem::new(name, reason),
            Self::File { path, pointer } => source::problem(path, pointer, reason),
        }
    }
}

#[cfg(test)]
mod tests;
