//! What the providers' interfaces are opened with, and which of it goes where. Pure.

use std::str::FromStr;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Origin, Url};

/// Opens one account at Twilio: `AccountSid:AuthToken`, or `AccountSid:ApiKeySid:Secret`.
#[derive(Clone, Debug)]
pub struct TwilioCredential {
    account: String,
    user: String,
    password: SecretString,
}

/// Opens one project at SignalWire, on its space's own host: `project:api_token@example.signalwire.com`.
#[derive(Clone, Debug)]
pub struct SignalWireCredential {
    project: String,
    token: SecretString,
    space: Origin,
}

/// For one origin: it goes nowhere else, whatever redirects say.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    origin: Origin,
    secret: Secret,
}

#[derive(Clone, Debug)]
enum Secret {
    Basic { user: String, password: SecretString },
    Bearer(SecretString),
}

impl Credential {
    /// A key of Telnyx, for the interface at that URL.
    pub(super) fn telnyx(api: &Url, key: &SecretString) -> Self {
        Self { origin: api.origin(), secret: Secret::Bearer(key.clone()) }
    }

    /// What opens an account of Twilio: its own, else the first one given, since a main account opens its subaccounts.
    /// Only where the link leads into the account whose call it is: that account wrote the link, and may have written
    /// one to somebody else's recording.
    pub(super) fn twilio(
        given: &[TwilioCredential],
        api: &Url,
        link: &Url,
        account: Option<&str>,
    ) -> Option<Self> {
        let account = account.filter(|account| leads_into(link, account))?;
        let own = given.iter().find(|one| one.account == account);
        let TwilioCredential { user, password, .. } = own.or(given.first())?;
        let secret = Secret::Basic { user: user.clone(), password: password.clone() };
        Some(Self { origin: api.origin(), secret })
    }

    /// What opens a project of SignalWire, where the link leads to its space.
    pub(super) fn signalwire(
        given: &[SignalWireCredential],
        link: &Url,
        project: Option<&str>,
    ) -> Option<Self> {
        let found = given
            .iter()
            .find(|one| one.space == link.origin() && Some(one.project.as_str()) == project)
            .filter(|one| leads_into(link, &one.project))?;
        let SignalWireCredential { project, token, space } = found.clone();
        Some(Self { origin: space, secret: Secret::Basic { user: project, password: token } })
    }

    /// Whether a link leads to where it may be shown.
    pub(super) fn is_for(&self, link: &Url) -> bool {
        self.origin == link.origin()
    }

    /// Adds it to a request.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.secret {
            Secret::Basic { user, password } => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            Secret::Bearer(key) => request.bearer_auth(key.expose_secret()),
        }
    }
}

/// Whether a link is to something of an account or project: `/…/Accounts/{account}/…`.
fn leads_into(link: &Url, account: &str) -> bool {
    let segments: Vec<&str> = link.path_segments().map(Iterator::collect).unwrap_or_default();
    let place = segments.iter().position(|segment| *segment == "Accounts");
    place.is_some_and(|place| segments.get(place + 1) == Some(&account))
}

// What is wrong is told without what was given: it is secret.
impl FromStr for TwilioCredential {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let (account, user, password) = match parts[..] {
            [account, password] => (account, account, password),
            [account, user, password] => (account, user, password),
            _ => return Err("is neither AccountSid:AuthToken nor AccountSid:ApiKeySid:Secret"),
        };
        if [account, user, password].iter().any(|part| !is_visible(part)) {
            return Err("has an empty part, or spaces in it");
        }
        Ok(Self { account: account.into(), user: user.into(), password: password.into() })
    }
}

impl FromStr for SignalWireCredential {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "is not project:api_token@example.signalwire.com";
        let (secret, space) = text.rsplit_once('@').ok_or(FORM)?;
        let (project, token) = secret.split_once(':').ok_or(FORM)?;
        if [project, token, space].iter().any(|part| !is_visible(part)) {
            return Err(FORM);
        }
        let space =
            if space.contains("://") { space.to_owned() } else { format!("https://{space}") };
        let space = Url::parse(&space).map_err(|_| FORM)?;
        // Clear text is for a machine's own address alone.
        let is_safe = space.scheme() == "https" || !matches!(space.host(), Some(Host::Domain(_)));
        if space.path() != "/" || !is_safe {
            return Err(FORM);
        }
        Ok(Self { project: project.into(), token: token.into(), space: space.origin() })
    }
}

