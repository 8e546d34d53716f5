//! What is said beyond what is asked changes nothing: no field sets a balance, a price or an owner; no header names another
//! address; and an id or a cursor of somebody else's opens nothing.

use curbe_tests::simulator::sign::Webhook;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::customers::OPENING;

const MORE: [(&str, &str); 7] = [
    ("balance", "999999.0000"),
    ("walletId", "00000000-0000-0000-0000-000000000001"),
    ("wallet_id", "00000000-0000-0000-0000-000000000001"),
    ("seq", "7"),
    ("version", "7"),
    ("createdAt", "2020-01-01T00:00:00Z"),
    ("customerPrice", "0.0001"),
];

#[tokio::test]
async fn in_the_body_of_a_request() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let (user, backend) = (bank.customer().await, bank.backend());
    let organization = format!("/api/organizations/{}", user.organization);
    for (name, value) in MORE {
        let with = |mut body: Value| {
            body[name] = value.into();
            body
        };
        for (method, path, body) in [
            (Method::PUT, organization.clone(), json!({ "name": "Acme" })),
            (
                Method::PUT,
                format!("/api/users/{}", user.id),
                json!({ "email": "a@example.com", "organizationId": user.organization }),
            ),
            (
                Method::POST,
                format!("{organization}/refills"),
                json!({ "amount": "1.0000", "reference": "r1" }),
            ),
            (
                Method::POST,
                "/api/gatekeeper/authorizations".to_owned(),
                json!({
                    "organizationId": user.organization, "action": "number_purchase",
                    "estimatedCost": "1.0000", "reference": "n1",
                }),
            ),
        ] {
            let request = backend.request(method.clone(), &path).json(&with(body));
            let key = Uuid::new_v4().to_string();
            let page = backend.send(request.header("Idempotency-Key", key)).await;
            assert_eq!(page.outcome(), (422, Some("invalid_body")), "{method} {path} {name}");
        }
        let check = with(json!({ "to": "+523312345678" }));
        let page = bank.browser(&user).post("/api/calls/check", &check).await;
        assert_eq!(page.status, 422, "{name}: {page:?}");
    }
    assert_eq!(bank.balance(&user).await, OPENING);
    assert_eq!(bank.seq(&user).await, 1);
}

#[tokio::test]
async fn in_a_webhook() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+523312345678", 61);
    let mut fields = call.hangup();
    // Twilio's own price, and whatever else could pass for ours.
    for (name, value) in
        [("Price", "-0.0001"), ("PriceUnit", "USD"), ("rate", "0"), ("organizationId", "1")]
    {
        fields.push((name, value.to_owned()));
    }
    bank.tell(&fields).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    bank.all_is_well().await;
}

#[tokio::test]
async fn in_the_headers_that_a_proxy_adds() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let client = Client::builder().no_proxy().build().unwrap();
    let send = |webhook: Webhook, host: &'static str| {
        let request = client.post(format!("{}{}", bank.ingest.url(), webhook.path));
        let request = ["Host", "X-Forwarded-Host", "X-Original-Host", "X-Host"]
            .into_iter()
            .fold(request, |request, name| request.header(name, host));
        let request = request
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Port", "443")
            .header("Forwarded", format!("host={host};proto=https"))
            .header("X-Original-URL", "/api/webhooks/elsewhere");
        let request = webhook
            .headers()
            .fold(request, |request, (name, value)| request.header(name, value.to_owned()));
        request.body(webhook.body.clone()).send()
    };
    // Signed for an address of his own, which he says is this one.
    let evil =
        curbe_tests::simulator::signers::Signers::new(bank.stack.secrets(), "https://evil.example");
    let forged = user.calls("+523312345678", 61);
    let webhook = evil.twilio.form("/api/webhooks/voice-events", &forged.hangup());
    assert_eq!(send(webhook, "evil.example").await.unwrap().status(), 403);
    // Signed for ours, whatever is said of it on the way.
    let genuine = user.calls("+523312345678", 61);
    let webhook = bank.signed(&genuine.hangup());
    assert_eq!(send(webhook, "evil.example").await.unwrap().status(), 204);
    assert_eq!(bank.settled(&genuine.sid).await, "charged");
    bank.all_is_well().await;
    assert_eq!(bank.settled_as(&forged.sid).await, None);
}

#[tokio::test]
async fn with_ids_of_somebody_elses() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let (owner, stranger) = (bank.customer().await, bank.customer().await);
    let calls = [(); 3].map(|()| owner.calls("+523312345678", 61));
    bank.hang_up_all(&calls).await;
    let own = stranger.calls("+523312345678", 61);
    bank.hang_up(&own).await;
    bank.all_is_well().await;
    let (owners, strangers) = (bank.browser(&owner), bank.browser(&stranger));
    let log = owners.read("/api/logs?limit=1").await;
    let row = owners.read("/api/wallet/transactions?limit=1").await;
    let ids = [
        log["data"][0]["id"].as_str().unwrap().to_owned(),
        row["data"][0]["id"].as_str().unwrap_or_default().to_owned(),
        calls[0].sid.clone(),
        owner.wallet.to_string(),
        owner.id.to_string(),
        owner.organization.to_string(),
    ];
    for id in ids.iter().filter(|id| !id.is_empty()) {
        for path in [format!("/api/logs/{id}"), format!("/api/logs/{id}/recording")] {
            let page = strangers.get(&path).await;
            assert_eq!(page.outcome(), (404, Some("not_found")), "{path}");
        }
    }
    // His cursors lead only through what is one's own.
    for (path, page) in [("/api/logs", &log), ("/api/wallet/transactions", &row)] {
        let cursor = page["nextCursor"].as_str().unwrap();
        let read = strangers.read(&format!("{path}?cursor={cursor}")).await;
        assert!(all_of(&read).iter().all(|text| !owner_is_named(text, &owner, &calls)), "{read}");
    }
    let shown = strangers.shown();
    assert!(!owner_is_named(&shown, &owner, &calls), "{shown}");
}

fn all_of(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(Value::to_string).collect()
}

fn owner_is_named(
    text: &str,
    owner: &crate::fixture::customers::User,
    calls: &[curbe_tests::simulator::twilio::TwilioCall],
) -> bool {
    let ids = [owner.id, owner.organization, owner.wallet].map(|id| id.to_string());
    let legs = calls.iter().map(|call| &call.sid);
    ids.iter().chain(legs).chain([&owner.number]).any(|name| text.contains(name.as_str()))
}
