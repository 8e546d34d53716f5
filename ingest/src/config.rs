//! What ingest reads from its environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use curbe_platform::config::{Problem, bounded, duration, nats_url, secret};
use curbe_platform::{http, telemetry};
use hyper::Uri;
use secrecy::SecretString;

use crate::durability::Durability;
use crate::secrets::Source;
use crate::{descriptors, preflight, spool};

/// Takes the providers' webhooks: proves who sent them, makes them durable, answers.
#[derive(Clone, Debug, Parser)]
#[command(name = "curbe-ingest")]
pub struct Config {
    /// Where the providers' requests come in.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    pub ingest_listen: SocketAddr,
    /// Where probes and metrics are answered. Not for the public.
    #[arg(long, env, default_value = "0.0.0.0:9080")]
    pub ingest_admin_listen: SocketAddr,
    /// The queue, as in nats://user:password@host:4222.
    #[arg(long, env, required = true, value_parser = nats_url)]
    pub nats_url: SecretString,
    /// Redis: balances, holds and rates for calls that begin.
    #[arg(long, env, required = true, value_parser = secret)]
    pub redis_url: SecretString,
    /// The address under which the providers reach this service, as in https://hooks.example.com. It is part of what
    /// they sign. A path belongs to it only where a proxy removes it.
    #[arg(long, env, required = true, value_parser = base_url)]
    pub public_base_url: String,
    /// Auth tokens of Twilio accounts, separated by commas; each is valid. At least one secret of any provider is needed.
    #[arg(long, env, value_delimiter = ',', value_parser = secret)]
    pub twilio_auth_tokens: Vec<SecretString>,
    /// One more auth token of Twilio.
    #[arg(long, env, value_parser = secret)]
    pub auth_token: Option<SecretString>,
    /// Signing keys of SignalWire projects, as in PSK_..., separated by commas; each is valid.
    #[arg(long, env, value_delimiter = ',', value_parser = secret)]
    pub signalwire_signing_keys: Vec<SecretString>,
    /// Public keys of Telnyx accounts, as Mission Control shows them: base64 of 32 bytes, separated by commas; each is
    /// valid.
    #[arg(long, env, value_delimiter = ',', value_parser = secret)]
    pub telnyx_public_keys: Vec<SecretString>,
    /// The path of a JSON file that binds secrets to accounts, projects and connections, in the format of
    /// deploy/provider-secrets.schema.json. Those that it names are believed under their own secrets alone, all others
    /// under those of the variables above. It is read again when it changes; what cannot be used then changes nothing.
    #[arg(long, env)]
    pub provider_secrets_file: Option<PathBuf>,
    /// The largest body, in bytes, from 1024 to 65536.
    #[arg(long, env, default_value = "65536", value_parser = bounded(1024_usize, 65_536))]
    pub ingest_body_bytes_max: usize,
    /// How long a body may take to arrive, from 100ms to 30s.
    #[arg(long, env, default_value = "3s", value_parser = duration(Duration::from_millis(100), Duration::from_secs(30)))]
    pub ingest_body_timeout: Duration,
    /// How long an event that has arrived may take to become durable, from 100ms to 10s. Providers wait 2s and more.
    #[arg(long, env, default_value = "1500ms", value_parser = duration(Duration::from_millis(100), Duration::from_secs(10)))]
    pub ingest_answer_timeout: Duration,
    /// How long the queue may take to acknowledge an event before the spool takes it, from 50ms to 5s. No longer than
    /// half of INGEST_ANSWER_TIMEOUT in any case.
    #[arg(long, env, default_value = "500ms", value_parser = duration(Duration::from_millis(50), Duration::from_secs(5)))]
    pub ingest_ack_timeout: Duration,
    /// A directory of this process alone, on a disk that outlives it: events that the queue does not take wait there.
    #[arg(long, env, required = true)]
    pub spool_directory: PathBuf,
    /// The most that the spool may take of that disk, in bytes, from 16777216. A full spool means 503.
    #[arg(long, env, default_value = "1073741824", value_parser = bounded(16_777_216_usize, usize::MAX))]
    pub spool_bytes_max: usize,
    /// What a 2xx waits for: the acknowledgement of the queue, or, for queues that do not sync each write, a synced write
    /// of our own.
    #[arg(long, env, value_enum, default_value = "queue")]
    pub durability: Durability,
    /// Calls that are being decided on at once, from 1 to 65536; more are answered 503 at once, so that there is always
    /// room for events. Less than INGEST_CONNECTIONS_MAX.
    #[arg(long, env, default_value = "256", value_parser = bounded(1_usize, 65_536))]
    pub ingest_preflights_max: usize,
    /// Open connections, from 1 to 65536; more wait to be accepted. The limit of open files is raised for them, as far as
    /// it may be.
    #[arg(long, env, default_value = "1024", value_parser = bounded(1_usize, 65_536))]
    pub ingest_connections_max: usize,
    /// How long requests in progress may take once the process ends, from 0s to 5m.
    #[arg(long, env, default_value = "10s", value_parser = duration(Duration::ZERO, Duration::from_mins(5)))]
    pub ingest_drain_deadline: Duration,
    /// How long requests are still accepted after SIGTERM, for load balancers to take notice, from 0s to 1m.
    #[arg(long, env, default_value = "5s", value_parser = duration(Duration::ZERO, Duration::from_mins(1)))]
    pub shutdown_delay: Duration,
    /// Calls that begin.
    #[command(flatten)]
    pub preflight: preflight::Settings,
    /// Log lines.
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
}

