//! An error is `application/problem+json` with a stable code and the id of its request, wherever it comes from; and pages
//! of allowed origins may read it.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::json;

use crate::fixture::Bank;
use crate::fixture::browser::{Browser, Page};

const CHECK: &str = "/api/calls/check";
const OWN_PAGE: &str = "http://localhost:3000";

async fn open() -> (Bank, Browser) {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let browser = bank.browser(&user);
    (bank, browser)
}

/// The page is a problem as every problem is.
fn is_problem(page: &Page, status: u16, code: &str) {
    assert_eq!(page.outcome(), (status, Some(code)), "{page:?}");
    assert_eq!(page.header("content-type"), Some("application/problem+json"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.body["status"], status);
    assert_eq!(page.body["requestId"].as_str(), page.header("x-request-id"));
    for name in ["title", "detail", "requestId"] {
        assert!(page.body[name].as_str().is_some_and(|text| !text.is_empty()), "{page:?}");
    }
}

#[tokio::test]
async fn where_no_path_or_method_fits() {
    let (_bank, browser) = open().await;
    for path in ["/api", "/api/logs/", "/api/nothing", "/api/logs/not-an-id", "/api/logs/1/2/3"] {
        is_problem(&browser.get(path).await, 404, "not_found");
    }
    for (method, path, allow) in [
        (Method::POST, "/api/logs", "GET,HEAD"),
        (Method::DELETE, "/api/wallet/balance", "GET,HEAD"),
        (Method::GET, CHECK, "POST"),
        (Method::PUT, "/openapi.json", "GET,HEAD"),
    ] {
        let page = browser.send(browser.request(method, path)).await;
        is_problem(&page, 405, "method_not_allowed");
        assert_eq!(page.header("allow"), Some(allow), "{path}");
    }
}

#[tokio::test]
async fn where_a_body_cannot_be_read() {
    let (_bank, browser) = open().await;
    let json = "application/json";
    let long = format!(r#"{{"to":"+{}"}}"#, "1".repeat(4_090));
    for (content_type, body, status, code) in [
        (json, "", 400, "malformed_body"),
        (json, r#"{"to":"#, 400, "malformed_body"),
        (json, "to=%2B523312345678", 400, "malformed_body"),
        (json, "\u{feff}{}", 400, "malformed_body"),
        (json, "{}", 422, "invalid_body"),
        (json, r#"["+523312345678"]"#, 422, "invalid_body"),
        (json, r#"{"to":523312345678}"#, 422, "invalid_body"),
        (json, r#"{"to":"+523312345678","amount":"0"}"#, 422, "invalid_body"),
        (json, &long, 413, "body_too_large"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "to=1", 415, "unsupported_media_type"),
    ] {
        let request = browser.request(Method::POST, CHECK).header(CONTENT_TYPE, content_type);
        is_problem(&browser.send(request.body(body.to_owned())).await, status, code);
    }
    let fits = format!(r#"{{"to":"+{}"}}"#, "1".repeat(4_000));
    let request = browser.request(Method::POST, CHECK).header(CONTENT_TYPE, json);
    is_problem(&browser.send(request.body(fits)).await, 422, "invalid_number");
}

#[tokio::test]
async fn where_nobody_knows_who_it_is() {
    let (bank, _) = open().await;
    let stranger = bank.browser_with("nonsense".to_owned());
    for path in
        ["/api/wallet/balance", "/api/wallet/transactions", "/api/logs", "/api/logs/1/recording"]
    {
        let page = stranger.get(path).await;
        is_problem(&page, 401, "unauthorized");
        assert_eq!(page.header("www-authenticate"), Some("Bearer"));
    }
    // Whose body it is comes before what it says.
    is_problem(&stranger.post(CHECK, &json!({})).await, 401, "unauthorized");
}

#[tokio::test]
async fn where_the_fault_is_ours() {
    let (bank, browser) = open().await;
    let mut lock = bank.stack.pool().begin().await.unwrap();
    sqlx::query("lock table wallet_transactions").execute(&mut *lock).await.unwrap();
    let page = browser.get("/api/wallet/transactions").await;
    is_problem(&page, 503, "unavailable");
    assert_eq!(page.header("retry-after"), Some("1"));
    lock.rollback().await.unwrap();
    assert_eq!(browser.get("/api/wallet/transactions").await.status, 200);
    bank.sql("revoke select on wallet_transactions from curbe_notifier").await;
    let page = browser.get("/api/wallet/transactions").await;
    is_problem(&page, 500, "internal");
    assert!(!page.body.to_string().contains("wallet_transactions"), "{page:?}");
}

#[tokio::test]
async fn under_the_id_that_the_request_brought() {
    let (_bank, browser) = open().await;
    let sent = |id: &str| {
        let request = browser.request(Method::GET, "/api/nothing").header("x-request-id", id);
        browser.send(request)
    };
    assert_eq!(sent("page-7.2_x").await.body["requestId"], "page-7.2_x");
    let unfit = "x".repeat(65);
    for id in ["a b", "<script>", unfit.as_str()] {
        let page = sent(id).await;
        is_problem(&page, 404, "not_found");
        assert_ne!(page.header("x-request-id"), Some(id));
    }
}

#[tokio::test]
async fn to_pages_of_allowed_origins() {
    let (_bank, browser) = open().await;
    for (origin, allowed) in [(OWN_PAGE, Some(OWN_PAGE)), ("https://evil.example", None)] {
        for path in ["/api/wallet/balance", "/api/logs/1/recording", CHECK] {
            let request = browser.request(Method::GET, path).header("origin", origin);
            let page = browser.send(request).await;
            assert_eq!(page.header("access-control-allow-origin"), allowed, "{origin} {path}");
        }
    }
    let page = browser.request(Method::GET, "/api/logs").header("origin", OWN_PAGE);
    let page = browser.send(page).await;
    let told = listed(&page.headers, "access-control-expose-headers");
    for name in ["content-range", "accept-ranges", "etag", "retry-after", "x-request-id"] {
        assert!(told.contains(&name.to_owned()), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn who_may_ask_in_which_way() {
    let (_bank, browser) = open().await;
    for (path, method, headers) in [
        ("/api/logs", "GET", "authorization"),
        (CHECK, "POST", "authorization,content-type"),
        ("/api/logs/1/recording", "GET", "authorization,range,if-range"),
    ] {
        let preflight = |origin: &str| {
            let request = browser.request(Method::OPTIONS, path).header("origin", origin);
            let request = request.header("access-control-request-method", method);
            browser.send(request.header("access-control-request-headers", headers))
        };
        let page = preflight(OWN_PAGE).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert_eq!(page.header("access-control-allow-origin"), Some(OWN_PAGE));
        assert_eq!(page.header("access-control-allow-credentials"), None);
        let methods = listed(&page.headers, "access-control-allow-methods");
        assert!(methods.contains(&method.to_lowercase()), "{methods:?}");
        let allowed = listed(&page.headers, "access-control-allow-headers");
        assert!(headers.split(',').all(|name| allowed.contains(&name.to_owned())), "{allowed:?}");
        let other = preflight("https://evil.example").await;
        assert_eq!(other.header("access-control-allow-origin"), None);
    }
}

/// The words of a header, in small letters.
fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let value = headers.get(name).map_or("", |value| value.to_str().unwrap());
    value.split(',').map(|word| word.trim().to_lowercase()).collect()
}
