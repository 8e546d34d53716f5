//! The page is everybody's: by keyboard alone, by ear, in both languages and themes, on a phone as on a desk.

use std::process::Stdio;

use curbe_tests::simulator::twilio::{Status, TwilioCall};
use curbe_tests::stack::node;
use serde_json::json;

use crate::fixture::customers::User;
use crate::fixture::recordings::Studio;
use crate::fixture::visitor::{SPANISH, Taste, Visitor, folder, studio};
use crate::fixture::{Bank, SOON};

/// A call to Mexico, which has a rate.
const TO: &str = "+523312345678";

#[tokio::test]
async fn by_keyboard_alone() {
    let Studio { bank, user, provider: _provider, .. } = studio().await;
    let call = user.calls(TO, 61);
    bank.hang_up(&call).await;
    bank.tell(&call.recording("completed")).await;
    bank.drained().await;
    let mut visitor = bank.visitor(SPANISH).await;
    // The field for the token has the focus from the beginning.
    visitor.does("type", json!({ "text": bank.token(&user) })).await;
    visitor.does("keys", json!({ "keys": ["Enter"] })).await;
    visitor.sees_rows(1).await;

    visitor.does("tabTo", json!({ "role": "button", "name": "Escuchar la grabación" })).await;
    visitor.does("keys", json!({ "keys": ["Enter"] })).await;
    visitor.does("hears", json!({})).await;
    // A row that comes above takes the focus from nobody.
    let before = visitor.does("focus", json!({})).await;
    bank.hang_up(&user.calls(TO, 61)).await;
    visitor.sees_rows(2).await;
    assert_eq!(visitor.does("focus", json!({})).await["name"], before["name"]);

    visitor.does("tabTo", json!({ "role": "button", "name": "Ver el detalle" })).await;
    let opener = visitor.does("focus", json!({})).await;
    visitor.does("keys", json!({ "keys": ["Enter"] })).await;
    visitor.sees("Tarifa por minuto").await;
    visitor.does("keys", json!({ "keys": ["Escape"] })).await;
    assert_eq!(visitor.does("focus", json!({})).await, opener);
    visitor.had_no_trouble(&[]).await;
}

#[tokio::test]
async fn for_eyes_and_ears_of_every_kind() {
    let Studio { bank, user, provider: _provider, .. } = studio().await;
    let mut calls = vec![user.calls(TO, 61), user.calls("+34911234567", 605)];
    calls.push(TwilioCall { status: Status::NoAnswer, ..TwilioCall::outbound(&user.number, TO) });
    calls.push(TwilioCall::inbound("+525512345678", &user.number).completed(61));
    bank.hang_up_all(&calls).await;
    bank.tell(&calls[0].recording("completed")).await;
    bank.drained().await;
    bank.call_begins(&user, "CA1", "1.5000", 14_400).await;
    let mut visitor = bank.visitor(SPANISH).await;
    for (language, words) in [("es-MX", &SPANISH_WORDS), ("en-US", &ENGLISH_WORDS)] {
        for theme in ["light", "dark"] {
            for size in ["desktop", "phone"] {
                let taste = Taste { language, theme, size };
                walk(&bank, &user, &mut visitor, taste, words).await;
            }
        }
    }
}

/// What is pressed on the way through all screens.
struct Words {
    play: &'static str,
    player: &'static str,
    close: &'static str,
    receipt: &'static str,
    close_receipt: &'static str,
    rate: &'static str,
    ledger: &'static str,
    kind: &'static str,
    bad_token: &'static str,
}

const SPANISH_WORDS: Words = Words {
    play: "Escuchar la grabación",
    player: "Llamada con +52",
    close: "Cerrar la grabación",
    receipt: "Ver el detalle de la llamada con +34911234567",
    close_receipt: "Cerrar el detalle",
    rate: "Tarifa por minuto",
    ledger: "Movimientos",
    kind: "Concepto",
    bad_token: "Este token no es válido",
};

const ENGLISH_WORDS: Words = Words {
    play: "Play the recording",
    player: "Call with +52",
    close: "Close the recording",
    receipt: "View the details of the call with +34911234567",
    close_receipt: "Close the details",
    rate: "Rate per minute",
    ledger: "Transactions",
    kind: "Type",
    bad_token: "This token is not valid",
};

async fn walk(bank: &Bank, user: &User, visitor: &mut Visitor, taste: Taste, words: &Words) {
    visitor.opens("/", taste).await;
    judge(visitor, taste, "sign-in").await;
    let language = visitor.does("language", json!({})).await;
    assert_eq!(language, taste.language[..2]);
    visitor.does("signIn", json!({ "token": "nonsense" })).await;
    visitor.sees(words.bad_token).await;
    judge(visitor, taste, "bad-token").await;
    visitor.does("signIn", json!({ "token": bank.token(user) })).await;
    visitor.sees_rows(4).await;
    judge(visitor, taste, "calls").await;
    visitor.presses(words.play).await;
    visitor.sees(words.player).await;
    judge(visitor, taste, "recording").await;
    visitor.presses(words.close).await;
    visitor.presses(words.receipt).await;
    visitor.sees(words.rate).await;
    judge(visitor, taste, "receipt").await;
    visitor.presses(words.close_receipt).await;
    visitor.does("press", json!({ "role": "link", "name": words.ledger })).await;
    visitor.sees(words.kind).await;
    judge(visitor, taste, "ledger").await;
    visitor
        .had_no_trouble(&["Failed to load resource: the server responded with a status of 401"])
        .await;
}

/// No rule of accessibility is broken, and a finger finds what it looks for.
async fn judge(visitor: &mut Visitor, taste: Taste, screen: &str) {
    let name = format!("{screen}-{}-{}-{}", &taste.language[..2], taste.theme, taste.size);
    visitor.does("judge", json!({ "name": name })).await;
    visitor.does("fits", json!({})).await;
}

#[tokio::test]
async fn with_files_that_are_whole() {
    node::packages(&folder()).await.unwrap();
    let mut command = tokio::process::Command::new(node::program().unwrap());
    let tests = ["files.test.js", "state.test.js", "running.test.js"];
    let command = command.arg("--test").args(tests).current_dir(folder());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(SOON, output).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
