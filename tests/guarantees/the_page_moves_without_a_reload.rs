//! The page in a real browser: balance and calls move as they happen, recordings are heard, nothing is missing after an
//! outage, and whoever has no good token is told so.

use curbe_tests::simulator::twilio::{Status, TwilioCall};
use curbe_tests::stack::services::Kind;
use serde_json::json;

use crate::fixture::Bank;
use crate::fixture::customers::User;
use crate::fixture::recordings::Studio;
use crate::fixture::tokens::claims_until;
use crate::fixture::visitor::{AWAY, SPANISH, Visitor, studio};

/// A call to Mexico of two minutes begun: 0.0274.
const TO: &str = "+523312345678";

async fn bank() -> (Bank, User) {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    (bank, user)
}

#[tokio::test]
async fn while_calls_end_and_recordings_come() {
    let Studio { bank, user, provider: _provider, .. } = studio().await;
    let mut visitor = bank.signed_in(&user).await;
    visitor.sees_balance("USD 10.00").await;
    visitor.sees("Aún no hay llamadas.").await;
    visitor.does("mark", json!({})).await;

    let call = user.calls(TO, 61);
    bank.hang_up(&call).await;
    visitor.sees_balance("USD 9.9726").await;
    let rows = visitor.sees_rows(1).await;
    for part in [TO, &user.number, "Saliente", "1:01", "Completada", "USD 0.0274"] {
        assert!(rows[0].contains(part), "{part}: {rows:?}");
    }
    visitor.does("seesANewRow", json!({})).await;
    visitor.does("isTold", json!({ "words": "1 llamada nueva. Saldo: USD 9.9726." })).await;

    bank.tell(&call.recording("completed")).await;
    visitor.presses("Escuchar la grabación").await;
    visitor.does("hears", json!({})).await;
    assert_eq!(visitor.does("isMarked", json!({})).await, true);
    visitor.had_no_trouble(&[]).await;
}

