//! The backend makes customers over HTTP as operators do by `curbe`: under its own ids, told twice they are there once, and
//! their calls are theirs from then on.

use curbe_tests::stack::wait_until;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::backend::Backend;
use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

const NUMBER: &str = "+15005550001";

/// Says it twice: it is new, and then it is there.
async fn twice(backend: &Backend, path: &str, body: &Value) -> Value {
    let made = backend.put(path, body).await;
    assert_eq!((made.status, &made.body["change"]), (201, &json!("created")), "{path}: {made:?}");
    let again = backend.put(path, body).await;
    assert_eq!((again.status, &again.body["change"]), (200, &json!("unchanged")), "{again:?}");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(again.body[name], *value, "{path}: {name}");
    }
    again.body
}

/// An organization with a user.
async fn customer(backend: &Backend) -> User {
    let (organization, id) = (Uuid::new_v4(), Uuid::new_v4());
    let body = json!({ "name": "Acme", "currency": "USD", "rateDeck": "default", "language": "en",
        "concurrentCallsMax": 3, "blockedPrefixes": ["1900"] });
    let made = twice(backend, &format!("/api/organizations/{organization}"), &body).await;
    assert_eq!((&made["walletId"], &made["minimumThreshold"]), (&Value::Null, &Value::Null));
    let body = json!({ "organizationId": organization, "email": format!("{id}@example.com"), "role": "admin" });
    let made = twice(backend, &format!("/api/users/{id}"), &body).await;
    let wallet = made["walletId"].as_str().unwrap().parse().unwrap();
    User { id, organization, wallet, number: NUMBER.to_owned() }
}

#[tokio::test]
async fn and_their_calls_are_charged() {
    let bank = Bank::open().await;
    let backend = bank.backend();
    let user = customer(&backend).await;
    let body = json!({ "userId": user.id, "provider": "twilio", "inboundTarget": "client:ana" });
    twice(&backend, &format!("/api/numbers/{NUMBER}"), &body).await;
    let body = json!({ "userId": user.id, "provider": "twilio", "account": "AC1" });
    let identity = twice(&backend, "/api/identities/client%3Aana", &body).await;
    assert_eq!(identity["identity"], "client:ana");
    let body = json!({ "organizationId": user.organization });
    twice(&backend, "/api/accounts/twilio/AC1", &body).await;
    assert_eq!(backend.moves(&user, "refills", "10.00", "pay-1").await.status, 201);
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    // The cache knows of it without being asked.
    bank.cache_is_current().await;
    bank.all_is_well().await;
}

#[tokio::test]
async fn and_are_changed_by_what_is_said() {
    let bank = Bank::open().await;
    let backend = bank.backend();
    let user = customer(&backend).await;
    // The wallet is known to the cache as it was.
    assert_eq!(backend.moves(&user, "refills", "10.00", "pay-1").await.status, 201);
    let organization = format!("/api/organizations/{}", user.organization);
    let body = json!({ "name": "Apex", "concurrentCallsMax": null, "minimumThreshold": "2.5000" });
    let changed = backend.put(&organization, &body).await;
    assert_eq!((changed.status, &changed.body["change"]), (200, &json!("updated")), "{changed:?}");
    let body = &changed.body;
    let told = [&body["name"], &body["concurrentCallsMax"], &body["minimumThreshold"]];
    assert_eq!(told, [&json!("Apex"), &Value::Null, &json!("2.5000")]);
    // What is not said stays.
    assert_eq!((&body["language"], &body["blockedPrefixes"]), (&json!("en"), &json!(["1900"])));
    let again = json!({ "name": "Apex", "minimumThreshold": "2.5" });
    assert_eq!(backend.put(&organization, &again).await.body["change"], "unchanged");
    let version = bank.count("select version from wallets").await.to_string();
    wait_until(SOON, "the cached wallet", async || {
        let cached = bank.cached(&user, &["version", "threshold"]).await;
        let is_known = cached == [Some(version.clone()), Some("25000".to_owned())];
        if is_known { Ok(()) } else { Err(format!("{cached:?}")) }
    })
    .await;
    let target =
        |target: Value| json!({ "userId": user.id, "provider": "telnyx", "inboundTarget": target });
    let number = format!("/api/numbers/{NUMBER}");
    backend.put(&number, &target(json!("client:ana"))).await;
    let kept = backend.put(&number, &json!({ "userId": user.id, "provider": "telnyx" })).await;
    assert_eq!(kept.body["inboundTarget"], "client:ana");
    let removed = backend.put(&number, &target(Value::Null)).await;
    assert_eq!((&removed.body["inboundTarget"], removed.status), (&Value::Null, 200));
    bank.books_are_clean().await;
}

