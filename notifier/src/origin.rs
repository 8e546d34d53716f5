//! Which web pages may connect. Browsers name the page in `Origin` and no script can forge it; programs send none.

use std::sync::Arc;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Uri};

/// The origin of a page: scheme, host and, unless it is the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl Origin {
    /// # Errors
    /// It is not written as browsers write it, so no request could ever match.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str =
            "is no origin such as https://app.example.com or http://localhost:3000";
        let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EXPECTED.to_owned());
        };
        let is_default_port =
            matches!((scheme, authority.port_u16()), ("http", Some(80)) | ("https", Some(443)));
        let is_plain = matches!(scheme, "http" | "https")
            && !authority.as_str().contains('@')
            && !is_default_port
            && text == format!("{scheme}://{authority}").to_lowercase();
        let value = HeaderValue::from_str(text).ok().filter(|_| is_plain);
        value.map(Self).ok_or_else(|| EXPECTED.to_owned())
    }
}

/// The origins that are allowed.
#[derive(Clone, Debug)]
pub struct Origins(Arc<[Origin]>);

impl Origins {
    /// Exactly these.
    #[must_use]
    pub fn new(allowed: &[Origin]) -> Self {
        Self(allowed.into())
    }

    /// Whether a page of this origin may connect.
    #[must_use]
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|allowed| allowed.0 == origin)
    }

    /// Whether a request with these headers may open a WebSocket. CORS does not cover those: a forged page could
    /// connect from its visitor's browser. Without an origin no browser is at work and the token alone decides.
    ///
    /// Our own page, which this service serves itself, always may: it is of the host that was asked. A page whose name
    /// was made to lead here (DNS rebinding) passes as well, and gains nothing: browsers send no credentials by
    /// themselves, a token has to be given by the page, and such a page has none.
    #[must_use]
    pub fn allow_upgrade(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST);
        headers.get_all(ORIGIN).iter().all(|origin| self.allow(origin) || is_own(origin, host))
    }
}

/// Whether a page of this origin came from the host that is asked now. What is in front of us may have ended TLS, so
/// the scheme says nothing.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else {
        return false;
    };
    let origin = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    !host.is_empty() && origin == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        let parsed = ["https://app.example.com", "http://localhost:3000"]
            .map(|text| Origin::parse(text).unwrap());
        Origins::new(&parsed)
    }

    fn allowed(sent: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for origin in sent {
            headers.append(ORIGIN, HeaderValue::from_static(origin));
        }
        origins().allow_upgrade(&headers)
    }

    #[test]
    fn only_the_exact_origin_may_connect() {
        assert!(allowed(&["https://app.example.com"]));
        assert!(allowed(&["http://localhost:3000"]));
        for forged in [
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://evil.example",
            "https://app.example.com:444",
            "https://APP.example.com",
            "null",
            "",
        ] {
            assert!(!allowed(&[forged]), "{forged}");
        }
        assert!(!allowed(&["https://app.example.com", "https://evil.example"]));
    }

    #[test]
    fn our_own_page_may_connect_wherever_it_is_served() {
        let allowed = |origin: &'static str, host: &'static str| {
            let own = [(ORIGIN, origin), (HOST, host)];
            let own = own.map(|(name, value)| (name, HeaderValue::from_static(value)));
            origins().allow_upgrade(&HeaderMap::from_iter(own))
        };
        assert!(allowed("http://127.0.0.1:8081", "127.0.0.1:8081"));
        assert!(allowed("https://push.example.com", "push.example.com"));
        for (origin, host) in [
            ("https://evil.example", "push.example.com"),
            ("https://push.example.com.evil.example", "push.example.com"),
            ("https://push.example.com", "push.example.com:8081"),
            ("ws://push.example.com", "push.example.com"),
            ("push.example.com", "push.example.com"),
            ("null", "null"),
            ("http://", ""),
        ] {
            assert!(!allowed(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn without_an_origin_the_token_decides() {
        assert!(allowed(&[]));
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://app.example.com:443",
            "http://localhost:80",
            "ftp://a.example",
            "https://user@a.example",
            "https://a.example/path",
            "https://a.example?query",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
