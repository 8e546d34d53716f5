//! A stream that forgets events, or a consumer that skips them, is neither written to nor read from, and the services
//! say so; what comes in waits in the spool, and `curbe migrate` puts it right.

use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Config;
use curbe_tests::stack::services::is_ready;
use curbe_tests::stack::{Stack, wait_until};

use crate::fixture::spool::spools;
use crate::fixture::{Bank, SOON};

#[tokio::test]
async fn a_stream_with_an_age_limit() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let waiting = user.calls("+523312345678", 61);
    bank.hang_up(&waiting).await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    assert_eq!(bank.settled(&waiting.sid).await, "charged");
    bank.drained().await;
    worker.process().kill();
    let unread = user.calls("+523312345678", 61);
    bank.hang_up(&unread).await;
    bank.nothing_is_spooled().await;
    let before = bank.stream().await.cached_info().config.clone();
    let forgetful = Config { max_age: Duration::from_secs(3_600), ..before };
    bank.queue().await.update_stream(forgetful).await.unwrap();

    // Both say why; one of them has another place for events.
    for process in [bank.ingest.process(), worker.process()] {
        process.end_at_once();
        process.start_again().unwrap();
        wait_until(SOON, "a complaint", async || match process.log() {
            log if log.contains("max_age") => Ok(()),
            log => Err(log),
        })
        .await;
    }
    wait_until(SOON, "the worker to say that it is not ready", async || {
        match is_ready(worker.admin_url()).await {
            Err(says) if says.contains("503") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    // What comes in meanwhile waits on the disk.
    let spooled = user.calls("+523312345678", 61);
    bank.hang_up(&spooled).await;
    spools(&bank.ingest, |events| events == 1).await;
    // It may have been on its way to the worker that was killed.
    let standing = bank.standing().await;
    assert_eq!(standing.pending + standing.in_hand as u64, 1, "the worker reads nothing");
    assert_eq!(bank.settled_as(&unread.sid).await, None);

    repaired(&bank).await;
    assert_eq!(bank.settled(&unread.sid).await, "charged");
    assert_eq!(bank.settled(&spooled.sid).await, "charged");
    bank.hang_up(&user.calls("+523312345678", 61)).await;
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.1096");
}

/// Without anybody but `curbe migrate`.
async fn repaired(bank: &Bank) {
    let migrate = bank.run(&["migrate"]).await;
    assert_eq!(migrate.status, Some(0), "{migrate:?}");
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;
}

#[tokio::test]
async fn a_consumer_that_skips_events() {
    let bank = Bank::on(Stack::for_test().await, &[]).await;
    let user = bank.customer().await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    let stream = bank.stream().await;
    let found = stream.get_consumer::<pull::Config>("billing").await.unwrap();
    let mut config: pull::Config = consumer_config(&found);
    stream.delete_consumer("billing").await.unwrap();
    config.filter_subject = "voice.twilio.recording".to_owned();
    stream.create_consumer(config).await.unwrap();

    let starting = bank.stack.start_worker(&[]);
    let complaining = async {
        // The service is known to the stack only once it is ready; its log is there from the start.
        let log = bank.stack.folder().join("services/curbe-worker.log");
        wait_until(SOON, "a complaint", async || {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            if log.contains("filter_subject") { Ok(()) } else { Err(log) }
        })
        .await;
        assert_eq!(bank.settled_as(&call.sid).await, None);
    };
    tokio::select! {
        started = starting => panic!("it is ready: {started:?}"),
        () = complaining => {}
    }
    stream.delete_consumer("billing").await.unwrap();
    repaired(&bank).await;
    bank.stack.start_worker(&[]).await.unwrap();
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.all_is_well().await;
}

fn consumer_config(
    consumer: &async_nats::jetstream::consumer::Consumer<pull::Config>,
) -> pull::Config {
    use async_nats::jetstream::consumer::FromConsumer;
    pull::Config::try_from_consumer_config(consumer.cached_info().config.clone()).unwrap()
}
