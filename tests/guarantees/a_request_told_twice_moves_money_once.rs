//! A request that moves money has a key: told again, at once or after a crash, it is answered as it was, and moves nothing.

use std::cell::RefCell;

use curbe_tests::stack::services::Kind;
use curbe_tests::stack::wait_until;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::backend::{Backend, page, purchase};
use crate::fixture::browser::Page;
use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

const AUTHORIZATIONS: &str = "/api/gatekeeper/authorizations";

async fn open() -> (Bank, Backend, User) {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    (bank, backend, user)
}

/// The answer without what is of one telling alone.
fn told(page: &Page) -> (u16, Value) {
    let mut body = page.body.clone();
    body.as_object_mut().unwrap().remove("requestId");
    (page.status, body)
}

/// Tells it three times, twice of it at one instant; all of them must be answered alike.
async fn thrice(backend: &Backend, path: &str, key: &str, body: &Value) -> Page {
    let (one, other) = tokio::join!(backend.post(path, key, body), backend.post(path, key, body));
    let third = backend.post(path, key, body).await;
    assert_eq!(told(&one), told(&other), "{path}");
    assert_eq!(told(&one), told(&third), "{path}");
    third
}

#[tokio::test]
async fn whatever_it_is() {
    let (bank, backend, user) = open().await;
    let organization = format!("/api/organizations/{}", user.organization);
    let movement =
        |amount: &str, reference: &str| json!({ "amount": amount, "reference": reference });
    let refills = format!("{organization}/refills");
    let refilled = thrice(&backend, &refills, "k-1", &movement("5.00", "pay-1")).await;
    assert_eq!((refilled.status, &refilled.body["balance"]), (201, &json!("15.0000")));
    let adjustments = format!("{organization}/adjustments");
    let adjusted = thrice(&backend, &adjustments, "k-2", &movement("-1.00", "ticket-1")).await;
    assert_eq!((adjusted.status, &adjusted.body["balance"]), (201, &json!("14.0000")));
    let body = purchase(&user, "2.00", "number-1");
    let authorized = thrice(&backend, AUTHORIZATIONS, "k-3", &body).await;
    assert_eq!((authorized.status, &authorized.body["held"]), (201, &json!("2.0000")));
    let id = authorized.body["authorizationId"].as_str().unwrap();
    let capture = format!("{AUTHORIZATIONS}/{id}/capture");
    let captured = thrice(&backend, &capture, "k-4", &json!({ "amount": "1.75" })).await;
    assert_eq!((captured.status, &captured.body["balance"]), (200, &json!("12.2500")));
    let charge = &captured.body["transactionId"];
    let refund = json!({ "amount": "0.75", "reference": "refund-1", "transactionId": charge });
    let refunds = format!("{organization}/refunds");
    let refunded = thrice(&backend, &refunds, "k-5", &refund).await;
    assert_eq!((refunded.status, &refunded.body["balance"]), (201, &json!("13.0000")));
    // Refusals too are told again, whatever has changed meanwhile.
    let much = purchase(&user, "14.00", "number-2");
    assert_eq!(thrice(&backend, AUTHORIZATIONS, "k-6", &much).await.status, 402);
    assert_eq!(backend.moves(&user, "refills", "5.00", "pay-2").await.status, 201);
    bank.cached_as_booked(&user).await;
    assert_eq!(thrice(&backend, AUTHORIZATIONS, "k-6", &much).await.status, 402);
    let authorized = thrice(&backend, AUTHORIZATIONS, "k-7", &much).await;
    let id = authorized.body["authorizationId"].as_str().unwrap();
    let released =
        thrice(&backend, &format!("{AUTHORIZATIONS}/{id}/release"), "k-8", &json!({})).await;
    assert_eq!((released.status, &released.body["held"]), (200, &json!("0.0000")));
    bank.holds_are(&user, 0).await;
    assert_eq!(bank.balance(&user).await, "18.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn byte_for_byte() {
    let (bank, backend, user) = open().await;
    let body = purchase(&user, "2.00", "number-1");
    assert_eq!(backend.post(AUTHORIZATIONS, "k", &body).await.status, 201);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let request = backend.request(Method::POST, AUTHORIZATIONS);
        let answer = request.header("idempotency-key", "k").json(&body).send().await.unwrap();
        texts.push(answer.text().await.unwrap());
    }
    assert_eq!(texts[0], texts[1]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn and_a_key_is_of_one_request() {
    let (bank, backend, user) = open().await;
    let refills = format!("/api/organizations/{}/refills", user.organization);
    let body = json!({ "amount": "5.00", "reference": "pay-1" });
    let other = json!({ "amount": "5.01", "reference": "pay-1" });
    assert_eq!(backend.post(&refills, "k", &body).await.status, 201);
    let adjustments = refills.replace("refills", "adjustments");
    for (path, body) in [(&refills, &other), (&adjustments, &body)] {
        let page = backend.post(path, "k", body).await;
        assert_eq!(page.outcome(), (422, Some("idempotency_key_reused")), "{page:?}");
    }
    // Under another key the reference still stands for the first.
    let repeated = backend.post(&refills, "k-2", &body).await;
    assert_eq!((repeated.status, &repeated.body["amount"]), (200, &json!("5.0000")));
    let page = backend.post(&refills, "k-3", &other).await;
    assert_eq!(page.outcome(), (409, Some("reference_used")));
    assert_eq!(bank.balance(&user).await, "15.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn or_it_is_refused() {
    let (bank, backend, user) = open().await;
    let post = |path: &str| backend.request(Method::POST, path);
    let body = json!({ "amount": "5.00", "reference": "pay-1" });
    for what in ["refills", "adjustments", "refunds"] {
        let path = format!("/api/organizations/{}/{what}", user.organization);
        for request in
            [post(&path).json(&body), post(&path).header("Idempotency-Key", "").json(&body)]
        {
            let page = backend.send(request).await;
            assert_eq!(page.outcome(), (400, Some("idempotency_key_required")), "{what}");
        }
    }
    let refills = format!("/api/organizations/{}/refills", user.organization);
    let keyed = || post(&refills).header("Idempotency-Key", "k");
    let json = || keyed().header("Content-Type", "application/json");
    for (request, status, code) in [
        (keyed().body("{}"), 415, "unsupported_media_type"),
        (json().body("{"), 400, "malformed_body"),
        (json().body(" ".repeat(65_537)), 413, "body_too_large"),
        (json().body("[]"), 422, "invalid_body"),
        (json().body(r#"{"amount":5,"reference":"r"}"#), 422, "invalid_body"),
        (json().body(r#"{"amount":"5","reference":"r","more":1}"#), 422, "invalid_body"),
        (json().body(r#"{"amount":"0","reference":"r"}"#), 422, "invalid_body"),
        (json().body(r#"{"amount":"5","reference":""}"#), 422, "invalid_body"),
    ] {
        let page = backend.send(request).await;
        assert_eq!(page.outcome(), (status, Some(code)), "{page:?}");
    }
    let nobody = reqwest::Client::new().post(format!("{}{refills}", bank.stack.worker_url()));
    assert_eq!(page(nobody.send().await.unwrap()).await.outcome(), (401, Some("unauthorized")));
    // Nothing of it was kept under the key.
    assert_eq!(backend.post(&refills, "k", &body).await.status, 201);
    assert_eq!(bank.balance(&user).await, "15.0000");
    bank.books_are_clean().await;
}

/// Kills the worker while it writes to this table, and tells the request again.
async fn killed_while_it_writes(
    bank: &Bank,
    table: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Page {
    let mut blocking = bank.stack.pool().begin().await.unwrap();
    let lock = format!("lock table {table} in share mode");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *blocking).await.unwrap();
    let backend = bank.backend();
    let ask = || {
        let request = backend.request(Method::POST, path).header("Idempotency-Key", key);
        tokio::spawn(request.json(body).send())
    };
    let asking = RefCell::new(ask());
    wait_until(SOON, "the worker to write", async || {
        // Told that just now nothing can be said.
        if asking.borrow().is_finished() {
            asking.replace(ask());
        }
        let waiting = "select count(*) from pg_stat_activity where datname = current_database()
            and application_name = 'curbe-worker-backend' and wait_event_type = 'Lock'";
        match bank.count(waiting).await {
            1 => Ok(()),
            count => Err(count),
        }
    })
    .await;
    let worker = bank.stack.services_of(Kind::Worker)[0].clone();
    worker.process().end_at_once();
    assert!(asking.into_inner().await.unwrap().is_err());
    blocking.rollback().await.unwrap();
    worker.restart().await.unwrap();
    bank.backend().post(path, key, body).await
}

#[tokio::test]
async fn also_if_the_worker_is_killed_in_between() {
    let (bank, backend, user) = open().await;
    let body = purchase(&user, "2.00", "number-1");
    let authorized =
        killed_while_it_writes(&bank, "authorizations", AUTHORIZATIONS, "k-1", &body).await;
    assert_eq!((authorized.status, &authorized.body["held"]), (201, &json!("2.0000")));
    let id = authorized.body["authorizationId"].as_str().unwrap();
    assert_eq!(bank.set_aside(&user).await, [(format!("other:{id}"), "20000|o|".to_owned())]);
    let capture = format!("{AUTHORIZATIONS}/{id}/capture");
    let body = json!({ "amount": "2.00" });
    let captured =
        killed_while_it_writes(&bank, "wallet_transactions", &capture, "k-2", &body).await;
    assert_eq!((captured.status, &captured.body["balance"]), (200, &json!("8.0000")));
    assert_eq!(told(&backend.post(&capture, "k-2", &body).await), told(&captured));
    let charged = "select count(*) from wallet_transactions where type = 'number_purchase'";
    assert_eq!(bank.count(charged).await, 1);
    bank.holds_are(&user, 0).await;
    bank.books_are_clean().await;
}
