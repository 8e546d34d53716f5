//! Where recordings may be fetched from. Their links come from outside, so each is judged, and each redirect again.
//! Pure.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A host that recordings may be on, as `[scheme://]host[:port][/path/]`.
///
/// Without a scheme it is HTTPS; `http://` must be said. `*.example.com` means everything below it. A path narrows it
/// to what begins with it: on shared hosts, the first segment says whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct AllowedHost {
    scheme: &'static str,
    host: Pattern,
    port: u16,
    /// Begins and ends with a slash.
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(Host<String>),
    /// With a dot in front.
    EndsWith(String),
}

/// Why a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// HTTP and HTTPS only.
    #[error("a scheme that is not fetched")]
    Scheme,
    /// A name or password in the link: they would be sent along.
    #[error("credentials in the link")]
    UserInfo,
    /// Not on the list.
    #[error("a host that is not allowed")]
    Host,
    /// On the list, but the name leads into our own network.
    #[error("an address that is not public")]
    PrivateAddress,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Vec<AllowedHost>);

impl Hosts {
    pub(super) fn new(hosts: impl IntoIterator<Item = AllowedHost>) -> Self {
        Self(hosts.into_iter().collect())
    }

    /// Judges a link. `Url` has read it as browsers do: names in lower case, `2130706433` and `0x7f.1` are `127.0.0.1`,
    /// dots in the path are gone. Addresses are refused unless they stand on the list themselves.
    pub(super) fn judge(&self, link: &Url) -> Result<(), Refused> {
        if !matches!(link.scheme(), "https" | "http") {
            return Err(Refused::Scheme);
        }
        if !link.username().is_empty() || link.password().is_some() {
            return Err(Refused::UserInfo);
        }
        if self.0.iter().any(|allowed| allowed.covers(link)) { Ok(()) } else { Err(Refused::Host) }
    }
}

impl AllowedHost {
    /// Everything on the host of a URL.
    ///
    /// # Errors
    /// The URL has no host, or another scheme than HTTP.
    pub(super) fn of(url: &Url) -> Result<Self, Refused> {
        let scheme = match url.scheme() {
            "https" => "https",
            "http" => "http",
            _ => return Err(Refused::Scheme),
        };
        let (host, port) = url.host().zip(url.port_or_known_default()).ok_or(Refused::Host)?;
        Ok(Self { scheme, host: Pattern::Exactly(host.to_owned()), port, path: "/".to_owned() })
    }

    fn covers(&self, link: &Url) -> bool {
        let is_host = match (&self.host, link.host()) {
            (Pattern::Exactly(own), Some(host)) => own == &host.to_owned(),
            (Pattern::EndsWith(ending), Some(Host::Domain(name))) => name.ends_with(ending),
            (_, Some(_) | None) => false,
        };
        is_host
            && link.scheme() == self.scheme
            && link.port_or_known_default() == Some(self.port)
            && link.path().starts_with(&self.path)
    }
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let (is_below, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| error.to_string())?;
        if url.query().is_some() || url.fragment().is_some() || rest.contains('@') {
            return Err("is no host such as media.example.com or *.example.com".to_owned());
        }
        let mut allowed = Self::of(&url).map_err(|refused| refused.to_string())?;
        let name = url.domain().map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.ends_with('.') || name.contains('*')) {
            return Err("has a dot at its end, or a star that is not at its beginning".to_owned());
        }
        match name.filter(|name| name.contains('.')) {
            Some(name) if is_below => allowed.host = Pattern::EndsWith(format!(".{name}")),
            None if is_below => return Err("has a star for more than one domain".to_owned()),
            Some(_) | None => {}
        }
        allowed.path = format!("{}/", url.path().trim_end_matches('/'));
        Ok(allowed)
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            Pattern::Exactly(host) => write!(f, "{host}")?,
            Pattern::EndsWith(ending) => write!(f, "*{ending}")?,
        }
        write!(f, ":{}{}", self.port, self.path)
    }
}

impl fmt::Debug for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
