//! With `DURABILITY=disk` each yes is on ingest's own disk, whatever the queue says or loses.

use std::sync::atomic::{AtomicU32, Ordering};

use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::is_ready;
use curbe_tests::stack::{Stack, wait_until};
use redis::AsyncCommands as _;
use time::OffsetDateTime;

use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";

/// Whatever the queue could take: nobody is told yes by it there.
#[tokio::test]
async fn whatever_the_queue_could_take() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    let user = bank.customer().await;
    std::fs::remove_dir_all(bank.spool()).unwrap();
    let answer = bank.send(&bank.signed(&user.calls(MEXICO, 61).hangup())).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    wait_until(SOON, "ingest to say so", async || match is_ready(bank.ingest.admin_url()).await {
        Ok(()) => Err("it is ready"),
        Err(_) => Ok(()),
    })
    .await;
    std::fs::create_dir(bank.spool()).unwrap();
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;
    bank.hang_up(&user.calls(MEXICO, 61)).await;
}

/// A link that says nothing is still connected: what was sent on it is not on the queue, and the end of a call, told to
/// another ingest, would be there first.
#[tokio::test]
async fn and_a_decision_counts_as_told_once_the_queue_has_it() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let nowhere = || TwilioCall::outbound(&user.number, "+9999999999");
    let strangers = AtomicU32::new(0);
    let somebody_hears_words = async || {
        // Nobody does for whom the queue took too long, nor whoever has heard as many as he may.
        wait_until(SOON, "a refusal in words", async || {
            let from = format!("+3491{:07}", strangers.fetch_add(1, Ordering::Relaxed));
            let answer = bank.ask(&TwilioCall::outbound(&from, "+9999999999")).await;
            if answer.is_silent() { Err(answer.0) } else { Ok(()) }
        })
        .await;
    };
    let lasting = async || {
        let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3_600;
        let mut redis = bank.redis().await;
        let lasting: Vec<String> =
            redis.zrangebyscore("holds:index", in_an_hour, "+inf").await.unwrap();
        lasting
    };
    let first = wait_until(SOON, "a decision that the queue has in time", async || {
        let call = TwilioCall::outbound(&user.number, MEXICO);
        bank.begins(&call).await;
        let lasting = lasting().await;
        if lasting.is_empty() {
            return Ok(call);
        }
        bank.hang_up(&call.completed(0)).await;
        Err(format!("{lasting:?}"))
    })
    .await;
    somebody_hears_words().await;

    bank.stack.nats().process().freeze();
    for _ in 0..2 {
        assert!(bank.ask(&nowhere()).await.is_silent());
    }
    let second = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&second).await;
    let left_alone = lasting().await;
    assert!(left_alone.len() == 1 && left_alone[0].contains(&second.sid), "{left_alone:?}");
    let log = bank.ingest.process().log();
    assert!(!log.contains("no connection to the queue"), "the link is silent, not gone: {log}");

    bank.stack.nats().process().resume();
    bank.nothing_is_spooled().await;
    somebody_hears_words().await;
    for call in [first, second] {
        bank.hang_up(&call.completed(61)).await;
    }
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0548");
}

/// Each deploy sends the last minutes again: what had been set aside for calls that are over by now must not come back.
#[tokio::test]
async fn and_what_has_gone_sets_nothing_aside_again() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let call = async || {
        let call = TwilioCall::outbound(&user.number, MEXICO);
        bank.begins(&call).await;
        bank.hang_up(&call.completed(61)).await;
        bank.nothing_is_spooled().await;
        bank.all_is_well().await;
        bank.cached_as_booked(&user).await;
    };
    let nothing_comes_back = async || {
        bank.ingest.restart().await.unwrap();
        bank.nothing_is_spooled().await;
        let cached = bank.cached(&user, &["held", "calls"]).await;
        assert_eq!(cached, [Some("0".to_owned()), Some("0".to_owned())]);
    };
    call().await;
    assert!(!bank.segments().is_empty(), "kept to be sent again");
    nothing_comes_back().await;
    nothing_comes_back().await;
    // Of the next segment one part has gone, and one has not.
    call().await;
    bank.hang_up(&user.calls(MEXICO, 61)).await;
    bank.nothing_is_spooled().await;
    let segments = bank.segments();
    bank.stack.nats().process().freeze();
    bank.hang_up(&user.calls(MEXICO, 61)).await;
    assert_eq!(bank.segments(), segments);
    bank.ingest.process().kill();
    bank.stack.nats().process().resume();
    nothing_comes_back().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.1096");
}

/// The queue's disk loses what it had acknowledged, as one does that does not sync and whose power fails.
#[tokio::test]
async fn and_stays_there_for_a_while_after_the_queue_has_it() {
    let bank = Bank::on(Stack::for_test().await, &[("DURABILITY", "disk")]).await;
    let user = bank.customer().await;
    let calls: Vec<TwilioCall> = (0..30).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&calls).await;
    bank.nothing_is_spooled().await;
    assert_eq!(bank.standing().await.pending, 30);

    bank.stack.nats().process().kill();
    std::fs::remove_dir_all(bank.stack.folder().join("nats/streams")).unwrap();
    bank.stack.nats().restart().await.unwrap();
    let migrate = bank.run(&["migrate"]).await;
    assert_eq!(migrate.status, Some(0), "{migrate:?}");
    bank.stack.start_worker(&[]).await.unwrap();
    for call in &calls {
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.8220");
    assert!(!bank.segments().is_empty(), "kept for the next time");
}