fn is_visible(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://api.twilio.com";

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn user(credential: Option<Credential>) -> Option<String> {
        match credential?.secret {
            Secret::Basic { user, .. } => Some(user),
            Secret::Bearer(_) => None,
        }
    }

    #[test]
    fn an_account_is_opened_by_its_own_token_else_by_the_first() {
        let given = ["AC1:one", "AC2:SK2:two"].map(|text| text.parse().unwrap());
        let opened = |account: &str| {
            let link = url(&format!("{API}/2010-04-01/Accounts/{account}/Recordings/RE1.mp3"));
            user(Credential::twilio(&given, &url(API), &link, Some(account)))
        };
        assert_eq!(opened("AC1").as_deref(), Some("AC1"));
        assert_eq!(opened("AC2").as_deref(), Some("SK2"));
        assert_eq!(opened("AC3").as_deref(), Some("AC1"));
    }

    #[test]
    fn a_link_into_another_account_is_followed_with_empty_hands() {
        let given = ["AC1:one".parse().unwrap()];
        for path in [
            "/2010-04-01/Accounts/AC1/Recordings/RE1.mp3",
            "/Accounts/AC1/../../2010-04-01/Accounts/AC1/Recordings/RE1.mp3",
            "/Accounts/AC1/Accounts/AC3/RE1.mp3",
            "/RE1.mp3",
        ] {
            let link = url(&format!("{API}{path}"));
            assert_eq!(
                user(Credential::twilio(&given, &url(API), &link, Some("AC3"))),
                None,
                "{path}"
            );
            assert_eq!(user(Credential::twilio(&given, &url(API), &link, None)), None, "{path}");
        }
    }

    #[test]
    fn a_credential_is_for_one_origin() {
        let given = ["AC1:one".parse().unwrap()];
        let link = url("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1.mp3");
        let credential = Credential::twilio(&given, &url(API), &link, Some("AC1")).unwrap();
        assert!(credential.is_for(&url("https://api.twilio.com/a?b")));
        for other in [
            "http://api.twilio.com/",
            "https://api.twilio.com:444/",
            "https://media.twilio.com/",
            "https://api.twilio.com.evil.example/",
            "data:audio/mpeg,a",
        ] {
            assert!(!credential.is_for(&url(other)), "{other}");
        }
    }

    #[test]
    fn a_project_is_opened_on_its_own_space_alone() {
        let given = ["p:t@acme.signalwire.com".parse().unwrap()];
        let opened = |link, project| user(Credential::signalwire(&given, &url(link), project));
        let own = "https://acme.signalwire.com/api/laml/2010-04-01/Accounts/p/Recordings/r.mp3";
        assert_eq!(opened(own, Some("p")).as_deref(), Some("p"));
        assert_eq!(opened(own, Some("q")), None);
        let others = "https://acme.signalwire.com/api/laml/2010-04-01/Accounts/q/Recordings/r.mp3";
        assert_eq!(opened(others, Some("p")), None);
        assert_eq!(opened("https://files.signalwire.com/a.wav", Some("p")), None);
        assert_eq!(opened("http://acme.signalwire.com/a.wav", Some("p")), None);
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_being_shown() {
        for text in ["AC1", "AC1:", ":token", "AC1:a:b:c", "AC1:to ken"] {
            let refusal = text.parse::<TwilioCredential>().unwrap_err();
            assert!(!refusal.contains(text), "{refusal}");
        }
        for text in [
            "p:t",
            "p@acme.signalwire.com",
            ":t@acme.signalwire.com",
            "p:@acme.signalwire.com",
            "p:t@",
            "p:t@acme.signalwire.com/a",
            "p:t@http://acme.signalwire.com",
        ] {
            let refusal = text.parse::<SignalWireCredential>().unwrap_err();
            assert!(!refusal.contains(text), "{refusal}");
        }
        assert!("p:t@http://127.0.0.1:9000".parse::<SignalWireCredential>().is_ok());
        let shown = format!("{:?}", "AC1:hush".parse::<TwilioCredential>());
        assert!(!shown.contains("hush"), "{shown}");
    }
}
