//! What there is, what is set aside for calls under way, and what is left for new ones: three amounts, told apart wherever
//! they are told.

use curbe_tests::stack::services::Kind;
use curbe_tests::stack::wait_until;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::browser::Browser;
use crate::fixture::customers::User;
use crate::fixture::office::Office;
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";
const RUNNING: &str = "/api/calls/running";

/// Balance, held and available.
async fn amounts(browser: &Browser) -> Value {
    let wallet = browser.read("/api/wallet/balance").await;
    json!([wallet["balance"], wallet["held"], wallet["available"]])
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

/// The real thing: asked about, authorized, ended and settled.
#[tokio::test]
async fn from_the_question_to_the_settlement() {
    let bank = &Office::open(&[]).await.bank;
    // What a busy machine has no time to announce at once is never said again: then it is seen by another caller.
    for _ in 0..5 {
        let (caller, before) = (bank.customer().await, not_announced(bank));
        tokio::select! {
            () = is_told_apart(bank, &caller) => return,
            () = wait_until(SOON, "news that nobody is told", async || match not_announced(bank) {
                now if now > before => Ok(()),
                now => Err(now),
            }) => {}
        }
    }
    panic!("five times nothing was announced in time");
}

fn not_announced(bank: &Bank) -> usize {
    let workers = bank.stack.services_of(Kind::Worker);
    workers[0].process().log().matches("not announced").count()
}

async fn is_told_apart(bank: &Bank, caller: &User) {
    let browser = bank.browser(caller);
    let mut socket = bank.socket(caller).await;
    let call = caller.calls(MEXICO, 61);
    let asked = bank.signers.twilio.form("/api/webhooks/voice-request", &call.voice_request());
    // Whoever has just become a customer is known a moment later.
    wait_until(SOON, "the call to be allowed", async || {
        let answer = bank.send(&asked).await;
        if answer.body.contains("timeLimit") { Ok(()) } else { Err(answer.body) }
    })
    .await;

    // Four hours: the most that a call is funded for.
    let told = socket.until(|frame| frame["type"] == "held_updated").await;
    let data = json!({ "held": "3.1690", "available": "6.8310", "currency": "USD" });
    assert_eq!(told.last().unwrap()["data"], data);
    assert_eq!(amounts(&browser).await, json!(["10.0000", "3.1690", "6.8310"]));
    let calls = browser.read(RUNNING).await;
    let running = &calls["data"][0];
    assert_eq!(
        json!([
            running["externalCallId"],
            running["userId"],
            running["maxSeconds"],
            running["held"]
        ]),
        json!([call.sid, caller.id, 14_400, "3.1690"])
    );

    bank.hang_up(&call).await;
    // What was held before may be told once more.
    let is_free =
        |frame: &Value| frame["type"] == "held_updated" && frame["data"]["held"] == "0.0000";
    let told = socket.until(is_free).await;
    let data = json!({ "held": "0.0000", "available": "9.9726", "currency": "USD" });
    assert_eq!(told.last().unwrap()["data"], data);
    assert_eq!(amounts(&browser).await, json!(["9.9726", "0.0000", "9.9726"]));
    assert_eq!(browser.read(RUNNING).await, json!({ "data": [] }));
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
