//! The page that customers see: `GET /`, its files below `/page/`, the client it is made with below `/client/`.
//!
//! Its files are part of the program (a dev build reads them from the checkout, so that an edit shows at once). They hold
//! no secret: whoever opens the page has to bring a token.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::{Problem, ProblemCode};

#[derive(RustEmbed)]
#[folder = "page"]
struct Page;

#[derive(RustEmbed)]
#[folder = "client/dist"]
struct Client;

/// Scripts, styles and connections of this origin alone; recordings are played from memory (`blob:`). `'self'` covers
/// WebSockets too. Nothing can be put into a frame, sent by a form, or made into a script from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";

/// With every file, known to the browser or not.
const HEADERS: [(HeaderName, &str); 7] = [
    // Kept, and asked for each time: a new release shows at once.
    (CACHE_CONTROL, "no-cache"),
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The paths of the page.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| file::<Page>("index.html", &headers)))
        .route("/page/{*path}", get(below::<Page>))
        .route("/client/{*path}", get(below::<Client>))
}

async fn below<Folder: RustEmbed>(
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    file::<Folder>(&path, &headers)
}

/// A file, or 304 for a browser that has it.
fn file<Folder: RustEmbed>(path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let media_type = media_type(path).ok_or(ProblemCode::NotFound)?;
    let file = Folder::get(path).ok_or(ProblemCode::NotFound)?;
    let tag = entity_tag(&file);
    if is_known(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, HEADERS, [(ETAG, tag)]).into_response());
    }
    let own = [(ETAG, tag), (CONTENT_TYPE, media_type.to_owned())];
    Ok((HEADERS, own, file.data).into_response())
}

/// By the end of the name; what has none of these is not for browsers.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name.rsplit_once('.').map_or(name, |(_, end)| end) {
        "html" => Some("text/html; charset=utf-8"),
        "js" | "mjs" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "json" => Some("application/json"),
        "svg" => Some("image/svg+xml"),
        // What the licences of others ask for.
        "LICENSES" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// Changes with the content.
fn entity_tag(file: &EmbeddedFile) -> String {
    let digits = file.metadata.sha256_hash();
    let digits: String = digits.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(','));
    known.any(|one| matches!(one.trim().trim_start_matches("W/"), one if one == "*" || one == tag))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, known: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(tag) = known {
            request = request.header(IF_NONE_MATCH, tag);
        }
        router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn every_file_that_the_page_names_is_there() {
        for (path, media_type) in [
            ("/", "text/html; charset=utf-8"),
            ("/page/app.js", "text/javascript; charset=utf-8"),
            ("/page/page.css", "text/css; charset=utf-8"),
            ("/page/favicon.svg", "image/svg+xml"),
            ("/page/i18n/es.json", "application/json"),
            ("/page/vendor/preact.mjs", "text/javascript; charset=utf-8"),
            ("/page/vendor/LICENSES", "text/plain; charset=utf-8"),
            ("/client/index.js", "text/javascript; charset=utf-8"),
        ] {
            let answer = ask(path, None).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()[CONTENT_TYPE], media_type, "{path}");
            assert_eq!(answer.headers()[CONTENT_SECURITY_POLICY], POLICY);
            assert!(!to_bytes(answer.into_body(), 1 << 20).await.unwrap().is_empty(), "{path}");
        }
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let first = ask("/", None).await;
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        let again = ask("/", Some(&tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[ETAG], *tag);
        assert_eq!(again.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(ask("/", Some("\"other\"")).await.status(), StatusCode::OK);
        assert_ne!(ask("/page/app.js", None).await.headers()[ETAG], *tag);
    }

    #[tokio::test]
    async fn nothing_else_is() {
        for path in [
            "/page/",
            "/page/none.js",
            "/page/../src/lib.rs",
            "/page/%2e%2e/src/auth.rs",
            "/client/index.d.ts",
        ] {
            assert_eq!(ask(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
