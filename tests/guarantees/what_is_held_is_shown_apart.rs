//! What there is, what is set aside for calls under way, and what is left for new ones: three amounts, told apart wherever
//! they are told; and each sees the calls that are his.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::browser::Browser;
use crate::fixture::customers::User;
use crate::fixture::office::Office;

const MEXICO: &str = "+523312345678";
const RUNNING: &str = "/api/calls/running";

/// Balance, held and available.
async fn amounts(browser: &Browser) -> Value {
    let wallet = browser.read("/api/wallet/balance").await;
    json!([wallet["balance"], wallet["held"], wallet["available"]])
}

async fn legs(browser: &Browser) -> Vec<String> {
    let calls = browser.read(RUNNING).await;
    let legs = calls["data"].as_array().unwrap().iter().map(|call| &call["externalCallId"]);
    legs.map(|leg| leg.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn in_the_balance() {
    let Office { bank, caller, stranger, .. } = &Office::open(&[]).await;
    let browser = bank.browser(caller);
    let before = browser.get("/api/wallet/balance").await;
    let known = before.header("etag").unwrap();
    assert_eq!(amounts(&browser).await, json!(["10.0000", "0.0000", "10.0000"]));

    // Asked about twice, a leg holds once, and the larger amount.
    bank.call_begins(caller, "CA1", "1.5000", 600).await;
    bank.call_begins(caller, "CA1", "0.5000", 200).await;
    bank.call_begins(caller, "CA2", "0.2500", 60).await;
    assert_eq!(amounts(&browser).await, json!(["10.0000", "1.7500", "8.2500"]));
    // Nothing else has changed, so that only the tag tells.
    let again = browser.request(Method::GET, "/api/wallet/balance").header("if-none-match", known);
    assert_eq!(browser.send(again).await.status, 200);
    let others = bank.browser(stranger);
    assert_eq!(amounts(&others).await, json!(["10.0000", "0.0000", "10.0000"]));

    for leg in ["CA1", "CA2"] {
        bank.call_ends(caller, leg).await;
    }
    assert_eq!(amounts(&browser).await, json!(["10.0000", "0.0000", "10.0000"]));
}

#[tokio::test]
async fn in_what_a_new_call_could_have() {
    let Office { bank, caller, .. } = &Office::open(&[]).await;
    let browser = bank.browser(caller);
    let check = async || browser.post("/api/calls/check", &json!({ "to": MEXICO })).await;
    assert_eq!(check().await.body["maxSeconds"], 14_400);
    bank.call_begins(caller, "CA1", "9.5000", 600).await;
    // Half of the rest, in whole minutes: 0.2500 pays for floor((0.2500 - 0.0010) / 0.0132) = 18 of them.
    assert_eq!(check().await.body["maxSeconds"], 1_080);
    bank.call_begins(caller, "CA2", "0.4900", 600).await;
    let refused = check().await;
    assert_eq!(refused.outcome(), (402, Some("insufficient_funds")));
    assert_eq!(refused.body["available"], "0.0100");
}

#[tokio::test]
async fn over_sockets() {
    let Office { bank, caller, colleague, admin, stranger } = &Office::open(&[]).await;
    let mut sockets = Vec::new();
    for user in [caller, colleague, admin, stranger] {
        sockets.push(bank.socket(user).await);
    }
    bank.call_begins(caller, "CA1", "1.5000", 600).await;
    // It has no number, and the one that follows has the next.
    bank.refill(caller, "1.0000", "more").await;
    bank.refill(stranger, "1.0000", "more").await;
    let told = json!({ "held": "1.5000", "available": "8.5000", "currency": "USD" });
    let mut strangers = sockets.pop().unwrap();
    for mut socket in sockets {
        let mut frames = socket.until(|frame| frame["seq"] == 2).await;
        frames.retain(|frame| frame["type"] == "held_updated");
        assert_eq!(frames, [json!({ "type": "held_updated", "data": told })]);
    }
    strangers.until(|frame| frame["seq"] == 2).await;
    assert!(!strangers.shown().contains("held_updated"), "{}", strangers.shown());
}

#[tokio::test]
async fn to_whoever_comes() {
    let Office { bank, caller, colleague, .. } = &Office::open(&[]).await;
    bank.call_begins(caller, "CA1", "1.5000", 600).await;
    for socket in [bank.socket(colleague).await, bank.socket_since(caller, 1).await] {
        let data = &socket.welcome()["data"];
        assert_eq!(
            json!([data["balance"], data["held"], data["available"]]),
            json!(["10.0000", "1.5000", "8.5000"])
        );
    }
}

#[tokio::test]
async fn call_by_call() {
    let Office { bank, caller, .. } = &Office::open(&[]).await;
    let browser = bank.browser(caller);
    assert_eq!(browser.read(RUNNING).await, json!({ "data": [] }));
    bank.call_begins(caller, "CA1", "0.5000", 200).await;
    bank.call_begins(caller, "CA1", "1.5000", 600).await;
    let mut calls = browser.read(RUNNING).await;
    let started = calls["data"][0].as_object_mut().unwrap().remove("startedAt").unwrap();
    assert!(started.as_str().unwrap().ends_with('Z'), "{started}");
    let call = json!({
        "externalCallId": "CA1", "provider": "twilio", "userId": caller.id, "direction": "outbound",
        "number": MEXICO, "maxSeconds": 600, "held": "1.5000", "currency": "USD",
    });
    assert_eq!(calls, json!({ "data": [call] }));
    bank.call_ends(caller, "CA1").await;
    assert_eq!(browser.read(RUNNING).await, json!({ "data": [] }));
    let misspelt = browser.get("/api/calls/running?limit=1").await;
    assert_eq!(misspelt.outcome(), (400, Some("invalid_parameter")));
}

#[tokio::test]
async fn to_those_whose_calls_they_are() {
    let Office { bank, caller, colleague, admin, stranger } = &Office::open(&[]).await;
    for (user, leg) in [(caller, "own"), (colleague, "colleagues"), (caller, "nobodys")] {
        bank.call_begins(user, leg, "0.5000", 600).await;
    }
    // Nobody's in particular is the holder's of the wallet.
    bank.sql("update authorizations set user_id = null where leg = 'nobodys'").await;
    are_no_calls(bank, caller).await;
    let nobody = bank.member(bank.organization().await, "admin").await;
    for (user, expected) in [
        (caller, &["nobodys", "own"][..]),
        (colleague, &["colleagues"]),
        (admin, &["nobodys", "colleagues", "own"]),
        (stranger, &[]),
        (&nobody, &[]),
    ] {
        assert_eq!(legs(&bank.browser(user)).await, expected, "{}", user.id);
    }
}

/// What is held for something else; an emergency; a leg that nobody has asked about yet; one that is over.
async fn are_no_calls(bank: &Bank, user: &User) {
    let wallet = user.wallet;
    bank.sql(&format!(
        "insert into authorizations (id, wallet_id, action, amount, authorized_at, due_at, hold, provider, leg,
            direction, number, status, closed_at)
        values
            (gen_random_uuid(), '{wallet}', 'sms', 0.1, now(), now() + interval '1 hour', 'sms:1', null, null,
                null, null, 'authorized', null),
            (gen_random_uuid(), null, 'call', 0, now(), now() + interval '1 hour', 'twilio:sos', 'twilio', 'sos',
                'outbound', '911', 'authorized', null),
            (gen_random_uuid(), '{wallet}', 'call', 0.1, now(), now() + interval '1 hour', 'twilio:later', 'twilio',
                'later', null, null, 'authorized', null),
            (gen_random_uuid(), '{wallet}', 'call', 0.1, now(), now() + interval '1 hour', 'twilio:over', 'twilio',
                'over', 'outbound', '{MEXICO}', 'settled', now())"
    ))
    .await;
}

#[tokio::test]
async fn no_more_than_two_hundred_at_once() {
    let Office { bank, caller, .. } = &Office::open(&[]).await;
    bank.sql(&format!(
        "insert into authorizations (id, wallet_id, action, amount, authorized_at, due_at, hold, provider, leg,
            direction, number, seconds)
        select gen_random_uuid(), '{}', 'call', 0.01, now() - number * interval '1 second',
            now() + interval '1 hour', 'twilio:' || number, 'twilio', number::text, 'outbound', '{MEXICO}', 60
        from generate_series(1, 201) number",
        caller.wallet
    ))
    .await;
    let legs = legs(&bank.browser(caller)).await;
    assert_eq!(legs, (1..=200).map(|number: u8| number.to_string()).collect::<Vec<_>>());
}
