//! The calls that money is set aside for at this moment: a member sees his own, an admin all, a stranger none; and nothing
//! that is no call.

use serde_json::json;

use crate::fixture::Bank;
use crate::fixture::browser::Browser;
use crate::fixture::customers::User;
use crate::fixture::office::Office;

const MEXICO: &str = "+523312345678";
const RUNNING: &str = "/api/calls/running";

async fn legs(browser: &Browser) -> Vec<String> {
    let calls = browser.read(RUNNING).await;
    let legs = calls["data"].as_array().unwrap().iter().map(|call| &call["externalCallId"]);
    legs.map(|leg| leg.as_str().unwrap().to_owned()).collect()
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
