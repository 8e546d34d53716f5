//! What the worker is told by its environment.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use curbe_platform::config::{bounded, duration, secret};
use curbe_platform::telemetry;
use secrecy::{ExposeSecret as _, SecretString};

use crate::recordings;

/// What can be guessed opens what it must not.
const SERVICE_TOKEN_CHARACTERS_MIN: usize = 32;

/// The billing worker: takes events off the queue and moves money in Postgres.
#[derive(Parser, Clone, Debug)]
#[command(name = "curbe-worker")]
pub struct Config {
    /// Postgres, as a member of the role `curbe_worker`.
    #[arg(long, env, value_parser = secret)]
    pub database_url: SecretString,
    /// NATS with JetStream.
    #[arg(long, env, value_parser = secret)]
    pub nats_url: SecretString,
    /// Redis, for the cached wallets and the notifiers.
    #[arg(long, env, value_parser = secret)]
    pub redis_url: SecretString,
    /// Where the other services and the backend are answered. Not for the public.
    #[arg(long, env, default_value = "0.0.0.0:8082")]
    pub worker_listen: SocketAddr,
    /// What they show as bearer tokens, each of 32 characters or more, separated by commas; all of them are valid at
    /// once. Without any, nobody is answered.
    #[arg(long, env, value_delimiter = ',', value_parser = service_token)]
    pub service_tokens: Vec<SecretString>,
    /// Where probes and metrics are served.
    #[arg(long, env, default_value = "0.0.0.0:9082")]
    pub worker_admin_listen: SocketAddr,
    /// Batches settled at the same time, each on a connection of its own.
    #[arg(long, env, default_value_t = 2, value_parser = bounded(1_usize, 64))]
    pub worker_lanes: usize,
    /// The most messages that one database transaction settles.
    #[arg(long, env, default_value_t = 256, value_parser = bounded(1_usize, 1_000))]
    pub worker_batch_max: usize,
    /// How long batches in hand may take to finish after SIGTERM; what is left is delivered again.
    #[arg(long, env, default_value = "20s", value_parser = duration(Duration::ZERO, Duration::from_secs(300)))]
    pub drain_timeout: Duration,
    /// Recordings.
    #[command(flatten)]
    pub recordings: recordings::Settings,
    /// Log lines.
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
}

fn service_token(text: &str) -> Result<SecretString, String> {
    let token = secret(text)?;
    if token.expose_secret().len() < SERVICE_TOKEN_CHARACTERS_MIN {
        return Err(format!("is shorter than {SERVICE_TOKEN_CHARACTERS_MIN} characters"));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use curbe_platform::config::{Environment, read};

    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let required = [
            ("DATABASE_URL", "postgres://database"),
            ("NATS_URL", "nats://queue"),
            ("REDIS_URL", "redis://cache"),
        ];
        let pairs = required.iter().chain(pairs);
        let environment: Environment =
            pairs.map(|&(name, value)| (name.to_owned(), value.into())).collect();
        read(&environment).map_err(|problems| problems.to_string())
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = with(&[]).unwrap();
        assert_eq!(config.worker_listen.to_string(), "0.0.0.0:8082");
        assert_eq!(config.worker_admin_listen.to_string(), "0.0.0.0:9082");
        assert!(config.service_tokens.is_empty());
        assert_eq!(config.recordings.recording_hosts.len(), 8);
        assert_eq!(config.recordings.recording_streams_max, 32);
        assert_eq!(config.recordings.telnyx_api_url.as_str(), "https://api.telnyx.com/");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let hush = "hush".repeat(8);
        let twilio = format!("AC1:{hush}");
        let given = [("SERVICE_TOKENS", hush.as_str()), ("TWILIO_CREDENTIALS", &twilio)];
        let config = with(&given).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
        for (name, wrong) in [
            ("SERVICE_TOKENS", "hush"),
            ("TWILIO_CREDENTIALS", "hush"),
            ("SIGNALWIRE_CREDENTIALS", "hush:hush"),
            ("TELNYX_API_KEYS", "hush hush"),
        ] {
            let problem = with(&[(name, wrong)]).unwrap_err();
            assert!(problem.contains(name) && !problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn a_host_that_cannot_be_is_told() {
        for (name, wrong) in [
            ("RECORDING_HOSTS", "api.twilio.com,*.com"),
            ("TWILIO_API_URL", "https://user@api.twilio.com"),
            ("TELNYX_API_URL", "https://api.telnyx.com/v2"),
        ] {
            let problem = with(&[(name, wrong)]).unwrap_err();
            assert!(problem.contains(name), "{problem}");
        }
    }
}
