//! How calls that begin are judged.

use std::time::Duration;

use clap::{Args, ValueEnum};
use curbe_domain::preflight::{Emergencies, Language, Policy};
use curbe_domain::rating::funding::Limits;
use curbe_platform::config::{bounded, duration};
use hyper::Uri;

/// The settings of pre-flight; flattened into those of ingest.
#[derive(Args, Clone, Debug)]
#[group(id = "preflight")]
pub struct Settings {
    /// What becomes of a call while Redis, or what it must hold, cannot be had in time: reject it with spoken words, or
    /// allow it for a short time, which is counted.
    #[arg(long, env, value_enum, default_value = "reject")]
    pub preflight_when_blind: WhenBlind,
    /// How long such an allowed call may be, from 1m to 1h. Nobody has set money aside for it.
    #[arg(long, env, default_value = "2m", value_parser = duration(Duration::from_mins(1), Duration::from_hours(1)))]
    pub preflight_blind_limit: Duration,
    /// How long a decision may take in all, from 100ms to 10s. The most impatient provider waits 2s.
    #[arg(long, env, default_value = "1500ms", value_parser = duration(Duration::from_millis(100), Duration::from_secs(10)))]
    pub preflight_budget: Duration,
    /// The longest that a call is funded for, from 10m to 4h.
    #[arg(long, env, default_value = "4h", value_parser = duration(Duration::from_mins(10), Duration::from_hours(4)))]
    pub call_length_max: Duration,
    /// What a call may always take as far as there is money for it, from 1m to 4h.
    #[arg(long, env, default_value = "10m", value_parser = duration(Duration::from_mins(1), Duration::from_hours(4)))]
    pub call_length_usual: Duration,
    /// Above that, the part of what is available that one call may take, in percent, from 1 to 100.
    #[arg(long, env, default_value = "50", value_parser = bounded(1_u32, 100))]
    pub call_share_percent: u32,
    /// How long a called number rings, from 5s to 2m.
    #[arg(long, env, default_value = "30s", value_parser = duration(Duration::from_secs(5), Duration::from_mins(2)))]
    pub dial_timeout: Duration,
    /// How long after its limit the end of a call may be told before its money is looked after, from 1m to 1h.
    #[arg(long, env, default_value = "5m", value_parser = duration(Duration::from_mins(1), Duration::from_hours(1)))]
    pub call_grace: Duration,
    /// Emergency numbers as they are dialled, separated by commas: connected before anything else is looked at, with no
    /// limit and at no price.
    #[arg(long, env, value_delimiter = ',', default_value = "112,911", value_parser = digits)]
    pub emergency_numbers: Vec<String>,
    /// Prefixes of numbers that nobody may call, digits without +, separated by commas.
    #[arg(long, env, value_delimiter = ',', value_parser = digits)]
    pub blocked_prefixes: Vec<String>,
    /// The address of what is played to a refused caller instead of words, as in https://cdn.example.com/refused.mp3.
    #[arg(long, env, value_parser = web_address)]
    pub refusal_audio_url: Option<String>,
    /// What those are told in whom nobody knows.
    #[arg(long, env, value_enum, default_value = "es")]
    pub refusal_language: SpokenLanguage,
}

/// What becomes of a call that cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhenBlind {
    /// It is refused.
    Reject,
    /// It may begin, for a short time.
    Allow,
}

/// `es` or `en`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpokenLanguage {
    /// Spanish.
    Es,
    /// English.
    En,
}

impl Settings {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            usual: seconds(self.call_length_usual),
            longest: seconds(self.call_length_max),
            share_percent: self.call_share_percent,
            ..Limits::default()
        }
    }

    pub(super) fn policy(&self) -> Policy {
        let language = match self.refusal_language {
            SpokenLanguage::Es => Language::Spanish,
            SpokenLanguage::En => Language::English,
        };
        Policy { blocked_prefixes: self.blocked_prefixes.clone(), language }
    }

    pub(super) fn emergencies(&self) -> Emergencies {
        Emergencies::new(self.emergency_numbers.iter().cloned())
    }
}

/// The settings' bounds leave nothing that does not fit.
pub(super) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

fn digits(text: &str) -> Result<String, String> {
    let is_one = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { Ok(text.to_owned()) } else { Err("is no number of 1 to 15 digits".to_owned()) }
}

fn web_address(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    match uri.scheme_str() {
        Some("https" | "http") if uri.host().is_some() => Ok(text.to_owned()),
        Some(_) | None => Err("does not begin with https:// or http:// and a host".to_owned()),
    }
}
