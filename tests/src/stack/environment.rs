//! `.local/env`: what a shell needs to talk to the stack of `make up`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::secrets::Secrets;
use super::services::Kind;
use super::{Stack, paths};

/// Ports of a stack; none: any free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// The database.
    pub postgres: Option<u16>,
    /// The queue.
    pub nats: Option<u16>,
    /// The cache.
    pub redis: Option<u16>,
    /// The first ingest.
    pub ingest: Option<u16>,
    /// The first worker.
    pub worker: Option<u16>,
    /// The first notifier.
    pub notifier: Option<u16>,
}

impl Ports {
    /// The public port of a service.
    pub(super) fn of(&self, kind: Kind) -> Option<u16> {
        match kind {
            Kind::Ingest => self.ingest,
            Kind::Worker => self.worker,
            Kind::Notifier => self.notifier,
        }
    }
}

/// The variables of an earlier `make up`, so that the next one keeps ports and secrets and shells
/// that have read the file stay right.
#[derive(Debug)]
pub struct Earlier(HashMap<String, String>);

impl Earlier {
    /// Reads the file; what is missing or unreadable in it is made anew.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        Self(lines.map(|(name, value)| (name.into(), value.trim_matches('\'').into())).collect())
    }

    /// Its ports.
    pub fn ports(&self) -> Ports {
        let port = |name: &str| port_of(self.0.get(name)?);
        Ports {
            postgres: port("DATABASE_URL"),
            nats: port("NATS_URL"),
            redis: port("REDIS_URL"),
            ingest: port("INGEST_URL"),
            worker: port("WORKER_URL"),
            notifier: port("NOTIFIER_URL"),
        }
    }

    /// Its secrets.
    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::random();
        let fields = [
            ("TWILIO_AUTH_TOKENS", &mut secrets.twilio_auth_token),
            ("SIGNALWIRE_SIGNING_KEYS", &mut secrets.signalwire_signing_key),
            ("TELNYX_PRIVATE_KEY", &mut secrets.telnyx_private_key),
            ("JWT_SECRETS", &mut secrets.jwt_secret),
            ("SERVICE_TOKENS", &mut secrets.service_token),
        ];
        for (name, field) in fields {
            if let Some(value) = self.0.get(name).filter(|value| !value.is_empty()) {
                field.clone_from(value);
            }
        }
        secrets
    }
}

/// `scheme://user@host:port/path`
pub(crate) fn port_of(url: &str) -> Option<u16> {
    let host = url.split_once("://")?.1.split('/').next()?;
    host.rsplit_once(':')?.1.parse().ok()
}

/// The variables and their values, with all three services started.
pub fn variables(stack: &Stack) -> Vec<(&'static str, String)> {
    let secrets = stack.secrets();
    vec![
        ("DATABASE_URL", stack.database_url()),
        ("NATS_URL", stack.nats_url().to_owned()),
        ("REDIS_URL", stack.redis_url().to_owned()),
        ("INGEST_URL", stack.ingest_url()),
        ("NOTIFIER_URL", stack.notifier_url()),
        ("WORKER_URL", stack.worker_url()),
        ("PUBLIC_BASE_URL", stack.ingest_url()),
        ("TWILIO_AUTH_TOKENS", secrets.twilio_auth_token.clone()),
        ("SIGNALWIRE_SIGNING_KEYS", secrets.signalwire_signing_key.clone()),
        ("TELNYX_PUBLIC_KEYS", secrets.telnyx_public_key()),
        ("TELNYX_PRIVATE_KEY", secrets.telnyx_private_key.clone()),
        ("JWT_SECRETS", secrets.jwt_secret.clone()),
        ("SERVICE_TOKENS", secrets.service_token.clone()),
    ]
}

/// Writes the file for a shell, readable for its owner alone.
///
/// # Errors
/// It cannot be written.
pub fn write(stack: &Stack, file: &Path) -> Result<()> {
    let mut text = String::from("# Written by `make up`; read it with `. .local/env`.\n");
    for (name, value) in variables(stack) {
        writeln!(text, "export {name}='{value}'")?;
    }
    let programs = paths::binaries()?;
    writeln!(text, "export PATH='{}':\"$PATH\"", programs.display())?;
    // Under another name first: a file that exists keeps its mode, and half a file helps nobody.
    let fresh = file.with_extension("fresh");
    drop(fs::remove_file(&fresh));
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(&fresh);
    opened.and_then(|mut fresh| fresh.write_all(text.as_bytes())).context(".local/env")?;
    fs::rename(&fresh, file).context(".local/env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_out_of_addresses() {
        assert_eq!(port_of("postgres://curbe@127.0.0.1:15432/curbe"), Some(15_432));
        assert_eq!(port_of("redis://127.0.0.1:16379"), Some(16_379));
        assert_eq!(port_of("nonsense"), None);
    }
}
