//! Whoever waits for a lock gives up before his statement does, that before his transaction, and that before the queue
//! delivers his messages to somebody else. What was given up is done later; nothing is put aside for it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::{Stack, StackOptions, wait_until};

use crate::fixture::customers::OPENING;
use crate::fixture::{Bank, SOON};

/// Writes down, out of a worker's own session, how patient that session is.
const NOTE: &str = "create table patience (name text primary key, setting bigint not null);
    grant select, insert on patience to curbe_worker;
    create function note_patience() returns trigger language plpgsql as $$ begin
        insert into patience select name, setting::bigint from pg_settings where name in (
            'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
            'tcp_user_timeout', 'client_connection_check_interval') on conflict do nothing;
        return new;
    end $$;
    create trigger note_patience before insert on call_logs for each row execute function note_patience()";
/// What a read may take that has no answer: a statement's time, that of getting a connection, and a busy machine's.
const READ: Duration = Duration::from_secs(20);

#[tokio::test]
async fn in_this_order() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.sql(NOTE).await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    let rows: Vec<(String, i64)> = sqlx::query_as("select name, setting from patience")
        .fetch_all(bank.stack.pool())
        .await
        .unwrap();
    let patience: HashMap<String, Duration> = rows
        .into_iter()
        .map(|(name, milliseconds)| (name, Duration::from_millis(milliseconds.unsigned_abs())))
        .collect();
    let consumer = bank.stream().await.get_consumer::<pull::Config>("billing").await.unwrap();
    let ack_wait = consumer.cached_info().config.ack_wait;

    let of = |name: &str| patience[name];
    assert!(Duration::ZERO < of("lock_timeout"), "{patience:?}");
    assert!(of("lock_timeout") < of("statement_timeout"), "{patience:?}");
    assert!(of("statement_timeout") < ack_wait, "{patience:?} {ack_wait:?}");
    assert!(of("idle_in_transaction_session_timeout") < ack_wait, "{patience:?} {ack_wait:?}");
    // The server notices a worker that has gone without a word.
    for name in ["tcp_user_timeout", "client_connection_check_interval"] {
        assert!(Duration::ZERO < of(name) && of(name) < ack_wait, "{patience:?} {ack_wait:?}");
    }
}

#[tokio::test]
async fn and_a_lock_that_is_held_delays_and_loses_nothing() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    let mut lock = bank.stack.pool().begin().await.unwrap();
    let wallet = sqlx::query("select 1 from wallets where id = $1 for update").bind(user.wallet);
    wallet.execute(&mut *lock).await.unwrap();

    let calls = [(); 5].map(|()| user.calls("+523312345678", 61));
    bank.hang_up_all(&calls).await;
    wait_until(SOON, "the worker to give up twice", async || {
        match worker.process().log().matches("lock timeout").count() {
            times if times >= 2 => Ok(()),
            times => Err(times),
        }
    })
    .await;
    assert_eq!(bank.count("select count(*) from dead_letters").await, 0);
    lock.rollback().await.unwrap();
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.1370");
}

#[tokio::test]
async fn and_a_reader_is_told_that_there_is_no_answer() {
    // A database server of its own: others would miss the shared one.
    let folder = TestDirectory::new("silent").unwrap();
    let mut options = StackOptions::new(folder.path().to_path_buf());
    options.durable = false;
    let bank = Bank::on(Stack::start(options).await.unwrap(), &[]).await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let browser = bank.browser(&user);
    assert_eq!(browser.read("/api/wallet/balance").await["balance"], OPENING);

    let database = bank.stack.postgres().server().process();
    database.freeze();
    for path in ["/api/wallet/balance", "/api/logs", "/api/wallet/transactions"] {
        let begun = Instant::now();
        let page = tokio::time::timeout(READ, browser.get(path)).await.expect("an answer");
        assert_eq!(page.status, 503, "{page:?}");
        assert!(page.headers.contains_key("retry-after"), "{page:?}");
        assert!(begun.elapsed() < READ, "{:?}", begun.elapsed());
    }
    database.resume();
    wait_until(SOON, "readers to be answered", async || {
        let page = browser.get("/api/wallet/balance").await;
        if page.body["balance"] == OPENING { Ok(()) } else { Err(format!("{page:?}")) }
    })
    .await;
}
