//! A database that gives out fewer connections than are wanted delays what is to be done; nothing is lost, nothing is put
//! aside, and all goes on by itself.

use curbe_tests::stack::wait_until;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use crate::fixture::{Bank, SOON};

const REQUESTS: usize = 60;

/// How many connections the services have together. Who administers the server is not counted.
async fn connections(bank: &Bank, limit: i32) {
    bank.sql(&format!(
        "do $$ begin execute format('alter database %I connection limit {limit}', current_database()); end $$"
    ))
    .await;
}

#[tokio::test]
async fn to_workers_and_to_whoever_asks_them() {
    let bank = Bank::without_worker().await;
    let (user, worker) = {
        let user = bank.customer().await;
        (
            user,
            bank.stack
                .start_worker(&[("WORKER_LANES", "16"), ("WORKER_BATCH_MAX", "5")])
                .await
                .unwrap(),
        )
    };
    // Whoever is connected is sent away, and not all of them come back.
    connections(&bank, 2).await;
    bank.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'curbe-%'",
    )
    .await;
    let calls: Vec<_> = (0..200).map(|_| user.calls("+523312345678", 61)).collect();
    bank.hang_up_all(&calls).await;

    let (path, backend) =
        (format!("/api/organizations/{}/refills", user.organization), bank.backend());
    let refill = |number: usize| {
        let body = json!({ "amount": "0.0001", "reference": format!("r{number}") });
        let request = backend.request(Method::POST, &path).json(&body);
        backend.send(request.header("Idempotency-Key", format!("k{number}")))
    };
    let pages: Vec<_> = futures_util::stream::iter(0..REQUESTS)
        .map(refill)
        .buffer_unordered(REQUESTS)
        .collect()
        .await;
    for page in &pages {
        assert!(matches!(page.status, 200 | 201 | 503), "{page:?}");
    }
    wait_until(SOON, "the worker to lack connections", async || {
        let log = worker.process().log();
        let lacks = log.contains("too many connections") || log.contains("pool timed out");
        if lacks { Ok(()) } else { Err("not yet") }
    })
    .await;
    assert_eq!(bank.count("select count(*) from dead_letters").await, 0);

    connections(&bank, -1).await;
    for number in 0..REQUESTS {
        wait_until(SOON, "a connection for whoever asks again", async || {
            let page = refill(number).await;
            assert!(matches!(page.status, 200 | 201 | 503), "{page:?}");
            if page.status == 503 { Err(format!("{page:?}")) } else { Ok(()) }
        })
        .await;
    }
    bank.all_is_well().await;
    // 200 times 0.0274, less 60 times 0.0001.
    assert_eq!(bank.spent(&user).await, "5.4740");
}
