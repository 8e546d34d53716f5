//! Service tokens: who may ask this port for anything.

use hyper::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::refusal::Refusal;

/// The tokens in force, as digests: of one length, so that comparing them takes the same time for all. Without any,
/// nobody gets in.
pub(crate) struct ServiceTokens(Vec<[u8; 32]>);

impl ServiceTokens {
    pub(crate) fn new(tokens: &[SecretString]) -> Self {
        Self(tokens.iter().map(|token| digest(token.expose_secret().as_bytes())).collect())
    }

    /// Whether the request shows one of them, as `Authorization: Bearer ...`.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let shown = bearer(headers).map(digest).ok_or_else(Refusal::unauthorized)?;
        // All of them are compared, so that the time does not tell which one it was.
        let is_known =
            self.0.iter().fold(Choice::from(0), |found, token| found | token.ct_eq(&shown));
        if bool::from(is_known) { Ok(()) } else { Err(Refusal::unauthorized()) }
    }
}

impl std::fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} service tokens", self.0.len())
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn check(tokens: &[&str], shown: Option<&'static str>) -> bool {
        let tokens: Vec<_> = tokens.iter().map(|&token| SecretString::from(token)).collect();
        let mut headers = HeaderMap::new();
        headers.extend(shown.map(|shown| (AUTHORIZATION, HeaderValue::from_static(shown))));
        ServiceTokens::new(&tokens).check(&headers).is_ok()
    }

    #[test]
    fn any_token_in_force_opens() {
        for shown in ["Bearer one", "bearer one", "Bearer two"] {
            assert!(check(&["one", "two"], Some(shown)), "{shown}");
        }
    }

    #[test]
    fn nothing_else_does() {
        for shown in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("Bearer on"),
            Some("Bearer onetwo"),
            Some("Bearer  one"),
            Some("Basic one"),
            Some("one"),
        ] {
            assert!(!check(&["one", "two"], shown), "{shown:?}");
        }
        assert!(!check(&[], Some("Bearer one")) && !check(&[], Some("Bearer ")));
    }
}