#[tokio::test]
async fn or_it_is_said_why_not() {
    let bank = Bank::open().await;
    let backend = bank.backend();
    let user = customer(&backend).await;
    let nobody = Uuid::new_v4();
    let (organization, person) =
        (format!("/api/organizations/{}", user.organization), format!("/api/users/{}", user.id));
    let email = json!(format!("{}@example.com", user.id));
    for (path, body, status, code) in [
        (organization.clone(), json!({ "name": "Acme", "currency": "EUR" }), 409, "different"),
        (organization.clone(), json!({ "name": " " }), 422, "invalid_body"),
        (organization.clone(), json!({ "name": "A", "language": "de" }), 422, "invalid_body"),
        (
            organization.clone(),
            json!({ "name": "A", "blockedPrefixes": ["+1"] }),
            422,
            "invalid_body",
        ),
        (
            organization.clone(),
            json!({ "name": "A", "concurrentCallsMax": 0 }),
            422,
            "invalid_body",
        ),
        (organization, json!({ "name": "A", "minimumThreshold": "-1" }), 422, "invalid_body"),
        (
            format!("/api/organizations/{nobody}"),
            json!({ "name": "A", "minimumThreshold": "1" }),
            409,
            "no_wallet",
        ),
        (person, json!({ "email": "other@example.com" }), 409, "different"),
        (format!("/api/users/{nobody}"), json!({ "email": email }), 409, "email_taken"),
        (
            format!("/api/users/{nobody}"),
            json!({ "email": "a@example.com", "organizationId": nobody }),
            404,
            "not_found",
        ),
        (
            format!("/api/numbers/{NUMBER}"),
            json!({ "userId": nobody, "provider": "twilio" }),
            404,
            "not_found",
        ),
        ("/api/numbers/5255".to_owned(), json!({}), 404, "not_found"),
        (
            "/api/identities/client:ana".to_owned(),
            json!({ "userId": user.id, "account": "AC1" }),
            422,
            "invalid_body",
        ),
    ] {
        let page = backend.put(&path, &body).await;
        assert_eq!(page.outcome(), (status, Some(code)), "{path} {body}: {page:?}");
    }
    let page = backend.send(backend.request(Method::GET, "/api/users/x")).await;
    assert_eq!(page.status, 404);
    assert_eq!(bank.count("select count(*) from organizations").await, 1);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn as_operators_do_by_hand() {
    let bank = Bank::without_worker().await;
    let id = Uuid::new_v4().to_string();
    let create = ["organizations", "create", "--name", "Acme", "--id", &id, "--language", "en"];
    let more = ["--concurrent-calls-max", "3", "--blocked-prefixes", "1900,52"];
    let create = [&create[..], &more[..]].concat();
    for change in ["created", "unchanged"] {
        assert_eq!(bank.curbe(&create).await["change"], change);
    }
    // It tells the cache; a busy machine may have been too slow for it, and then there is a second time.
    wait_until(SOON, "the cached directory", async || {
        let status = bank.cache("status").await;
        if status["directoryRevision"] == status["directoryRevisionInDatabase"] {
            return Ok(());
        }
        bank.curbe(&create).await;
        Err(status)
    })
    .await;
    bank.stack.start_worker(&[]).await.unwrap();
    let (path, body) = (format!("/api/organizations/{id}"), json!({ "name": "Acme" }));
    let put = bank.backend().put(&path, &body).await.body;
    let told =
        [&put["change"], &put["language"], &put["concurrentCallsMax"], &put["blockedPrefixes"]];
    assert_eq!(told, [&json!("unchanged"), &json!("en"), &json!(3), &json!(["1900", "52"])]);
    let other = ["organizations", "create", "--name", "Acme", "--id", &id, "--language", "es"];
    assert_eq!(bank.run(&other).await.status, Some(1));
}
