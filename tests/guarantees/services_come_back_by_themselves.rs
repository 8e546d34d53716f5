//! Whatever goes away and comes back: nothing is lost, nothing is put aside, nobody has to help.

use std::time::Duration;

use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::{Stack, StackOptions, wait_until};
use tokio::time::sleep;

use crate::fixture::customers::User;
use crate::fixture::load::Load;
use crate::fixture::{Bank, SOON};

/// Longer than a statement, shorter than a transaction may take.
const OUTAGE: Duration = Duration::from_secs(8);

/// More often than a message may be delivered.
const STARTS: usize = 11;

/// Others would miss the shared one.
async fn with_its_own_database() -> (Bank, TestDirectory) {
    let folder = TestDirectory::new("outage").unwrap();
    let mut options = StackOptions::new(folder.path().to_path_buf());
    options.durable = false;
    (Bank::on(Stack::start(options).await.unwrap(), &[]).await, folder)
}

#[tokio::test]
async fn from_a_database_that_was_away() {
    let (bank, _folder) = with_its_own_database().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let users = [bank.customer().await, bank.customer().await];
    let load = Load::start(&bank, &users);
    load.accepts(50).await;

    bank.stack.postgres().server().process().end_at_once();
    load.accepts(50).await;
    sleep(OUTAGE).await;
    load.accepts(50).await;
    assert!(bank.standing().await.pending > 0);
    bank.stack.postgres().server().restart().await.unwrap();
    load.accepts(50).await;
    let sent = load.finish().await;

    assert!(sent.iter().all(|one| one.is_accepted()), "ingest needs no database");
    bank.accounts_for(&sent).await;
    assert!(worker.process().log().contains("not settled"));
    assert_eq!(worker.process().log().matches("panicked").count(), 0);
}

#[tokio::test]
async fn from_a_database_that_was_away_while_the_worker_was_started_again_and_again() {
    let (bank, _folder) = with_its_own_database().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    charges_go_on(&bank, &user, "0.2740").await;
    worker.process().kill();
    let database = bank.stack.postgres().server();
    database.process().end_at_once();
    is_started_in_vain(&bank, &user, &worker).await;
    database.restart().await.unwrap();
    nothing_is_put_aside(&bank, &user, &worker).await;
}

#[tokio::test]
async fn or_took_no_writes_meanwhile() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    charges_go_on(&bank, &user, "0.2740").await;
    worker.process().kill();
    takes_writes(&bank, "set default_transaction_read_only = on").await;
    is_started_in_vain(&bank, &user, &worker).await;
    takes_writes(&bank, "reset default_transaction_read_only").await;
    nothing_is_put_aside(&bank, &user, &worker).await;
}

/// Whether transactions of connections that are made from now on may write, as on a server that is not the primary.
async fn takes_writes(bank: &Bank, setting: &str) {
    let alter = format!("execute format('alter database %I {setting}', current_database())");
    bank.sql(&format!("begin read write; do $$ begin {alter}; end $$; commit")).await;
}

/// What is taken and given back untried counts as delivered, and what was delivered too often is put aside.
async fn is_started_in_vain(bank: &Bank, user: &User, worker: &Service) {
    let calls = [(); 10].map(|()| user.calls("+523312345678", 61));
    bank.hang_up_all(&calls).await;
    let delivered = bank.delivered().await;
    for _ in 0..STARTS {
        worker.process().start_again().unwrap();
        wait_until(SOON, "the worker to miss its database", async || {
            let log = worker.process().log();
            let is_missed = log.contains("no messages are taken") || log.contains("not settled");
            if is_missed { Ok(()) } else { Err(log) }
        })
        .await;
        worker.process().terminate();
        worker.process().ended(SOON).await.unwrap();
    }
    assert_eq!(bank.delivered().await, delivered, "messages were taken in vain");
}

async fn nothing_is_put_aside(bank: &Bank, user: &User, worker: &Service) {
    worker.restart().await.unwrap();
    bank.all_is_well().await;
    assert_eq!(bank.count("select count(*) from dead_letters").await, 0);
    assert_eq!(bank.spent(user).await, "0.5480");
}

#[tokio::test]
async fn from_a_cache_that_was_away() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    let redis = bank.stack.redis();
    // First it only says nothing, then it is gone; each before and after the worker has noticed.
    redis.process().freeze();
    charges_go_on(&bank, &user, "0.2740").await;
    has_noticed(&worker, 1).await;
    charges_go_on(&bank, &user, "0.5480").await;
    redis.process().kill();
    charges_go_on(&bank, &user, "0.8220").await;
    redis.restart().await.unwrap();
    is_cached(&bank, &user).await;

    redis.process().kill();
    has_noticed(&worker, 2).await;
    charges_go_on(&bank, &user, "1.0960").await;
    redis.restart().await.unwrap();
    is_cached(&bank, &user).await;
}

async fn charges_go_on(bank: &Bank, user: &User, spent: &str) {
    let calls = [(); 10].map(|()| user.calls("+523312345678", 61));
    bank.hang_up_all(&calls).await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(user).await, spent);
}

/// Waits until the worker has lost its connection to the cache so often.
async fn has_noticed(worker: &Service, times: usize) {
    wait_until(SOON, "the worker to notice", async || {
        match worker.process().log().matches("connection lost").count() {
            lost if lost >= times => Ok(()),
            lost => Err(lost),
        }
    })
    .await;
}

/// Waits until the cache knows the wallet as it is.
async fn is_cached(bank: &Bank, user: &User) {
    let version = sqlx::query_scalar("select version from wallets where id = $1");
    let version: i64 = version.bind(user.wallet).fetch_one(bank.stack.pool()).await.unwrap();
    wait_until(SOON, "the cached wallet", async || {
        let cached = cached_version(bank, &format!("wallet:{}", user.wallet)).await;
        if cached == Some(version) { Ok(()) } else { Err(format!("{cached:?} of {version}")) }
    })
    .await;
}

async fn cached_version(bank: &Bank, key: &str) -> Option<i64> {
    let mut connection = bank.stack.redis_client().await.ok()?;
    redis::cmd("HGET").arg(key).arg("version").query_async(&mut connection).await.ok()?
}

#[tokio::test]
async fn from_a_worker_that_says_nothing() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let frozen = bank.stack.start_worker(&[("WORKER_LANES", "1")]).await.unwrap();
    // It gets as far as this table, with the messages in its hands.
    let mut lock = bank.stack.pool().begin().await.unwrap();
    sqlx::query("lock table call_logs in exclusive mode").execute(&mut *lock).await.unwrap();
    let calls = [(); 10].map(|()| user.calls("+523312345678", 61));
    bank.hang_up_all(&calls).await;
    wait_until(SOON, "messages in hand", async || match bank.standing().await.in_hand {
        0 => Err("none"),
        _ => Ok(()),
    })
    .await;
    frozen.process().freeze();
    lock.rollback().await.unwrap();

    bank.stack.start_worker(&[]).await.unwrap();
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.2740");
    // What it had begun when it froze comes to nothing.
    frozen.process().resume();
    let marker = user.calls("+523312345678", 61);
    bank.hang_up(&marker).await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.3014");
}