impl Config {
    /// How the values go together.
    ///
    /// # Errors
    /// There is no secret at all, one that two providers share, or a file of secrets that cannot be used; the spool's
    /// directory cannot be had; calls that begin could take every connection; so many could not be open.
    pub fn check(&self) -> Result<(), Problem> {
        if self.ingest_preflights_max >= self.ingest_connections_max {
            return Err(Problem {
                variable: "INGEST_PREFLIGHTS_MAX".to_owned(),
                reason: "is not below INGEST_CONNECTIONS_MAX: calls that begin would leave no room for those that end"
                    .to_owned(),
            });
        }
        descriptors::check(self.ingest_connections_max).map_err(|too_few| Problem {
            variable: "INGEST_CONNECTIONS_MAX".to_owned(),
            reason: too_few.to_string(),
        })?;
        spool::check(&self.spool_directory).map_err(|error| Problem {
            variable: "SPOOL_DIRECTORY".to_owned(),
            reason: format!("cannot be used: {error}"),
        })?;
        let source = Source::new(self);
        let content = source.content()?;
        source.secrets(content.as_deref()).map(drop)
    }

    /// The limits of the public port.
    #[must_use]
    pub fn limits(&self) -> http::Limits {
        http::Limits {
            connections_max: self.ingest_connections_max,
            drain_deadline: self.ingest_drain_deadline,
            ..http::Limits::default()
        }
    }
}

