//! Which request goes where.

use hyper::Method;

use crate::rejection::Rejection;

/// Where a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Hangup, answered, recording, cost; of every provider.
    VoiceEvents,
    /// A call that is about to begin.
    VoiceRequest,
}

/// The paths, and the one method of each.
#[derive(Clone, Debug)]
pub(crate) struct Router(matchit::Router<(Method, Route)>);

impl Router {
    pub(crate) fn new() -> Self {
        let mut routes = matchit::Router::new();
        for (path, method, route) in [
            ("/api/webhooks/voice-events", Method::POST, Route::VoiceEvents),
            ("/api/webhooks/voice-request", Method::POST, Route::VoiceRequest),
        ] {
            if let Err(error) = routes.insert(path, (method, route)) {
                tracing::error!(%error, path, "no such route can be");
            }
        }
        Self(routes)
    }

    /// The route of a request; the path first, then the method.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Result<Route, Rejection> {
        let found = self.0.at(path).map_err(|_| Rejection::NotFound)?;
        let (allowed, route) = found.value;
        if method == allowed {
            Ok(*route)
        } else {
            Err(Rejection::MethodNotAllowed { allowed: allowed.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_judged_before_the_method() {
        let router = Router::new();
        let path = "/api/webhooks/voice-events";
        assert_eq!(router.route(&Method::POST, path), Ok(Route::VoiceEvents));
        let request = "/api/webhooks/voice-request";
        assert_eq!(router.route(&Method::POST, request), Ok(Route::VoiceRequest));
        for other in
            ["/", "/api/webhooks", "/api/webhooks/voice-events/", "/API/webhooks/voice-events"]
        {
            assert_eq!(router.route(&Method::GET, other), Err(Rejection::NotFound), "{other}");
        }
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS, Method::DELETE] {
            let refusal = Rejection::MethodNotAllowed { allowed: Method::POST };
            assert_eq!(router.route(&method, path), Err(refusal));
        }
    }
}
