//! What every request may use, and who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::auth::Verifier;
use crate::fanout::Rooms;
use crate::origin::Origins;
use crate::problem::{Problem, ProblemCode};
use crate::recordings::Recordings;
use crate::store::{Caller, Store};
use crate::websocket::Sockets;

/// The parts of the service.
pub(crate) struct App {
    /// Reads from Postgres.
    pub(crate) store: Store,
    /// Where recordings come from, if they are offered.
    pub(crate) recordings: Option<Recordings>,
    /// Judges tokens.
    pub(crate) verifier: Verifier,
    /// Whose pages may connect.
    pub(crate) origins: Origins,
    /// Where frames come from.
    pub(crate) rooms: Rooms,
    /// Where they go.
    pub(crate) sockets: Sockets,
}

/// A handler that takes a [`Caller`] answers those with a valid token of a known user, nobody else.
impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let bearer = bearer(&parts.headers).ok_or(ProblemCode::Unauthorized)?;
        let token = app.verifier.verify(bearer)?;
        let caller = app.store.caller(token.user_id).await?;
        caller.ok_or_else(|| Problem::unauthorized("The token's user is not known here."))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_follows_its_scheme() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(text))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(read("bearer  abc").as_deref(), Some("abc"));
        for text in ["", "abc", "Basic abc", "Bearerabc"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