#[tokio::test]
async fn and_misses_nothing_while_the_notifier_is_away() {
    let (bank, user) = bank().await;
    let notifier = bank.stack.services_of(Kind::Notifier).remove(0);
    let mut visitor = bank.signed_in(&user).await;
    visitor.does("mark", json!({})).await;
    bank.hang_up(&user.calls(TO, 61)).await;
    visitor.sees_rows(1).await;

    notifier.process().kill();
    visitor.sees("Sin conexión. Nuevo intento en").await;
    for _ in 0..3 {
        let call = user.calls(TO, 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    notifier.restart().await.unwrap();
    visitor.sees("En vivo").await;
    visitor.sees_rows(4).await;
    visitor.sees_balance("USD 9.8904").await;
    bank.hang_up(&user.calls(TO, 61)).await;
    visitor.sees_rows(5).await;
    visitor.sees_balance("USD 9.8630").await;
    assert_eq!(visitor.does("isMarked", json!({})).await, true);
    visitor.had_no_trouble(&AWAY).await;
}

#[tokio::test]
async fn for_whoever_has_a_good_token() {
    let (bank, user) = bank().await;
    let mut visitor = bank.visitor(SPANISH).await;
    for bad in ["nonsense", &bank.sign(&claims_until(user.id, -60))] {
        visitor.does("signIn", json!({ "token": bad })).await;
        visitor.sees("Este token no es válido o ya venció.").await;
        visitor
            .had_no_trouble(&["Failed to load resource: the server responded with a status of 401"])
            .await;
        // The words are gone with the page: the next ones are those of the next token.
        visitor.does("reload", json!({})).await;
        visitor.sees("Token de acceso").await;
    }

    let token = bank.token(&user);
    visitor.opens(&format!("/?lang=en#token={token}"), SPANISH).await;
    sees_all_of_it(&mut visitor).await;
    left_in_this_tab_alone(&mut visitor, &token).await;
    visitor.does("reload", json!({})).await;
    sees_all_of_it(&mut visitor).await;
    visitor.presses("Sign out").await;
    visitor.sees("Access token").await;
    let left = visitor.does("leftovers", json!({})).await;
    assert!(!left.to_string().contains(&token), "{left}");
    // The same in a page that is open.
    visitor.goes_to(&format!("/?lang=en#token={token}")).await;
    sees_all_of_it(&mut visitor).await;
    left_in_this_tab_alone(&mut visitor, &token).await;
    visitor.had_no_trouble(&[]).await;
}

/// Not only the balance: whoever leaves while the socket is being opened hears of it in the browser's console.
async fn sees_all_of_it(visitor: &mut Visitor) {
    visitor.sees_balance("$10.00").await;
    visitor.sees("Live").await;
}

async fn left_in_this_tab_alone(visitor: &mut Visitor, token: &str) {
    let left = visitor.does("leftovers", json!({})).await;
    for place in ["cookie", "address", "local"] {
        assert!(!left[place].as_str().unwrap().contains(token), "{place}: {left}");
    }
    assert!(left["session"].as_str().unwrap().contains(token), "{left}");
    assert_eq!(left["cookie"], "");
}

#[tokio::test]
async fn until_the_token_ends() {
    let (bank, user) = bank().await;
    let mut visitor = bank.visitor(SPANISH).await;
    let token = bank.sign(&claims_until(user.id, 40));
    visitor.does("signIn", json!({ "token": token })).await;
    visitor.sees_balance("USD 10.00").await;
    visitor.sees("Tu sesión terminó.").await;
    visitor.had_no_trouble(&AWAY).await;
}

#[tokio::test]
async fn through_filters_and_pages() {
    let (bank, user) = bank().await;
    let mut calls: Vec<_> = (0..29).map(|_| user.calls(TO, 61)).collect();
    calls.push(TwilioCall { status: Status::Busy, ..TwilioCall::outbound(&user.number, TO) });
    calls.push(TwilioCall::inbound(TO, &user.number).completed(61));
    bank.hang_up_all(&calls).await;
    bank.drained().await;
    let mut visitor = bank.signed_in(&user).await;
    visitor.sees_rows(25).await;
    visitor.presses("Ver llamadas anteriores").await;
    visitor.sees_rows(31).await;
    visitor.does("isTold", json!({ "words": "Se añadieron 6 filas." })).await;

    choose(&mut visitor, "Resultado", "Ocupado").await;
    assert!(visitor.sees_rows(1).await[0].contains("Ocupado"));
    visitor.presses("Quitar filtros").await;
    visitor.sees_rows(25).await;
    choose(&mut visitor, "Dirección", "Entrante").await;
    assert!(visitor.sees_rows(1).await[0].contains("Entrante"));
    // What does not pass the filters stays away; what does, comes.
    bank.hang_up(&user.calls(TO, 61)).await;
    bank.hang_up(&TwilioCall::inbound(TO, &user.number).completed(61)).await;
    visitor.sees_rows(2).await;
    choose(&mut visitor, "Hasta", "2026-01-31").await;
    visitor.sees("Ninguna llamada coincide con los filtros.").await;
    visitor.had_no_trouble(&[]).await;
}

async fn choose(visitor: &mut Visitor, label: &str, value: &str) {
    visitor.does("choose", json!({ "label": label, "value": value })).await;
}

#[tokio::test]
async fn at_the_readers_own_pace_and_in_his_language() {
    let (bank, user) = bank().await;
    let mut visitor = bank.signed_in(&user).await;
    visitor.presses("Pausar").await;
    bank.hang_up(&user.calls("+34911234567", 60 * 449)).await;
    // The balance is never held still.
    visitor.sees_balance("USD 0.97").await;
    visitor.sees("Tu saldo está por debajo de USD 1.00").await;
    visitor.sees("+1").await;
    visitor.sees_rows(0).await;
    visitor.presses("Reanudar").await;
    visitor.sees_rows(1).await;

    visitor.presses("English").await;
    visitor.sees_balance("$0.97").await;
    visitor.sees("Your balance is below $1.00").await;
    assert_eq!(visitor.does("language", json!({})).await, "en");
    visitor.does("reload", json!({})).await;
    visitor.sees_balance("$0.97").await;
    visitor.had_no_trouble(&[]).await;
}
