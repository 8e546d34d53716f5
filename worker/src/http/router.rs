//! Which request goes where.

use anyhow::Context as _;
use hyper::Method;
use uuid::Uuid;

use super::refusal::Refusal;

/// Where a request may go, with what its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The audio of a call.
    Recording { call_log_id: Uuid },
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Recording,
}

const ROUTES: [(&str, Method, Name); 1] = [("/api/recordings/{id}", Method::GET, Name::Recording)];

/// The paths, and the one method of each.
#[derive(Clone, Debug)]
pub(crate) struct Router(matchit::Router<(Method, Name)>);

impl Router {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut routes = matchit::Router::new();
        for (path, method, name) in ROUTES {
            routes.insert(path, (method, name)).context(path)?;
        }
        Ok(Self(routes))
    }

    /// The route of a request; the path first, then the method.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Result<Route, Refusal> {
        let found = self.0.at(path).map_err(|_| Refusal::not_found())?;
        let (allowed, name) = found.value;
        let id = || found.params.get("id").and_then(|id| Uuid::try_parse(id).ok());
        let route = match name {
            Name::Recording => id().map(|call_log_id| Route::Recording { call_log_id }),
        };
        let route = route.ok_or_else(Refusal::not_found)?;
        if method == allowed { Ok(route) } else { Err(Refusal::method_not_allowed(allowed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f1c3c1e-9a39-4b1c-8a1a-2f6f0f6f2a11";

    #[test]
    fn the_path_is_judged_before_the_method() {
        let router = Router::new().unwrap();
        let path = format!("/api/recordings/{ID}");
        let route = Route::Recording { call_log_id: ID.parse().unwrap() };
        assert_eq!(router.route(&Method::GET, &path), Ok(route));
        for other in ["/", "/api/recordings", "/api/recordings/", "/api/recordings/1"] {
            assert_eq!(router.route(&Method::POST, other), Err(Refusal::not_found()), "{other}");
        }
        for other in [format!("{path}/"), format!("{path}/a"), path.to_uppercase()] {
            assert_eq!(router.route(&Method::GET, &other), Err(Refusal::not_found()), "{other}");
        }
        for method in [Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS] {
            let refusal = Refusal::method_not_allowed(&Method::GET);
            assert_eq!(router.route(&method, &path), Err(refusal));
        }
    }
}
