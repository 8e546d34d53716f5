//! Where the audio of a recording is at its provider. Pure.

use std::str::FromStr as _;

use curbe_domain::providers::Provider;
use url::Url;

use super::credentials::Credential;
use super::failure::Failure;
use super::settings::Settings;
use crate::store::recordings::Recording;

/// Where Twilio's links lead.
const TWILIO: &str = "https://api.twilio.com";

/// What to ask first.
#[derive(Debug)]
pub(super) enum Source {
    /// The stored link still holds.
    Link(Url, Option<Credential>),
    /// The stored link has died by now: the provider gives out a fresh one.
    FreshLink,
}

/// # Errors
/// The stored link is none.
pub(super) fn source(recording: &Recording, settings: &Settings) -> Result<Source, Failure> {
    let link = recording.url.as_deref().map(Url::from_str).transpose();
    let link = link.map_err(|_| Failure::NoLink)?;
    let account = recording.account.as_deref();
    match (recording.provider, link) {
        (Provider::Telnyx, Some(link)) if settings.telnyx_api_keys.is_empty() => {
            Ok(Source::Link(link, None))
        }
        (Provider::Telnyx, _) => Ok(Source::FreshLink),
        (Provider::Twilio, Some(link)) => {
            let (api, given) = (&settings.twilio_api_url, &settings.twilio_credentials);
            let credential = Credential::twilio(given, api, &link, account);
            Ok(Source::Link(as_mp3(at(link, api)), credential))
        }
        (Provider::SignalWire, Some(link)) => {
            let credential =
                Credential::signalwire(&settings.signalwire_credentials, &link, account);
            Ok(Source::Link(as_mp3(link), credential))
        }
        (Provider::Twilio | Provider::SignalWire, None) => Err(Failure::NoRecording),
    }
}

/// A link to Twilio's interface, on the host under which we reach it.
fn at(mut link: Url, api: &Url) -> Url {
    if link.origin().ascii_serialization() == TWILIO && link.origin() != api.origin() {
        let (path, query) = (link.path().to_owned(), link.query().map(str::to_owned));
        link = api.clone();
        link.set_path(&path);
        link.set_query(query.as_deref());
    }
    link
}

/// Without an ending, Twilio and those that imitate it send WAV, which is ten times as long.
fn as_mp3(mut link: Url) -> Url {
    let file = link.path_segments().and_then(|mut segments| segments.next_back());
    if file.is_some_and(|file| !file.is_empty() && !file.contains('.')) {
        let path = format!("{}.mp3", link.path());
        link.set_path(&path);
    }
    link
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use curbe_platform::config::read;

    use super::*;

    #[derive(Parser)]
    struct Sample {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let pairs = pairs.iter().map(|&(name, value)| (name.to_owned(), value.into()));
        read::<Sample>(&pairs.collect()).unwrap().settings
    }

    fn recording(provider: Provider, url: Option<&str>) -> Recording {
        Recording {
            provider,
            leg: "leg".to_owned(),
            names: Vec::new(),
            account: Some("AC1".to_owned()),
            is_complete: true,
            url: url.map(str::to_owned),
            recording_id: None,
        }
    }

    fn link(provider: Provider, url: &str, pairs: &[(&str, &str)]) -> Option<(String, bool)> {
        match source(&recording(provider, Some(url)), &settings(pairs)).unwrap() {
            Source::Link(link, credential) => Some((link.to_string(), credential.is_some())),
            Source::FreshLink => None,
        }
    }

    #[test]
    fn twilio_is_asked_for_mp3_with_the_accounts_token() {
        let stored = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1";
        let token = [("TWILIO_CREDENTIALS", "AC1:token")];
        let elsewhere = [("TWILIO_API_URL", "http://127.0.0.1:9000")];
        let path = "2010-04-01/Accounts/AC1/Recordings/RE1.mp3";
        for (pairs, expected, is_signed) in [
            (&[][..], format!("https://api.twilio.com/{path}"), false),
            (&token, format!("https://api.twilio.com/{path}"), true),
            (&elsewhere, format!("http://127.0.0.1:9000/{path}"), false),
        ] {
            assert_eq!(link(Provider::Twilio, stored, pairs), Some((expected, is_signed)));
        }
        let wav = "https://api.twilio.com/Recordings/RE1.wav?a=b";
        assert_eq!(link(Provider::Twilio, wav, &[]), Some((wav.to_owned(), false)));
    }

    #[test]
    fn signalwires_own_files_need_no_token() {
        let token = [("SIGNALWIRE_CREDENTIALS", "AC1:token@acme.signalwire.com")];
        let file = "https://files.signalwire.com/a/b.wav";
        assert_eq!(link(Provider::SignalWire, file, &token), Some((file.to_owned(), false)));
        let api = "https://acme.signalwire.com/api/laml/2010-04-01/Accounts/AC1/Recordings/b";
        assert_eq!(link(Provider::SignalWire, api, &token), Some((format!("{api}.mp3"), true)));
    }

    #[test]
    fn telnyx_is_asked_for_a_fresh_link_where_we_have_a_key() {
        let stored = "https://s3.amazonaws.com/telephony-recorder-prod/a.mp3?X-Amz-Expires=600";
        assert_eq!(link(Provider::Telnyx, stored, &[]), Some((stored.to_owned(), false)));
        assert_eq!(link(Provider::Telnyx, stored, &[("TELNYX_API_KEYS", "KEY1")]), None);
    }

    #[test]
    fn without_a_link_there_is_nothing_to_ask() {
        for provider in [Provider::Twilio, Provider::SignalWire] {
            let source = source(&recording(provider, None), &settings(&[]));
            assert!(matches!(source, Err(Failure::NoRecording)));
        }
        let source = source(&recording(Provider::Twilio, Some("no link")), &settings(&[]));
        assert!(matches!(source, Err(Failure::NoLink)));
    }
}
