//! The cache of credit can be made anew at any time: nothing that was set aside is lost by it.

use curbe_tests::stack::wait_until;
use serde_json::json;

use crate::fixture::{Bank, SOON};

#[tokio::test]
async fn while_money_is_set_aside() {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let first = backend.authorized(&user, "8.00", "number-1").await;
    let before = wait_until(SOON, "a cache that is complete", async || {
        let status = bank.cache("status").await;
        if status["isComplete"] == true { Ok(status) } else { Err(status) }
    })
    .await;
    assert_eq!(before["holds"], 1, "{before}");
    let after = bank.cache("rebuild").await;
    assert_eq!(after["isComplete"], true, "{after}");
    assert_ne!(after["epoch"], before["epoch"]);
    let refused = backend.authorize(&user, "2.01", "number-2").await;
    assert_eq!((refused.status, &refused.body["available"]), (402, &json!("2.0000")));
    assert_eq!(backend.capture(&first, "8.00").await.status, 200);
    bank.holds_are(&user, 0).await;
    assert_eq!(backend.authorize(&user, "2.00", "number-2").await.status, 201);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn by_a_worker_alone() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let rebuilt = bank.run(&["cache", "rebuild", "--json"]).await;
    assert_eq!((rebuilt.status, &rebuilt.json()["isComplete"]), (Some(1), &json!(false)));
    bank.stack.start_worker(&[]).await.unwrap();
    assert_eq!(bank.cache("rebuild").await["isComplete"], true);
    assert_eq!(bank.backend().authorize(&user, "1.00", "number-1").await.status, 201);
    bank.books_are_clean().await;
}
