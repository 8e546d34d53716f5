//! The TypeScript client's requests, against the real notifier: each resource under its name, refusals as errors that say
//! what is wrong.

use curbe_tests::stack::services::Kind;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::client::Client;
use crate::fixture::customers::User;
use crate::fixture::recordings::Studio;
use crate::fixture::tokens::{claims, signed_with};

const MEXICO: &str = "+523312345678";

/// A customer with so many calls, and his client.
async fn customer(calls: usize) -> (Bank, User, Client) {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    for _ in 0..calls {
        let call = user.calls(MEXICO, 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    let client = bank.client(&user, None).await;
    (bank, user, client)
}

/// Status, code, and whether it may pass.
fn outcome(refused: &Value) -> (i64, &str, bool) {
    let error = &refused["error"];
    let status = error["status"].as_i64().unwrap();
    (status, error["code"].as_str().unwrap(), error["retryable"].as_bool().unwrap())
}

#[tokio::test]
async fn of_money() {
    let (bank, user, mut client) = customer(2).await;
    let balance = client.asks("balance", json!([])).await;
    assert_eq!(balance["answer"]["balance"], bank.balance(&user).await);
    assert_eq!(balance["answer"]["seq"], 5);
    let ledger = client.asks("transactions", json!([{ "limit": 1 }])).await;
    let row = &ledger["answer"]["data"][0];
    assert_eq!((&row["type"], &row["seq"]), (&json!("call_charge"), &json!(4)));
    assert_eq!(row["balanceAfter"], balance["answer"]["balance"]);
    assert!(ledger["answer"]["nextCursor"].is_string());
}

#[tokio::test]
async fn of_calls() {
    let (_bank, _user, mut client) = customer(3).await;
    let first = client.asks("calls", json!([{ "limit": 2, "direction": "outbound" }])).await;
    let cursor = &first["answer"]["nextCursor"];
    let rest = client.asks("calls", json!([{ "limit": 2, "cursor": cursor }])).await;
    assert_eq!(rest["answer"]["nextCursor"], Value::Null);
    let pages = [&first, &rest].map(|page| page["answer"]["data"].as_array().unwrap());
    assert_eq!(pages.map(Vec::len), [2, 1]);
    let id = &pages[0][0]["id"];
    let call = client.asks("call", json!([id])).await;
    assert_eq!(call["answer"]["id"], *id);
    assert_eq!(call["answer"]["receipt"]["transactions"][0]["type"], "call_charge");
}

#[tokio::test]
async fn of_calls_under_way() {
    let (bank, user, mut client) = customer(0).await;
    client.connects().await;
    client.is("online").await;
    bank.call_begins(&user, "CA1", "1.5000", 600).await;
    let told = client.until(|line| line["told"] == "held_updated").await;
    let told = told.last().unwrap();
    let held = json!({ "held": "1.5000", "available": "8.5000", "currency": "USD" });
    assert_eq!((&told["event"]["data"], &told["seq"]), (&held, &json!(1)));
    let calls = client.asks("runningCalls", json!([])).await;
    let call = &calls["answer"]["data"][0];
    assert_eq!((&call["externalCallId"], &call["maxSeconds"]), (&json!("CA1"), &json!(600)));
}

#[tokio::test]
async fn whether_a_call_can_be_paid() {
    let (bank, _user, mut client) = customer(0).await;
    let allowed = client.asks("checkCall", json!([MEXICO])).await;
    assert_eq!(allowed["answer"]["allowed"], true);
    assert!(allowed["answer"]["maxSeconds"].as_i64() > Some(60));
    let poor = bank.member(bank.organization().await, "member").await;
    let mut client = bank.client(&poor, None).await;
    let refused = client.asks("checkCall", json!([MEXICO])).await;
    assert_eq!(outcome(&refused), (402, "insufficient_funds", false));
    assert_eq!(refused["error"]["problem"]["available"], "0.0000");
}

#[tokio::test]
async fn of_a_recording() {
    let studio = Studio::open(&[]).await;
    studio.bank.stack.start_notifier(&[]).await.unwrap();
    let mut client = studio.bank.client(&studio.user, None).await;
    client.connects().await;
    client.is("online").await;
    let (log, _) = studio.twilio().await;
    let told = client.until(|line| line["told"] == "recording_ready").await;
    assert_eq!(told.last().unwrap()["event"]["data"]["callLogId"], log.to_string());
    let heard = client.asks("recording", json!([log, { "range": "bytes=0-3" }])).await;
    let answer = &heard["answer"];
    assert_eq!((&answer["status"], &answer["body"]), (&json!(206), &json!("RIFF")));
    assert_eq!(answer["headers"]["content-range"], "bytes 0-3/16044");
}

#[tokio::test]
async fn and_says_why_it_was_refused() {
    let (bank, user, mut client) = customer(0).await;
    let nowhere = client.asks("call", json!(["00000000-0000-0000-0000-000000000000"])).await;
    assert_eq!(outcome(&nowhere), (404, "not_found", false));
    let senseless = client.asks("calls", json!([{ "limit": 0 }])).await;
    assert_eq!(senseless["error"]["problem"]["parameter"], "limit");
    let forged = signed_with(&claims(user.id), Algorithm::HS256, &"x".repeat(64));
    client.takes_token(&forged).await;
    let refused = client.asks("balance", json!([])).await;
    assert_eq!(outcome(&refused), (401, "unauthorized", false));
    assert!(refused["error"]["requestId"].is_string());
    bank.stack.services_of(Kind::Notifier)[0].process().kill();
    let unheard = client.asks("balance", json!([])).await;
    assert_eq!(outcome(&unheard), (0, "network", true));
}
