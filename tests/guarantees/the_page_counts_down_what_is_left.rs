//! The page in a real browser: a call that money is set aside for is there at once, with the time that the money pays for,
//! which runs down by itself; and it goes when the call ends.

use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::visitor::Visitor;

/// Waits until so many calls are under way, and tells their texts.
async fn sees_running(visitor: &mut Visitor, count: usize) -> Vec<String> {
    let calls = visitor.does("running", json!({ "count": count })).await;
    calls.as_array().unwrap().iter().map(|call| call.as_str().unwrap().to_owned()).collect()
}

async fn is_told(visitor: &mut Visitor, words: &str) -> Value {
    visitor.does("isTold", json!({ "words": words })).await
}

#[tokio::test]
async fn second_by_second() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let mut visitor = bank.signed_in(&user).await;
    // What the first answer tells is no news.
    visitor.does("isAnswered", json!({ "path": "/api/calls/running" })).await;
    sees_running(&mut visitor, 0).await;
    visitor.does("mark", json!({})).await;

    bank.call_begins(&user, "CA1", "1.5000", 3_700).await;
    let calls = sees_running(&mut visitor, 1).await;
    for part in ["Saliente", "+523312345678", "Apartado: USD 1.5000", "Tiempo restante 1:01:"] {
        assert!(calls[0].contains(part), "{part}: {calls:?}");
    }
    is_told(&mut visitor, "1 llamada empezó.").await;
    visitor.does("facts", json!({ "are": ["USD 8.5000", "USD 1.5000", "USD 1.0000"] })).await;
    visitor.sees_balance("USD 10.00").await;
    let said = visitor.does("isSilentWhileItTicks", json!({ "seconds": 2 })).await;
    assert_eq!(said, json!([]));

    visitor.presses("Pausar").await;
    visitor.sees("Llamadas en curso · en pausa").await;
    visitor.presses("Reanudar").await;
    visitor.presses("English").await;
    visitor.sees("Calls in progress").await;
    visitor.presses("Español").await;

    bank.call_ends(&user, "CA1").await;
    sees_running(&mut visitor, 0).await;
    is_told(&mut visitor, "1 llamada terminó.").await;
    visitor.does("facts", json!({ "are": ["USD 10.0000", "USD 0.0000", "USD 1.0000"] })).await;
    assert_eq!(visitor.does("isMarked", json!({})).await, true);
    visitor.had_no_trouble(&[]).await;
}

#[tokio::test]
async fn of_many_calls_too() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let admin = bank.customer().await;
    for number in 0..8 {
        bank.call_begins(&admin, &format!("CA{number}"), "0.1000", 600).await;
    }
    let mut visitor = bank.signed_in(&admin).await;
    sees_running(&mut visitor, 8).await;
    // Those that are out of sight are reached by keyboard.
    visitor.does("tabTo", json!({ "role": "list", "name": "Llamadas en curso" })).await;
    visitor.does("judge", json!({ "name": "many-running" })).await;
    visitor.does("fits", json!({})).await;
    visitor.had_no_trouble(&[]).await;
}
