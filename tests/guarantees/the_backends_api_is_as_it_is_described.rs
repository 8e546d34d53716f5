//! `worker/openapi.json` says what the worker's own port does: each answer is one that is described, and every path that is
//! described is there for those with a token alone.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::backend::page;
use crate::fixture::browser::Page;
use crate::fixture::description::Description;

const AUTHORIZATIONS: &str = "/api/gatekeeper/authorizations";

#[tokio::test]
async fn to_nobody_without_a_token() {
    let bank = Bank::open().await;
    let description = Description::of_worker();
    let mut paths = 0;
    for (path, operations) in description.0["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let real = real(path);
            let asked = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let url = format!("{}{real}", bank.stack.worker_url());
            let answer = reqwest::Client::new().request(asked.clone(), url).send().await.unwrap();
            let answer = page(answer).await;
            assert_eq!(answer.outcome(), (401, Some("unauthorized")), "{method} {path}");
            description.holds(method, path, &answer);
            if method != "get" {
                let answer = bank.backend().send(bank.backend().request(asked, &real)).await;
                assert_eq!(answer.status, 400, "{method} {path}: {answer:?}");
                description.holds(method, path, &answer);
            }
            paths += 1;
        }
    }
    assert_eq!(paths, 13);
}

/// A path with something in it.
fn real(path: &str) -> String {
    let id = "00000000-0000-4000-8000-000000000000";
    let named = path.replace("{id}", id).replace("{number}", "+15005550001");
    let named = named.replace("{provider}", "twilio").replace("{account}", "AC1");
    named.replace("{identity}", "client:ana")
}

#[tokio::test]
async fn on_each_path() {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let description = Description::of_worker();
    let holds = |method: &str, path: &str, page: Page, status: u16| {
        assert_eq!(page.status, status, "{path}: {page:?}");
        description.holds(method, path, &page);
        page.body
    };
    for (cost, status) in [("1.00", 200), ("11.00", 402), ("-1", 422)] {
        holds("post", "/api/gatekeeper/check", backend.check(&user, cost).await, status);
    }
    let authorize = async |cost, reference, status| {
        let page = backend.authorize(&user, cost, reference).await;
        let body = holds("post", AUTHORIZATIONS, page, status);
        format!("{AUTHORIZATIONS}/{}", body["authorizationId"].as_str().unwrap_or_default())
    };
    let first = authorize("2.00", "number-1", 201).await;
    authorize("2.00", "number-1", 200).await;
    authorize("3.00", "number-1", 409).await;
    authorize("9.00", "number-2", 402).await;
    let capture = format!("{AUTHORIZATIONS}/{{id}}/capture");
    let captured = holds("post", &capture, backend.capture(&first, "2.00").await, 200);
    holds("post", &capture, backend.capture(&first, "2.00").await, 409);
    let second = authorize("2.00", "number-3", 201).await;
    let release = format!("{AUTHORIZATIONS}/{{id}}/release");
    holds("post", &release, backend.release(&second).await, 200);
    holds("post", &release, backend.release(&first).await, 409);
    let nothing = format!("{AUTHORIZATIONS}/{}", Uuid::new_v4());
    holds("post", &release, backend.release(&nothing).await, 404);
    for what in ["refills", "adjustments"] {
        for (amount, status) in [("1.00", 201), ("1.00", 200), ("2.00", 409), ("0", 422)] {
            let page = backend.moves(&user, what, amount, "r").await;
            holds("post", &format!("/api/organizations/{{id}}/{what}"), page, status);
        }
    }
    let charge = captured["transactionId"].as_str().unwrap();
    for (amount, reference, status) in [("1.00", "r", 201), ("1.00", "r", 200), ("9.00", "s", 409)]
    {
        let page = backend.refund(&user, amount, reference, charge).await;
        holds("post", "/api/organizations/{id}/refunds", page, status);
    }
    bank.books_are_clean().await;
}

#[tokio::test]
async fn for_each_customer() {
    let bank = Bank::open().await;
    let (backend, description) = (bank.backend(), Description::of_worker());
    let (organization, user) = (Uuid::new_v4(), Uuid::new_v4());
    let nobody = json!({ "userId": Uuid::new_v4(), "provider": "twilio" });
    let owned = json!({ "userId": user, "provider": "twilio" });
    let named = json!({ "name": "Acme" });
    let mail = json!({ "email": "ana@example.com", "organizationId": organization });
    let told: [(&str, String, &Value, u16); 14] = [
        ("/api/organizations/{id}", format!("/api/organizations/{organization}"), &named, 201),
        ("/api/organizations/{id}", format!("/api/organizations/{organization}"), &named, 200),
        ("/api/organizations/{id}", format!("/api/organizations/{organization}"), &mail, 422),
        ("/api/users/{id}", format!("/api/users/{user}"), &mail, 201),
        ("/api/users/{id}", format!("/api/users/{user}"), &mail, 200),
        ("/api/users/{id}", format!("/api/users/{organization}"), &mail, 409),
        ("/api/numbers/{number}", "/api/numbers/+15005550001".to_owned(), &owned, 201),
        ("/api/numbers/{number}", "/api/numbers/+15005550001".to_owned(), &owned, 200),
        ("/api/numbers/{number}", "/api/numbers/+15005550001".to_owned(), &nobody, 404),
        ("/api/identities/{identity}", "/api/identities/client:ana".to_owned(), &owned, 201),
        ("/api/identities/{identity}", "/api/identities/client:ana".to_owned(), &owned, 200),
        ("/api/identities/{identity}", "/api/identities/client:ana".to_owned(), &nobody, 404),
        (
            "/api/accounts/{provider}/{account}",
            "/api/accounts/twilio/AC1".to_owned(),
            &json!({ "organizationId": organization }),
            201,
        ),
        (
            "/api/accounts/{provider}/{account}",
            "/api/accounts/twilio/AC1".to_owned(),
            &json!({ "organizationId": user }),
            404,
        ),
    ];
    for (described, path, body, status) in told {
        let page = backend.put(&path, body).await;
        assert_eq!(page.status, status, "{path} {body}: {page:?}");
        description.holds("put", described, &page);
    }
}
