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
    assert_eq!(paths, 20);
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

#[tokio::test]
async fn of_what_could_not_be_used() {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let description = Description::of_worker();
    let calls = [(); 3].map(|()| user.calls("+999123456", 61));
    for call in &calls {
        bank.hang_up(call).await;
    }
    bank.drained().await;
    let path = "/api/dead-letters";
    let get = async |described: &str, path: String, status: u16| {
        let page = backend.send(backend.request(Method::GET, &path)).await;
        assert_eq!(page.status, status, "{path}: {page:?}");
        description.holds("get", described, &page);
        page.body
    };
    let first = get(path, format!("{path}?limit=2&provider=twilio&reason=no_rate"), 200).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = get(path, format!("{path}?limit=2&cursor={cursor}"), 200).await;
    let ids = |page: &Value| {
        let letters = page["data"].as_array().unwrap().iter();
        letters.map(|letter| letter["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = [ids(&first), ids(&second)].concat();
    assert_eq!((ids.len(), &second["nextCursor"]), (3, &Value::Null));
    assert_eq!((&first["total"], &second["total"]), (&json!(3), &Value::Null));
    let owned = format!("{path}?organizationId={}", user.organization);
    assert_eq!(get(path, owned, 200).await["data"].as_array().unwrap().len(), 3);
    let others = format!("{path}?organizationId={}&status=all", Uuid::new_v4());
    assert_eq!(get(path, others, 200).await["data"], json!([]));
    get(path, format!("{path}?limit=0"), 400).await;
    // A time that is none to Postgres.
    get(path, format!("{path}?cursor=-210863606400000000.{}", Uuid::nil()), 400).await;

    let one = "/api/dead-letters/{id}";
    let shown = get(one, format!("{path}/{}", ids[0]), 200).await;
    assert_eq!(shown["now"]["letters"][0]["reason"], "no_rate");
    assert_eq!(shown["payload"]["decoded"][0]["name"], "CallSid", "{shown:#}");
    get(one, format!("{path}/{}", Uuid::new_v4()), 404).await;

    let post = async |described: &str, path: String, body: Value, status: u16| {
        let request = backend.request(Method::POST, &path).json(&body);
        let page = backend.send(request).await;
        assert_eq!(page.status, status, "{path}: {page:?}");
        description.holds("post", described, &page);
        page.body
    };
    let (replay, all) = ("/api/dead-letters/{id}/replay", "/api/dead-letters/replay");
    let by = json!({ "by": "ana@example.com", "why": "rates" });
    let still = post(replay, format!("{path}/{}/replay", ids[0]), by.clone(), 200).await;
    assert_eq!((&still["failing"], &still["settled"]), (&json!(1), &json!(0)));
    post(replay, format!("{path}/{}/replay", Uuid::new_v4()), by.clone(), 404).await;
    post(replay, format!("{path}/{}/replay", ids[0]), json!({ "by": " " }), 422).await;
    bank.insert_rate("999", "0.0132", "0.0010").await;
    let dry = json!({ "by": "ana", "dryRun": true, "reason": "no_rate" });
    let look = post(all, all.to_owned(), dry, 200).await;
    assert_eq!(look["wallets"][0]["amount"], "-0.0822");
    assert_eq!(bank.spent(&user).await, "0.0000");
    let discard = format!("{path}/{}/discard", ids[2]);
    post("/api/dead-letters/{id}/discard", discard, by.clone(), 200).await;
    let one = json!({ "by": "ana", "why": "rates", "limit": 1 });
    let sent = post(all, all.to_owned(), one, 200).await;
    assert_eq!((&sent["total"], &sent["settled"]), (&json!(1), &json!(1)));
    let sent = post(all, all.to_owned(), by, 200).await;
    assert_eq!((&sent["total"], &sent["settled"]), (&json!(1), &json!(1)));
    assert_eq!(bank.spent(&user).await, "0.0548");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn of_several_that_are_named() {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let description = Description::of_worker();
    let calls = [(); 4].map(|()| user.calls("+999123456", 61));
    let mut ids = Vec::new();
    for call in &calls {
        bank.hang_up(call).await;
        bank.drained().await;
        ids.push(bank.letters(&call.sid).await.remove(0).id);
    }
    let post = async |path: &str, body: Value, status: u16| {
        let page = backend.send(backend.request(Method::POST, path).json(&body)).await;
        assert_eq!(page.status, status, "{path} {body}: {page:?}");
        description.holds("post", path, &page);
        page.body
    };
    let (replay, discard) = ("/api/dead-letters/replay", "/api/dead-letters/discard");
    let with = |more: Value| {
        let mut body = json!({ "by": "ana@example.com", "why": "rates" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    // Nobody says why, or it is not said right which, or how fast.
    for wrong in [
        json!({ "why": "", "ids": ids }),
        json!({ "why": " \n", "limit": 1 }),
        json!({ "ids": [] }),
        json!({ "ids": ids, "reason": "no_rate" }),
        json!({ "ids": ids, "limit": 2 }),
        json!({ "ids": vec![ids[0]; 1_001] }),
        json!({ "limit": 1_001 }),
        json!({ "ids": ids, "rate": 19 }),
    ] {
        post(replay, with(wrong), 422).await;
    }
    for wrong in [json!({}), json!({ "ids": [] }), json!({ "why": " ", "ids": ids })] {
        post(discard, with(wrong), 422).await;
    }
    for path in [replay, discard] {
        post(path, with(json!({ "ids": [ids[0], Uuid::new_v4()] })), 404).await;
    }
    assert_eq!(bank.count("select count(*) from operator_runs").await, 0);
    assert_eq!(bank.letters_that_are("open").await, 4);

    let gone = post(discard, with(json!({ "ids": ids[2..] })), 200).await;
    assert_eq!(gone["letters"].as_array().unwrap().len(), 2, "{gone}");
    bank.insert_rate("999", "0.0132", "0.0010").await;
    // Those that are named are meant whatever was decided about them before, the others are not.
    let named = json!({ "ids": ids[1..3], "rate": 1_000 });
    let look = json!({ "by": "ana@example.com", "ids": ids[1..3], "dryRun": true });
    assert_eq!(post(replay, look, 200).await["wallets"][0]["amount"], "-0.0548");
    let sent = post(replay, with(named), 200).await;
    assert_eq!((&sent["total"], &sent["settled"]), (&json!(2), &json!(2)), "{sent}");
    for (call, charges) in calls.iter().zip([0, 1, 1, 0]) {
        assert_eq!(bank.charges(&call.sid).await.len(), charges);
    }
    bank.books_are_clean().await;
}