/// Reads `http(s)://host[:port][/path]`; a slash at the end is dropped, since every path begins with one.
fn base_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err("does not begin with https:// or http:// and a host".to_owned());
    }
    if text.contains(['?', '#', '@']) {
        return Err("has a query, a fragment or a user name".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use curbe_platform::config::{Environment, read};

    use super::*;

    /// Of RFC 8032's first test.
    const TELNYX_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    fn with(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let required = [
            ("NATS_URL", "nats://queue:4222"),
            ("REDIS_URL", "redis://cache"),
            ("PUBLIC_BASE_URL", "https://a.example"),
            ("SPOOL_DIRECTORY", "/spool"),
        ];
        let all = required.iter().chain(pairs);
        let environment: Environment =
            all.map(|&(name, value)| (name.to_owned(), value.into())).collect();
        read(&environment).map_err(|problems| problems.to_string())
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = with(&[]).unwrap();
        assert_eq!(config.ingest_listen.to_string(), "0.0.0.0:8080");
        assert_eq!(config.ingest_admin_listen.to_string(), "0.0.0.0:9080");
        assert_eq!(config.ingest_body_bytes_max, 65_536);
        assert_eq!(config.ingest_answer_timeout, Duration::from_millis(1500));
        assert_eq!(config.limits().connections_max, 1024);
    }

    #[test]
    fn what_is_required_has_no_default() {
        for name in ["NATS_URL", "REDIS_URL", "PUBLIC_BASE_URL", "SPOOL_DIRECTORY"] {
            let problem = with(&[(name, "")]).unwrap_err();
            assert!(problem.contains(name) && problem.contains("missing"), "{problem}");
        }
    }

    #[test]
    fn either_variable_brings_a_token() {
        let tokens = |pairs| {
            let secrets = Source::new(&with(pairs).unwrap()).secrets(None);
            secrets.unwrap().twilio.of(None).len()
        };
        assert_eq!(tokens(&[("TWILIO_AUTH_TOKENS", "a,b")]), 2);
        assert_eq!(tokens(&[("AUTH_TOKEN", "c")]), 1);
        assert_eq!(tokens(&[("TWILIO_AUTH_TOKENS", "a,b"), ("AUTH_TOKEN", "c")]), 3);
        assert_eq!(tokens(&[("TWILIO_AUTH_TOKENS", "a,b"), ("AUTH_TOKEN", "a")]), 3);
    }

    #[test]
    fn one_secret_of_any_provider_is_enough_and_none_is_shared() {
        let spool = tempfile::tempdir().unwrap();
        let spool = ("SPOOL_DIRECTORY", spool.path().to_str().unwrap());
        let checked = |pairs: &[(&str, &str)]| {
            let checked = with(&[pairs, &[spool]].concat()).unwrap().check();
            checked.map_err(|problem| format!("{problem:?}"))
        };
        assert_eq!(checked(&[("SIGNALWIRE_SIGNING_KEYS", "PSK_a,PSK_b")]), Ok(()));
        assert_eq!(checked(&[("AUTH_TOKEN", "a"), ("SIGNALWIRE_SIGNING_KEYS", "b")]), Ok(()));
        assert_eq!(checked(&[("TELNYX_PUBLIC_KEYS", TELNYX_KEY)]), Ok(()));
        assert!(checked(&[]).unwrap_err().contains("SIGNALWIRE_SIGNING_KEYS"));
        for (pairs, variable) in [
            (
                [("AUTH_TOKEN", TELNYX_KEY), ("SIGNALWIRE_SIGNING_KEYS", TELNYX_KEY)],
                "SIGNALWIRE_SIGNING_KEYS",
            ),
            (
                [("AUTH_TOKEN", TELNYX_KEY), ("TELNYX_PUBLIC_KEYS", TELNYX_KEY)],
                "TELNYX_PUBLIC_KEYS",
            ),
        ] {
            let problem = checked(&pairs).unwrap_err();
            assert!(problem.contains(variable) && problem.contains("AUTH_TOKEN"), "{problem}");
            assert!(!problem.contains(TELNYX_KEY), "{problem}");
        }
    }

    #[test]
    fn a_spool_that_cannot_be_had_and_calls_that_leave_no_room_are_told() {
        let problem =
            with(&[("AUTH_TOKEN", "a"), ("SPOOL_DIRECTORY", "/dev/null")]).unwrap().check();
        assert_eq!(problem.unwrap_err().variable, "SPOOL_DIRECTORY");
        let pairs = [("INGEST_PREFLIGHTS_MAX", "9"), ("INGEST_CONNECTIONS_MAX", "9")];
        let problem = with(&pairs).unwrap().check();
        assert_eq!(problem.unwrap_err().variable, "INGEST_PREFLIGHTS_MAX");
    }

    #[test]
    fn a_key_of_telnyx_has_32_bytes() {
        let spool = tempfile::tempdir().unwrap();
        let spool = ("SPOOL_DIRECTORY", spool.path().to_str().unwrap());
        for text in ["hush", "aHVzaGh1c2g=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            let keys = format!("{TELNYX_KEY},{text}");
            let problem =
                with(&[("TELNYX_PUBLIC_KEYS", &keys), spool]).unwrap().check().unwrap_err();
            assert_eq!(problem.variable, "TELNYX_PUBLIC_KEYS");
            assert!(!problem.reason.contains(text), "{}", problem.reason);
        }
    }

    #[test]
    fn the_base_url_is_absolute_and_has_no_slash_at_its_end() {
        for (text, expected) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("http://a.example:8080/hooks//", "http://a.example:8080/hooks"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(base_url(text).as_deref(), Ok(expected));
        }
        for text in
            ["a.example", "ftp://a.example", "https://", "/hooks", "https://a?b", "https://a b"]
        {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let config = with(&[
            ("AUTH_TOKEN", "hush"),
            ("SIGNALWIRE_SIGNING_KEYS", "hush,hush"),
            ("NATS_URL", "nats://u:hush@queue"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("hush"));
        assert!(!with(&[("NATS_URL", "http://u:hush@queue")]).unwrap_err().contains("hush"));
    }
}
