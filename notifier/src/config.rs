//! What the notifier is told by its environment.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use curbe_platform::config::{Problem, bounded, duration, secret};
use curbe_platform::telemetry;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::origin::Origin;

/// A key shorter than the digest of HS256 weakens it (RFC 7518, section 3.2).
const JWT_SECRET_BYTES_MIN: usize = 32;

/// Pushes balances and call logs to browsers; reads only.
#[derive(Clone, Debug, Parser)]
#[command(name = "curbe-notifier")]
pub struct Config {
    /// Where Postgres is. The login needs no more than the role `curbe_notifier`.
    #[arg(long, env, required = true, value_parser = secret)]
    pub database_url: SecretString,
    /// Connections to Postgres. Half of them at most are busy with what sockets missed.
    #[arg(long, env, default_value = "8", value_parser = bounded(2_u32, 100))]
    pub database_connections_max: u32,
    /// Where Redis is.
    #[arg(long, env, required = true, value_parser = secret)]
    pub redis_url: SecretString,
    /// Keys that browsers' tokens are signed with (HS256), each of 32 bytes or more; all of them are valid at once.
    #[arg(long, env, required = true, value_delimiter = ',', value_parser = jwt_secret)]
    pub jwt_secrets: Vec<SecretString>,
    /// Web pages that may connect, as browsers send them: `https://app.example.com`. Requests without an origin are
    /// judged by their token alone.
    #[arg(long, env, value_delimiter = ',', value_parser = Origin::parse)]
    pub allowed_origins: Vec<Origin>,
    /// The worker's internal address, which has the recordings: `http://worker:8082`. Without it there are none.
    #[arg(long, env, value_parser = internal_url)]
    pub worker_url: Option<Url>,
    /// What the worker knows this service by: one of its `SERVICE_TOKENS`.
    #[arg(long, env, value_parser = secret)]
    pub service_token: Option<SecretString>,
    /// Where browsers connect.
    #[arg(long, env, default_value = "0.0.0.0:8081")]
    pub notifier_listen: SocketAddr,
    /// Where probes and metrics are. Not for the public.
    #[arg(long, env, default_value = "0.0.0.0:9081")]
    pub notifier_admin_listen: SocketAddr,
    /// HTTP connections at once; WebSockets are counted apart.
    #[arg(long, env, default_value = "4096", value_parser = bounded(1_usize, 100_000))]
    pub notifier_connections_max: usize,
    /// WebSockets at once. The process needs as many file descriptors.
    #[arg(long, env, default_value = "20000", value_parser = bounded(1_usize, 1_000_000))]
    pub notifier_sockets_max: usize,
    /// WebSockets of one user at once.
    #[arg(long, env, default_value = "20", value_parser = bounded(1_usize, 10_000))]
    pub notifier_sockets_per_user_max: usize,
    /// How often a socket is told how far it has come. Two of them without a sign of life end it.
    #[arg(long, env, default_value = "15s", value_parser = duration(Duration::from_secs(1), Duration::from_mins(5)))]
    pub notifier_heartbeat: Duration,
    /// How long it goes on serving after SIGTERM, already unready, until load balancers have noticed.
    #[arg(long, env, default_value = "0s", value_parser = duration(Duration::ZERO, Duration::from_mins(5)))]
    pub shutdown_delay: Duration,
    /// How long requests and sockets may take to end after that.
    #[arg(long, env, default_value = "10s", value_parser = duration(Duration::from_millis(100), Duration::from_mins(5)))]
    pub shutdown_deadline: Duration,
    /// How log lines are written.
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
}

impl Config {
    /// # Errors
    /// Values that do not go together.
    pub fn check(&self) -> Result<(), Problem> {
        if self.worker_url.is_some() && self.service_token.is_none() {
            return Err(Problem::new("SERVICE_TOKEN", "missing: WORKER_URL is set"));
        }
        Ok(())
    }
}

fn internal_url(text: &str) -> Result<Url, String> {
    const EXPECTED: &str = "is no address such as http://worker:8082";
    let url: Url = text.parse().map_err(|_| EXPECTED)?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_plain = matches!(url.scheme(), "http" | "https") && is_bare && url.query().is_none();
    if is_plain { Ok(url) } else { Err(EXPECTED.to_owned()) }
}

fn jwt_secret(text: &str) -> Result<SecretString, String> {
    let secret = secret(text)?;
    if secret.expose_secret().len() < JWT_SECRET_BYTES_MIN {
        return Err(format!("is shorter than {JWT_SECRET_BYTES_MIN} bytes"));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use curbe_platform::config::{Environment, read};

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn with(more: &[(&str, &str)]) -> Result<Config, String> {
        let mut environment = Environment::new();
        let least =
            [("DATABASE_URL", "postgres://x"), ("REDIS_URL", "redis://x"), ("JWT_SECRETS", KEY)];
        for (name, value) in least.iter().chain(more) {
            environment.insert((*name).to_owned(), value.into());
        }
        read(&environment).map_err(|problems| problems.to_string())
    }

    #[test]
    fn defaults_hold_where_nothing_is_set() {
        let config = with(&[]).unwrap();
        assert_eq!(config.notifier_listen.port(), 8081);
        assert_eq!(config.notifier_heartbeat, Duration::from_secs(15));
        assert!(config.allowed_origins.is_empty());
    }

    #[test]
    fn what_would_be_unsafe_is_refused_by_name() {
        for (name, value, part) in [
            ("JWT_SECRETS", "", "missing"),
            ("JWT_SECRETS", "short", "shorter than 32"),
            ("ALLOWED_ORIGINS", "*", "ALLOWED_ORIGINS"),
            ("ALLOWED_ORIGINS", "https://a.example/", "ALLOWED_ORIGINS"),
            ("NOTIFIER_HEARTBEAT", "0s", "NOTIFIER_HEARTBEAT"),
            ("WORKER_URL", "worker:8082", "no address"),
            ("WORKER_URL", "http://worker?x=1", "no address"),
            ("WORKER_URL", "http://token@worker:8082", "no address"),
        ] {
            let problem = with(&[(name, value)]).unwrap_err();
            assert!(problem.contains(part) && problem.contains(name), "{problem}");
        }
        let two = format!("{KEY},{}", KEY.to_uppercase());
        assert_eq!(with(&[("JWT_SECRETS", &two)]).unwrap().jwt_secrets.len(), 2);
    }

    #[test]
    fn recordings_need_an_address_and_a_token() {
        let url = ("WORKER_URL", "http://worker:8082");
        let problem = with(&[url]).unwrap().check().unwrap_err();
        assert_eq!(problem.variable, "SERVICE_TOKEN");
        for good in [&[][..], &[("SERVICE_TOKEN", KEY)], &[url, ("SERVICE_TOKEN", KEY)]] {
            assert_eq!(with(good).unwrap().check(), Ok(()));
        }
    }
}
