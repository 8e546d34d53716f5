//! What the environment says of recordings.

use std::time::Duration;

use clap::Args;
use curbe_platform::config::{bounded, duration, secret};
use secrecy::SecretString;
use url::Url;

use super::credentials::{SignalWireCredential, TwilioCredential};
use super::hosts::{AllowedHost, Hosts};

/// Documented: Twilio's interface serves recordings itself; SignalWire's are on its spaces; Telnyx's example links lead
/// to the bucket `telephony-recorder-prod`. Unconfirmed, from links that others were given: SignalWire's bucket
/// `files.signalwire.com`, Telnyx's bucket in Frankfurt, Twilio's hosts in Dublin and Sydney. On S3's shared hosts the
/// path names the bucket.
const HOSTS: &str = "api.twilio.com,api.dublin.ie1.twilio.com,api.sydney.au1.twilio.com,\
    *.signalwire.com,s3.us-east-2.amazonaws.com/files.signalwire.com,\
    s3.amazonaws.com/telephony-recorder-prod,telephony-recorder-prod.s3.amazonaws.com,\
    s3.eu-central-1.amazonaws.com/telephony-recorder-prod-fr5";

/// How recordings are fetched from the providers; flatten it into the worker's own configuration.
#[derive(Args, Clone, Debug)]
#[group(id = "recordings")]
pub struct Settings {
    /// Hosts that recordings are fetched from, as in media.example.com, *.example.com, host:8443 or
    /// shared.example.com/path, separated by commas. HTTPS, unless http:// is written before it. Addresses that are not
    /// public are fetched from only where they stand here as such, as in http://10.0.0.5:8080. The hosts of
    /// TWILIO_API_URL and TELNYX_API_URL are allowed besides.
    #[arg(long, env, value_delimiter = ',', default_value = HOSTS)]
    pub recording_hosts: Vec<AllowedHost>,
    /// Recordings handed out at the same time, from 1 to 1024; who comes then is told to come back.
    #[arg(long, env, default_value_t = 32, value_parser = bounded(1_usize, 1024))]
    pub recording_streams_max: usize,
    /// How long it may take until a provider's audio begins, its redirects included, from 1s to 1m.
    #[arg(long, env, default_value = "10s", value_parser = duration(Duration::from_secs(1), Duration::from_mins(1)))]
    pub recording_answer_timeout: Duration,
    /// How long a provider may send nothing, or a listener take nothing, from 1s to 10m. Players that are paused ask
    /// again from where they were.
    #[arg(long, env, default_value = "30s", value_parser = duration(Duration::from_secs(1), Duration::from_mins(10)))]
    pub recording_idle_timeout: Duration,
    /// Twilio's interface, which alone is shown TWILIO_CREDENTIALS. Links to https://api.twilio.com are followed there.
    #[arg(long, env, default_value = "https://api.twilio.com", value_parser = api_url)]
    pub twilio_api_url: Url,
    /// What opens recordings at Twilio, as AccountSid:AuthToken or AccountSid:ApiKeySid:Secret, separated by commas. The
    /// first one is also tried for accounts that are not named, such as its subaccounts. Needed where the account
    /// enforces authentication for media.
    #[arg(long, env, value_delimiter = ',', hide_env_values = true)]
    pub twilio_credentials: Vec<TwilioCredential>,
    /// What opens recordings at SignalWire, as project:api_token@example.signalwire.com, separated by commas.
    #[arg(long, env, value_delimiter = ',', hide_env_values = true)]
    pub signalwire_credentials: Vec<SignalWireCredential>,
    /// Telnyx's interface.
    #[arg(long, env, default_value = "https://api.telnyx.com", value_parser = api_url)]
    pub telnyx_api_url: Url,
    /// Keys of Telnyx accounts, separated by commas. Telnyx's links die after 10 minutes; with a key, fresh ones are had.
    #[arg(long, env, value_delimiter = ',', value_parser = secret)]
    pub telnyx_api_keys: Vec<SecretString>,
}

impl Settings {
    /// Every host that may be asked.
    pub(super) fn hosts(&self) -> Hosts {
        let apis = [&self.twilio_api_url, &self.telnyx_api_url];
        let apis = apis.into_iter().filter_map(|api| AllowedHost::of(api).ok());
        Hosts::new(self.recording_hosts.iter().cloned().chain(apis))
    }
}

/// Reads `http(s)://host[:port]`.
fn api_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    let is_bare = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    if AllowedHost::of(&url).is_err() || !is_bare || url.path() != "/" {
        return Err("is not https:// or http:// and a host alone".to_owned());
    }
    Ok(url)
}
