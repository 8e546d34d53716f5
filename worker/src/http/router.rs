//! Which request goes where.

use anyhow::Context as _;
use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use hyper::Method;
use matchit::Params;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::dead_letters::{Asked, Decision};
use super::refusal::Refusal;
use super::resources::Resource;
use crate::gatekeeper::Movement;
use crate::provisioning::identities::canonical;
use crate::provisioning::text;

/// Where a request may go, with what its path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The audio of a call.
    Recording { call_log_id: Uuid },
    /// Whether something could be paid.
    Check,
    /// Money is moved, or set aside.
    Money(Movement),
    /// Something of a customer is to be there.
    Resource(Resource),
    /// Somebody looks after what could not be used.
    DeadLetters(Asked),
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Recording,
    Check,
    Authorize,
    Capture,
    Release,
    Refill,
    Adjust,
    Refund,
    Organization,
    User,
    Number,
    Account,
    Identity,
    DeadLetters,
    DeadLetter,
    ReplayAll,
    Replay,
    Accept,
    DiscardAll,
    Discard,
}

const ROUTES: [(&str, Method, Name); 20] = [
    ("/api/recordings/{id}", Method::GET, Name::Recording),
    ("/api/gatekeeper/check", Method::POST, Name::Check),
    ("/api/gatekeeper/authorizations", Method::POST, Name::Authorize),
    ("/api/gatekeeper/authorizations/{id}/capture", Method::POST, Name::Capture),
    ("/api/gatekeeper/authorizations/{id}/release", Method::POST, Name::Release),
    ("/api/organizations/{id}/refills", Method::POST, Name::Refill),
    ("/api/organizations/{id}/adjustments", Method::POST, Name::Adjust),
    ("/api/organizations/{id}/refunds", Method::POST, Name::Refund),
    ("/api/organizations/{id}", Method::PUT, Name::Organization),
    ("/api/users/{id}", Method::PUT, Name::User),
    ("/api/numbers/{number}", Method::PUT, Name::Number),
    ("/api/accounts/{provider}/{account}", Method::PUT, Name::Account),
    ("/api/identities/{identity}", Method::PUT, Name::Identity),
    ("/api/dead-letters", Method::GET, Name::DeadLetters),
    ("/api/dead-letters/replay", Method::POST, Name::ReplayAll),
    ("/api/dead-letters/discard", Method::POST, Name::DiscardAll),
    ("/api/dead-letters/{id}", Method::GET, Name::DeadLetter),
    ("/api/dead-letters/{id}/replay", Method::POST, Name::Replay),
    ("/api/dead-letters/{id}/accept", Method::POST, Name::Accept),
    ("/api/dead-letters/{id}/discard", Method::POST, Name::Discard),
];

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
        let route = named(*name, &found.params).ok_or_else(Refusal::not_found)?;
        if method == allowed { Ok(route) } else { Err(Refusal::method_not_allowed(allowed)) }
    }
}

/// All paths, each with its method.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = (&'static str, Method)> {
    ROUTES.into_iter().map(|(path, method, _)| (path, method))
}

/// The route of that name, if the path says what it must.
fn named(name: Name, params: &Params<'_, '_>) -> Option<Route> {
    let decoded = |name: &str| percent_decode_str(params.get(name)?).decode_utf8().ok();
    let id = || params.get("id").and_then(|id| Uuid::try_parse(id).ok());
    Some(match name {
        Name::Recording => Route::Recording { call_log_id: id()? },
        Name::Check => Route::Check,
        Name::Authorize => Route::Money(Movement::Authorize),
        Name::Capture => Route::Money(Movement::Capture { authorization: id()? }),
        Name::Release => Route::Money(Movement::Release { authorization: id()? }),
        Name::Refill => Route::Money(Movement::Refill { organization: id()? }),
        Name::Adjust => Route::Money(Movement::Adjust { organization: id()? }),
        Name::Refund => Route::Money(Movement::Refund { organization: id()? }),
        Name::Organization => Route::Resource(Resource::Organization(id()?)),
        Name::User => Route::Resource(Resource::User(id()?)),
        Name::Number => Route::Resource(Resource::Number(E164::parse(&decoded("number")?)?)),
        Name::Account => {
            let provider = Provider::parse(params.get("provider")?)?;
            Route::Resource(Resource::Account(provider, text(&decoded("account")?).ok()?))
        }
        Name::Identity => {
            Route::Resource(Resource::Identity(canonical(&decoded("identity")?).ok()?))
        }
        Name::DeadLetters => Route::DeadLetters(Asked::List),
        Name::DeadLetter => Route::DeadLetters(Asked::Details(id()?)),
        Name::ReplayAll => Route::DeadLetters(Asked::Decision(Decision::ReplayAll)),
        Name::Replay => Route::DeadLetters(Asked::Decision(Decision::Replay(id()?))),
        Name::Accept => Route::DeadLetters(Asked::Decision(Decision::Accept(id()?))),
        Name::DiscardAll => Route::DeadLetters(Asked::Decision(Decision::DiscardAll)),
        Name::Discard => Route::DeadLetters(Asked::Decision(Decision::Discard(id()?))),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

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

    #[test]
    fn names_in_a_path_may_be_percent_encoded() {
        let router = Router::new().unwrap();
        let put = |path: &str| router.route(&Method::PUT, path);
        let number = E164::parse("+15005550001").unwrap();
        for path in ["/api/numbers/+15005550001", "/api/numbers/%2B15005550001"] {
            let resource = Resource::Number(number.clone());
            assert_eq!(put(path), Ok(Route::Resource(resource)), "{path}");
        }
        let identity = Resource::Identity("sip:ana@pbx.example".to_owned());
        for path in
            ["/api/identities/sip:ana@pbx.example", "/api/identities/sip%3Aana%40PBX.example"]
        {
            assert_eq!(put(path), Ok(Route::Resource(identity.clone())), "{path}");
        }
        for path in [
            "/api/numbers/15005550001",
            "/api/identities/ana",
            "/api/identities/%FF",
            "/api/accounts/acme/AC1",
            "/api/accounts/twilio/%20",
            "/api/organizations/1",
        ] {
            assert_eq!(put(path), Err(Refusal::not_found()), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_leads_somewhere_or_nowhere(parts in prop::collection::vec(part(), 0..6), text: String) {
            let router = Router::new().unwrap();
            for path in [format!("/api/{}", parts.join("/")), text] {
                match router.route(&Method::PUT, &path) {
                    Ok(Route::Resource(Resource::Number(number))) => {
                        prop_assert_eq!(E164::parse(number.as_str()), Some(number));
                    }
                    Ok(Route::Resource(Resource::Account(_, name) | Resource::Identity(name))) => {
                        prop_assert!(!name.trim().is_empty() && !name.contains(char::is_control), "{name:?}");
                    }
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }

    fn part() -> impl Strategy<Value = String> {
        let words = [
            "numbers",
            "accounts",
            "identities",
            "users",
            "twilio",
            "%2B15551",
            "client:a",
            "sip:a%40b",
            "%00",
            "%FF",
            "..",
            ID,
        ];
        prop_oneof![4 => select(words.to_vec()).prop_map(str::to_owned), 1 => r"[%0-9A-Fa-z:@+.]{0,12}"]
    }
}
