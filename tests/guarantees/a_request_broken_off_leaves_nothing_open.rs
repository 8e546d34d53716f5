//! Who goes away in the middle of his request leaves nothing behind: no transaction that stays open, and no connection on
//! which the next one's money would be written and never committed.

use std::time::Duration;

use curbe_tests::oracle::{text, units};
use curbe_tests::stack::wait_until;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::fixture::customers::OPENING;
use crate::fixture::{Bank, SOON};

const REQUESTS: usize = 150;
/// Requests under way at the same time, more than there are connections.
const SENDERS: usize = 24;
/// Nobody waits longer; most are answered later than that.
const PATIENCE: Duration = Duration::from_millis(20);

/// Somebody's patience, anywhere between none and all of it.
fn patience() -> Duration {
    PATIENCE.mul_f64(rand::random())
}

/// Waits until no service of this bank's has a transaction open. A busy one has some, each for a moment.
async fn nothing_stays_open(bank: &Bank) {
    let open = "select count(*) from pg_stat_activity where datname = current_database()
        and application_name like 'curbe-%' and state like 'idle in transaction%'";
    wait_until(SOON, "all transactions to be over", async || match bank.count(open).await {
        0 => Ok(()),
        open => Err(format!("{open} open")),
    })
    .await;
}

#[tokio::test]
async fn of_the_money_that_it_moves() {
    let bank = Bank::open().await;
    let (user, backend) = (bank.customer().await, bank.backend());
    let path = format!("/api/organizations/{}/refills", user.organization);
    let refill = |number: usize| {
        let body = json!({ "amount": "0.0001", "reference": format!("r{number}") });
        let request = backend.request(Method::POST, &path).json(&body);
        request.header("Idempotency-Key", format!("k{number}"))
    };
    let sent = futures_util::stream::iter(0..REQUESTS)
        .map(|number| timeout(patience(), refill(number).send()));
    let broken = sent.buffer_unordered(SENDERS).filter(|sent| std::future::ready(sent.is_err()));
    assert!(broken.count().await > 0, "nobody went away");

    // Asked once more with patience, each is there once, also for whoever looks from elsewhere.
    for number in 0..REQUESTS {
        let answer = backend.send(refill(number)).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }
    let refilled = i128::try_from(REQUESTS).unwrap();
    assert_eq!(bank.balance(&user).await, text(units(OPENING) + refilled));
    nothing_stays_open(&bank).await;
    bank.all_is_well().await;
}

#[tokio::test]
async fn of_what_it_reads() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let browser = bank.browser(&user);
    let sent = futures_util::stream::iter(0..REQUESTS).map(|number| {
        let path = ["/api/wallet/balance", "/api/logs", "/api/wallet/transactions"][number % 3];
        timeout(patience(), browser.request(Method::GET, path).send())
    });
    sent.buffer_unordered(SENDERS).for_each(|_| std::future::ready(())).await;

    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    // On each of its connections the notifier sees what has happened since.
    for _ in 0..SENDERS {
        assert_eq!(browser.read("/api/wallet/balance").await["balance"], "9.9726");
    }
    nothing_stays_open(&bank).await;
}
