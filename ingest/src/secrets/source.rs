//! Where the secrets come from: the variables, which are read once, and the file, which may change.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use curbe_domain::providers::Provider;
use curbe_platform::config::Problem;
use secrecy::SecretString;

use super::{Given, Place, Secrets, file};
use crate::config::Config;

/// The variable that names the file.
const VARIABLE: &str = "PROVIDER_SECRETS_FILE";

/// The variables' secrets, and the file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    variables: Vec<Given>,
    file: Option<PathBuf>,
}

impl Source {
    /// As configured.
    pub(crate) fn new(config: &Config) -> Self {
        let given = |provider, name, secrets: &[SecretString]| {
            let of_all = |secret: &SecretString| Given {
                provider,
                accounts: Vec::new(),
                secret: secret.clone(),
                place: Place::Variable(name),
            };
            secrets.iter().map(of_all).collect::<Vec<_>>()
        };
        let variables = [
            given(Provider::Twilio, "TWILIO_AUTH_TOKENS", &config.twilio_auth_tokens),
            given(Provider::Twilio, "AUTH_TOKEN", config.auth_token.as_slice()),
            given(Provider::SignalWire, "SIGNALWIRE_SIGNING_KEYS", &config.signalwire_signing_keys),
            given(Provider::Telnyx, "TELNYX_PUBLIC_KEYS", &config.telnyx_public_keys),
        ];
        Self { variables: variables.concat(), file: config.provider_secrets_file.clone() }
    }

    /// The file, if there is to be one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The file's bytes; none without a file.
    pub(crate) fn content(&self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(path) = self.file() else {
            return Ok(None);
        };
        let named = path.display().to_string();
        let mut content = Vec::new();
        File::open(path)
            .and_then(|file| file.take(file::BYTES_MAX + 1).read_to_end(&mut content))
            .map_err(|error| Problem::new(VARIABLE, format!("cannot read {named}: {error}")))?;
        if u64::try_from(content.len()).is_ok_and(|length| length <= file::BYTES_MAX) {
            Ok(Some(content))
        } else {
            Err(problem(&named, "", &format!("is longer than {} bytes", file::BYTES_MAX)))
        }
    }

    /// The secrets of the variables and of a file with this content. All of it holds, or nothing.
    pub(crate) fn secrets(&self, content: Option<&[u8]>) -> Result<Secrets, Problem> {
        let path = self.file().map(|path| path.display().to_string()).unwrap_or_default();
        let entries = content.map(file::entries).transpose();
        let entries = entries.map_err(|misfit| problem(&path, &misfit.pointer, &misfit.reason))?;
        let of_file = entries.unwrap_or_default().into_iter().map(|entry| Given {
            provider: entry.provider,
            accounts: entry.accounts,
            secret: entry.secret,
            place: Place::File { path: path.clone(), pointer: entry.pointer },
        });
        Secrets::new(self.variables.iter().cloned().chain(of_file).collect())
    }
}

/// What is wrong in the file, and where.
pub(super) fn problem(path: &str, pointer: &str, reason: &str) -> Problem {
    let place = if pointer.is_empty() { path.to_owned() } else { format!("{path} at {pointer}") };
    Problem::new(VARIABLE, format!("{place} {reason}"))
}
