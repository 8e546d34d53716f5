//! The worker's own port described for programs: `openapi.json`, made from the types that are read and answered.
//!
//! The committed copy is held equal by a test and rewritten by `make schemas`.

mod operations;
mod paths;
mod refusals;

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::dead_letters::{accept, detail, payload, report};
use crate::gatekeeper::{authorize, capture, check, post, release, wanted};
use crate::http::dead_letters;
use crate::http::problem::ProblemBody;
use crate::http::resources::{accounts, identities, numbers, organizations, users};
use crate::store::{dead_letters as listing, operator_runs};

/// What is said before the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Curbe, for the backend",
        description = "\
Money and customers, as the backend of the SaaS moves and makes them. Never for browsers.

Amounts are decimal strings with four places, beside their `currency`. Times are RFC 3339 in UTC. Bodies have at most \
64 KiB.

Whatever moves money needs an `Idempotency-Key`: told again under the same key, the same is answered, the refusals 402, \
404 and 409 included, and nothing moves. Answers are kept for a week. After 500, 503 or no answer at all it is not known \
whether it happened; asking again under the same key is safe. To try again what was refused, use another key. Dead \
letters need none: a leg is charged once, and a letter accepted once, however often that is asked for.

Every error is `application/problem+json` (RFC 9457) with a stable `code` and the `requestId`, also where no path or \
method fits (404 `not_found`, 405 `method_not_allowed`). A request may bring its own `X-Request-Id`; the answer has it, \
or one that was made for it.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The worker's own port.")),
    tags(
        (name = "gatekeeper", description = "What costs is set aside, then paid or given back."),
        (name = "money", description = "Money put in, corrected, and given back."),
        (name = "customers", description = "Who the customers are, and what belongs to them."),
        (name = "dead letters", description = "Events that could not be used, looked at and sent through again."),
        (name = "recordings", description = "For the notifier."),
    ),
    components(schemas(
        ProblemBody,
        check::CheckRequest,
        check::Sufficient,
        wanted::AuthorizationRequest,
        authorize::Authorized,
        capture::CaptureRequest,
        capture::Captured,
        release::ReleaseRequest,
        release::Released,
        post::MovementRequest,
        post::RefundRequest,
        post::Transaction,
        organizations::OrganizationRequest,
        organizations::Organization,
        users::UserRequest,
        users::User,
        numbers::NumberRequest,
        numbers::Number,
        accounts::AccountRequest,
        accounts::Account,
        identities::IdentityRequest,
        identities::Identity,
        dead_letters::list::Page,
        dead_letters::requests::ReplayRequest,
        dead_letters::bulk::ReplayAllRequest,
        dead_letters::requests::AcceptRequest,
        dead_letters::requests::DiscardRequest,
        dead_letters::bulk::DiscardAllRequest,
        dead_letters::Discarded,
        listing::DeadLetterRow,
        listing::DecisionRow,
        detail::Details,
        payload::Payload,
        accept::Acceptance,
        operator_runs::PostedRow,
        report::Report,
        report::Outcome,
        report::Difference,
        report::Fate,
    )),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
struct Described;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.description = Some("One of the worker's SERVICE_TOKENS.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(http));
    }
}

/// The document as it is committed.
#[must_use]
pub fn document() -> String {
    let mut document = Described::openapi();
    document.paths = paths::paths();
    // What the document is made of always serializes.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_committed_description_is_current() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let committed = fs::read_to_string(&file).unwrap_or_default();
        let is_current = committed == document();
        assert!(is_current, "openapi.json is not what the code says: run `make schemas`");
    }

    #[test]
    fn every_path_is_described() {
        let document: Value = serde_json::from_str(&document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                described.insert((path.clone(), method.to_uppercase()));
            }
        }
        let routed = crate::http::paths();
        let routed = routed.map(|(path, method)| (path.to_owned(), method.to_string()));
        assert_eq!(described, routed.collect());
    }

    #[test]
    fn every_type_that_is_named_is_there() {
        let text = document();
        let document: Value = serde_json::from_str(&text).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut names = 0;
        for rest in text.split("#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
            names += 1;
        }
        assert!(names > 50, "{names}");
    }
}
