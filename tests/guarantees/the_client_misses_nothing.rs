//! The TypeScript client, against the real notifier: every event once and in order whatever happens to the connection,
//! and an end where coming back would not help.

use std::sync::Arc;

use curbe_tests::stack::services::Service;
use curbe_tests::stack::wait_until;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::fixture::client::Client;
use crate::fixture::customers::User;
use crate::fixture::tokens::{claims, claims_until, signed_with};
use crate::fixture::{Bank, SOON};

async fn bank() -> (Bank, Arc<Service>, User) {
    let bank = Bank::open().await;
    let notifier = bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    (bank, notifier, user)
}

/// Charges so many calls, one after the other: two numbers each.
async fn charge(bank: &Bank, user: &User, calls: usize) {
    for _ in 0..calls {
        let call = user.calls("+523312345678", 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
}

/// It was told each number once, in order, each of its kind.
fn has_all(client: &Client, first: i64, last: i64) {
    let expected = (first..=last).map(|seq| {
        let is_ledger_row = seq % 2 == 0;
        (seq, if is_ledger_row { "balance_updated" } else { "new_call_log" })
    });
    assert_eq!(client.frames(), expected.collect::<Vec<_>>(), "{}", client.shown());
}

fn reason(code: u16, terminal: bool, name: &str) -> Value {
    json!({ "code": code, "terminal": terminal, "name": name })
}

#[tokio::test]
async fn whatever_ends_its_connection() {
    let (bank, notifier, user) = bank().await;
    let mut client = bank.client(&user, None).await;
    client.connects().await;
    client.is("online").await;
    charge(&bank, &user, 2).await;
    client.has_seen(5).await;

    notifier.process().kill();
    assert_eq!(client.is("reconnecting").await, reason(1006, false, "connection_lost"));
    charge(&bank, &user, 3).await;
    notifier.restart().await.unwrap();
    client.has_seen(11).await;

    notifier.process().terminate();
    assert_eq!(client.is("reconnecting").await, reason(4012, false, "draining"));
    notifier.process().ended(SOON).await.unwrap();
    charge(&bank, &user, 1).await;
    notifier.restart().await.unwrap();
    client.has_seen(13).await;

    // In the middle of whatever is told.
    for last in [17, 21] {
        let (restarted, ()) = tokio::join!(notifier.restart(), charge(&bank, &user, 2));
        restarted.unwrap();
        client.has_seen(last).await;
    }
    has_all(&client, 2, 21);
    assert!(client.told("resync").is_empty(), "{}", client.shown());
}

#[tokio::test]
async fn of_what_came_since_an_earlier_one() {
    let (bank, _notifier, user) = bank().await;
    charge(&bank, &user, 3).await;
    let mut client = bank.client(&user, Some(3)).await;
    client.connects().await;
    client.has_seen(7).await;
    charge(&bank, &user, 1).await;
    client.has_seen(9).await;
    has_all(&client, 4, 9);
    assert_eq!(client.told("welcome")[0]["resumed"], true);
}

#[tokio::test]
async fn and_says_so_where_that_is_impossible() {
    let (bank, _notifier, user) = bank().await;
    let mut client = bank.client(&user, Some(1_000_000)).await;
    client.connects().await;
    client.until(|line| line["told"] == "resync").await;
    charge(&bank, &user, 1).await;
    client.has_seen(3).await;
    has_all(&client, 2, 3);
}

#[tokio::test]
async fn with_a_token_that_is_replaced_in_time() {
    let (bank, _notifier, user) = bank().await;
    let short = claims_until(user.id, 40);
    let ends_at = short["exp"].as_i64().unwrap();
    let mut client = bank.client_with(&bank.sign(&short), None).await;
    client.connects().await;
    client.is("online").await;
    client.takes_token(&bank.sign(&claims(user.id))).await;
    wait_until(SOON, "the first token to end", async || {
        let left = ends_at - OffsetDateTime::now_utc().unix_timestamp();
        if left < -1 { Ok(()) } else { Err(format!("{left} s left")) }
    })
    .await;
    charge(&bank, &user, 1).await;
    client.has_seen(3).await;
    let statuses: Vec<_> = client.told("status").iter().map(|change| &change["status"]).collect();
    assert_eq!(statuses, ["connecting", "online"]);
    assert!(client.told("token_wanted").len() >= 2);
}

#[tokio::test]
async fn until_its_token_is_refused() {
    let (bank, _notifier, user) = bank().await;
    let key = "x".repeat(64);
    let forged = signed_with(&claims(user.id), Algorithm::HS256, &key);
    let mut client = bank.client_with(&forged, None).await;
    client.connects().await;
    assert_eq!(client.is("closed").await, reason(4501, true, "unauthorized"));
    // What came to an end begins anew with a better one.
    client.takes_token(&bank.sign(&claims(user.id))).await;
    client.connects().await;
    client.is("online").await;
}
