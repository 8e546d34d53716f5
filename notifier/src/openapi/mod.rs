//! The API described for programs: `openapi.json`, made from the very handlers and types that answer.
//!
//! The committed copy is held equal by a test and rewritten by `make schemas`.

pub mod frames;
pub(crate) mod refusals;
pub(crate) mod words;

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api;
use crate::problem::ProblemBody;

/// What is said before the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Curbe",
        description = "\
The balance, the ledger and the calls of a customer, as a browser may read them.

Amounts are decimal strings with four places, beside their `currency`. Times are RFC 3339 in UTC. Lists are \
`{\"data\": [...], \"nextCursor\": ...}`, newest first.

Every error is `application/problem+json` (RFC 9457) with a stable `code` and the `requestId`, also where no path or \
method fits (404 `not_found`, 405 `method_not_allowed`). A request may bring its own `X-Request-Id`; the answer has it, \
or one that was made for it.

What happens meanwhile is told by the WebSocket at `/api/ws`; its messages are described by `frames.schema.json`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The notifier itself.")),
    tags(
        (name = "wallet", description = "What there is to spend, and what was spent."),
        (name = "calls", description = "Calls that were made, and those that could be."),
        (name = "events", description = "What happens, as it happens."),
        (name = "description", description = "This document."),
    ),
    components(schemas(ProblemBody)),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
struct Described;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.bearer_format = Some("JWT".to_owned());
        http.description = Some(
            "A JSON Web Token signed with HS256: `sub` is the user, `aud` is `curbe`, `exp` its end."
                .to_owned(),
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(http));
    }
}

/// What the document begins with, before any path.
pub(crate) fn base() -> Document {
    Described::openapi()
}

/// The document as it is served and committed.
#[must_use]
pub fn document() -> String {
    // What the document is made of always serializes.
    api::routes().into_openapi().to_pretty_json().unwrap_or_default() + "\n"
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    tag = "description",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
pub(crate) async fn show() -> impl IntoResponse {
    static DOCUMENT: LazyLock<String> = LazyLock::new(document);
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=300")], DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn holds(name: &str, current: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == current, "{name} is not what the code says: run `make schemas`");
    }

    #[test]
    fn the_committed_description_is_current() {
        holds("openapi.json", &document());
    }

    #[test]
    fn the_committed_frames_are_current() {
        holds("frames.schema.json", &frames::schema());
    }
}
