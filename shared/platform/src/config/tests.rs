//! What the environment may say, and what is answered where it says something else.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Environment, Problem, Problems, Stop, bounded, duration, from, read, secret};

/// A sample service.
#[derive(Debug, Parser)]
#[command(name = "sample")]
struct Config {
    /// Where it listens.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    sample_listen: SocketAddr,
    /// Where the queue is.
    #[arg(long, env, hide_env_values = true)]
    sample_url: String,
    /// Its secrets.
    #[arg(long, env, value_delimiter = ',', value_parser = secret)]
    sample_tokens: Vec<SecretString>,
    /// How long.
    #[arg(long, env, default_value = "5s", value_parser = duration(Duration::ZERO, Duration::from_mins(1)))]
    sample_delay: Duration,
    /// How many.
    #[arg(long, env, default_value = "10", value_parser = bounded(1_usize, 100))]
    sample_connections_max: usize,
    /// Whether.
    #[arg(long, env, action = ArgAction::Set, default_value = "false")]
    sample_strict: bool,
    /// Which.
    #[arg(long, env, value_enum)]
    sample_format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Text,
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), OsString::from(value));
    pairs.iter().map(pair).collect()
}

fn with(pairs: &[(&str, &str)]) -> Result<Config, Problems> {
    let mut all = environment(&[("SAMPLE_URL", "nats://queue")]);
    all.extend(environment(pairs));
    read(&all)
}

fn problem(pairs: &[(&str, &str)]) -> String {
    with(pairs).unwrap_err().to_string()
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("curbe-config-{}-{name}", std::process::id()));
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn defaults_hold_where_nothing_is_set() {
    let config = with(&[("SAMPLE_LISTEN", ""), ("SAMPLE_TOKENS", " , ,")]).unwrap();
    assert_eq!(config.sample_listen.port(), 8080);
    assert_eq!(config.sample_url, "nats://queue");
    assert_eq!(config.sample_delay, Duration::from_secs(5));
    assert_eq!(config.sample_connections_max, 10);
    assert!(config.sample_tokens.is_empty() && !config.sample_strict);
    assert_eq!(config.sample_format, None);
}

#[test]
fn values_are_typed() {
    let config = with(&[
        ("SAMPLE_TOKENS", "one, two,,three,"),
        ("SAMPLE_DELAY", "250ms"),
        ("SAMPLE_CONNECTIONS_MAX", "7"),
        ("SAMPLE_STRICT", "true"),
        ("SAMPLE_FORMAT", "json"),
        ("SAMPLE_URL", "--not=an-option"),
    ])
    .unwrap();
    let tokens: Vec<_> = config.sample_tokens.iter().map(|token| token.expose_secret()).collect();
    assert_eq!(tokens, ["one", "two", "three"]);
    assert_eq!(config.sample_delay, Duration::from_millis(250));
    assert_eq!(config.sample_connections_max, 7);
    assert!(config.sample_strict);
    assert_eq!(config.sample_format, Some(Format::Json));
    assert_eq!(config.sample_url, "--not=an-option");
}

#[test]
fn a_file_may_hold_the_value() {
    let path = file("url", "  nats://from-a-file\n");
    let named = [("SAMPLE_URL", ""), ("SAMPLE_URL_FILE", path.to_str().unwrap())];
    assert_eq!(with(&named).unwrap().sample_url, "nats://from-a-file");
    assert!(problem(&[("SAMPLE_URL_FILE", path.to_str().unwrap())]).contains("only one of them"));
    fs::write(&path, "\n").unwrap();
    assert!(problem(&named).contains("is empty"));
    fs::remove_file(&path).unwrap();
    assert!(problem(&named).contains("SAMPLE_URL_FILE"));
}

#[test]
fn every_problem_is_told_by_its_variable() {
    let text = problem(&[
        ("SAMPLE_URL", ""),
        ("SAMPLE_LISTEN", "nowhere"),
        ("SAMPLE_DELAY", "2h"),
        ("SAMPLE_CONNECTIONS_MAX", "0"),
        ("SAMPLE_STRICT", "perhaps"),
        ("SAMPLE_FORMAT", "xml"),
    ]);
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 6, "{text}");
    for (line, parts) in lines.iter().zip([
        ["SAMPLE_LISTEN", "\"nowhere\""],
        ["SAMPLE_URL", "missing"],
        ["SAMPLE_DELAY", "between 0ns and 60s"],
        ["SAMPLE_CONNECTIONS_MAX", "between 1 and 100"],
        ["SAMPLE_STRICT", "true, false"],
        ["SAMPLE_FORMAT", "json, text"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    assert!(!problem(&[("SAMPLE_TOKENS", "good,very secret")]).contains("secret,"));
    assert!(!problem(&[("SAMPLE_TOKENS", "good,hush hush")]).contains("hush"));
    let config = with(&[("SAMPLE_TOKENS", "hush")]).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn only_help_and_version_are_arguments() {
    let stop = |arguments: &[&str]| {
        let arguments = ["sample"].iter().chain(arguments).map(OsString::from);
        from::<Config>(arguments, &environment(&[]), |_| Ok(())).unwrap_err()
    };
    let Stop::Asked(help) = stop(&["--help"]) else { panic!("no reference") };
    for part in
        ["SAMPLE_URL  (required)", "SAMPLE_DELAY  (default 5s)", "How many", "One of: json, text"]
    {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert!(matches!(stop(&["--version"]), Stop::Asked(text) if text.starts_with("sample ")));
    assert!(matches!(stop(&["--sample-url=x"]), Stop::Usage(_)));
    assert!(matches!(stop(&["serve"]), Stop::Usage(_)));
    assert!(matches!(stop(&[]), Stop::Invalid(_)));
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    let check = |config: &Config| match config.sample_strict {
        true => Ok(()),
        false => Err(Problem::new("SAMPLE_STRICT", "must be true")),
    };
    let url = environment(&[("SAMPLE_URL", "nats://queue")]);
    let stop = from::<Config>([OsString::from("sample")], &url, check).unwrap_err();
    assert_eq!(stop, Stop::Invalid(Problems(vec![Problem::new("SAMPLE_STRICT", "must be true")])));
}
