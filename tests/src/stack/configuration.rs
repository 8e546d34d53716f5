//! What the product's programs are told: their environment.

use anyhow::{Context, Result};

use super::Stack;
use super::services::{Environment, Kind};

/// Roles that log in with the rights of one service alone, beside the group that has them.
pub(super) const LOGINS: [(&str, &str); 2] =
    [("curbe_worker_login", "curbe_worker"), ("curbe_notifier_login", "curbe_notifier")];

/// The page that browsers may come from.
pub(super) const ALLOWED_ORIGIN: &str = "http://localhost:3000";

impl Stack {
    /// What a service is told by a variable.
    ///
    /// # Errors
    /// It is told nothing by that name.
    pub fn setting(&self, kind: Kind, name: &str) -> Result<String> {
        let setting = self.environment_of(kind).into_iter().find(|(its, _)| its == name);
        setting.map(|(_, value)| value).with_context(|| format!("{} has no {name}", kind.program()))
    }

    pub(super) fn environment_of(&self, kind: Kind) -> Environment {
        let secrets = &self.options.secrets;
        let own = match kind {
            Kind::Ingest => vec![
                ("TWILIO_AUTH_TOKENS", secrets.twilio_auth_token.clone()),
                ("SIGNALWIRE_SIGNING_KEYS", secrets.signalwire_signing_key.clone()),
                ("TELNYX_PUBLIC_KEYS", secrets.telnyx_public_key()),
            ],
            Kind::Worker => vec![
                ("DATABASE_URL", self.postgres.url_as(LOGINS[0].0, &self.database)),
                ("SERVICE_TOKENS", secrets.service_token.clone()),
            ],
            Kind::Notifier => vec![
                ("DATABASE_URL", self.postgres.url_as(LOGINS[1].0, &self.database)),
                ("JWT_SECRETS", secrets.jwt_secret.clone()),
                ("ALLOWED_ORIGINS", ALLOWED_ORIGIN.to_owned()),
                ("SERVICE_TOKEN", secrets.service_token.clone()),
            ],
        };
        // All instances answer under the address of the first one.
        let first = self.services_of(kind).first().map(|service| service.url().to_owned());
        let public = first.filter(|_| kind == Kind::Ingest).map(|url| ("PUBLIC_BASE_URL", url));
        // The worker has the recordings, if there is one by now.
        let worker = self.services_of(Kind::Worker).first().map(|worker| worker.url().to_owned());
        let worker = worker.filter(|_| kind == Kind::Notifier).map(|url| ("WORKER_URL", url));
        let all = self.common_environment().into_iter().chain(own).chain(public).chain(worker);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(super) fn environment_of_curbe(&self) -> Environment {
        let secrets = &self.options.secrets;
        let own = [
            ("DATABASE_URL", self.database_url()),
            ("QUEUE_MAX_BYTES", self.options.queue_bytes.to_string()),
            ("JWT_SECRETS", secrets.jwt_secret.clone()),
            ("SERVICE_TOKENS", secrets.service_token.clone()),
        ];
        let common = self.common_environment().into_iter();
        common.chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn common_environment(&self) -> [(&'static str, String); 4] {
        [
            ("NATS_URL", self.nats_url().to_owned()),
            ("REDIS_URL", self.redis_url().to_owned()),
            ("RUST_LOG", "info".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
        ]
    }
}
