//! What the queue does not take waits on ingest's own disk, in its order, also for the next process; and it is refused
//! only where the disk does not take it either.

use std::collections::HashSet;
use std::time::Duration;

use curbe_tests::faults::proxy::{Mode, Proxy};
use curbe_tests::simulator::send::Sender;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::is_ready;
use curbe_tests::stack::starting::PATIENT;
use curbe_tests::stack::{Stack, wait_until};
use redis::AsyncCommands as _;
use time::OffsetDateTime;

use crate::fixture::asking::document;
use crate::fixture::spool::spools;
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";

#[tokio::test]
async fn also_for_the_next_process() {
    let (bank, mut calls) = Bank::with_spooled(40).await;
    bank.ingest.restart().await.unwrap();
    spools(&bank.ingest, |events| events == 40).await;
    let later = calls[0].clone().sid("CA0000000000000000000000000000abcd".to_owned());
    bank.hang_up(&later).await;
    calls.push(later);
    bank.drains(&calls).await;
}

/// While the spool is drained too: what is sent meanwhile must not overtake it.
#[tokio::test]
async fn and_what_comes_later_goes_behind_it() {
    let stack = Stack::for_test().await;
    let link = Proxy::start(vec![stack.nats().port()]).await.unwrap();
    let through = link.before(stack.nats_url()).unwrap();
    let bank = Bank::on(stack, &[("NATS_URL", &through)]).await;
    let user = bank.customer().await;
    bank.stack.nats().process().kill();
    let earlier: Vec<TwilioCall> = (0..1_500).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&earlier).await;
    // It drains slowly until enough was sent meanwhile.
    link.set(Mode::Delay(Duration::from_millis(200)));
    bank.stack.nats().restart().await.unwrap();
    let mut later = Vec::new();
    let queued = bank.ingest.process().log().matches("\"queued\"").count();
    while bank.ingest.process().log().matches("\"queued\"").count() == queued {
        let call = user.calls(MEXICO, 61);
        bank.hang_up(&call).await;
        later.push(call.sid);
        if later.len() == 20 {
            link.heal();
        }
    }
    bank.nothing_is_spooled().await;
    assert!(later.len() > 5, "{} were sent meanwhile", later.len());
    let order = bank.legs_in_order(earlier.len() + later.len()).await;
    let first_later = order.iter().position(|leg| later.contains(leg)).unwrap();
    let ahead: HashSet<&String> = order[..first_later].iter().collect();
    assert!(earlier.iter().all(|call| ahead.contains(&call.sid)), "{first_later}");
    let behind: Vec<&String> = order.iter().filter(|leg| later.contains(leg)).collect();
    assert_eq!(behind, later.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn together_with_the_decisions_about_it() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&call).await;
    bank.stack.nats().process().kill();
    // Another call is authorized, and ends, without a queue; a third one is refused without words, since nobody could
    // tell that its end costs nothing.
    let second = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&second).await;
    // However long the queue is away, its hold is not taken for one that nothing stands behind.
    let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3_600;
    let mut redis = bank.redis().await;
    let lasting: Vec<String> =
        redis.zrangebyscore("holds:index", in_an_hour, "+inf").await.unwrap();
    assert!(lasting.len() == 1 && lasting[0].contains(&second.sid), "{lasting:?}");
    bank.hang_up(&second.clone().completed(61)).await;
    let refused = TwilioCall::outbound(&user.number, "+9999999999");
    assert!(bank.ask(&refused).await.is_silent());
    bank.hang_up(&call.clone().completed(61)).await;

    bank.stack.nats().restart().await.unwrap();
    bank.nothing_is_spooled().await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0548");
    bank.sets_aside(&user, "0.0000").await;
    let decided = "select count(*) from authorizations where status = 'settled'";
    assert_eq!(bank.count(decided).await, 2);
}

/// The cache is emptied while the queue is away, and loaded before the decision has reached it.
#[tokio::test]
async fn with_what_was_set_aside_for_it() {
    let bank = Bank::open().await;
    bank.insert_rate("60", "1.0000", "0.0000").await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    let dear = || TwilioCall::outbound(&user.number, "+6012345678");
    // It brings the wallet into the cache, and ends.
    let first = dear();
    bank.begins(&first).await;
    bank.hang_up(&first.completed(0)).await;
    bank.all_is_well().await;

    bank.stack.nats().process().kill();
    assert_eq!(bank.begins(&dear()).await, 597, "it takes everything");
    spools(&bank.ingest, |events| events > 0).await;
    bank.ingest.process().freeze();
    let mut redis = bank.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    bank.stack.nats().restart().await.unwrap();
    let second = bank.stack.start_ingest(&[PATIENT]).await.unwrap();
    bank.cache_is_current().await;
    let elsewhere = Sender::new(second.url()).unwrap();
    // Nobody can know of the first one yet. Until the worker is back at the queue nobody can load the wallet either.
    wait_until(SOON, "another call to get everything", async || {
        let asked = elsewhere.send(&bank.request(&dear().voice_request())).await.unwrap();
        let answer = document(asked);
        if answer.limit() == Some(597) { Ok(()) } else { Err(answer.0) }
    })
    .await;
    bank.ingest.process().resume();
    bank.nothing_is_spooled().await;
    // From now on both count; the sweep is not needed for it.
    wait_until(SOON, "both holds", async || {
        let held = bank.cached(&user, &["held"]).await[0].clone();
        if held.as_deref() == Some("200000") { Ok(()) } else { Err(format!("{held:?}")) }
    })
    .await;
}

#[tokio::test]
async fn for_as_long_as_the_disk_takes_it() {
    let bank = Bank::on(Stack::for_test().await, &[("SPOOL_BYTES_MAX", "16777216")]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.stack.nats().process().kill();
    let mut kept = Vec::new();
    let refused = loop {
        let call = user.calls(MEXICO, 61);
        let mut fields = call.hangup();
        fields.push(("Padding", "x".repeat(60_000)));
        let answer = bank.send(&bank.signed(&fields)).await;
        if !answer.is_success() {
            break answer;
        }
        kept.push(call);
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert!(kept.len() > 200, "{}", kept.len());
    // Its lines go out by a thread of their own.
    wait_until(SOON, "the reason", async || match bank.ingest.process().log() {
        log if log.contains("spool_full") => Ok(()),
        log => Err(log),
    })
    .await;
    wait_until(SOON, "ingest to say so", async || match is_ready(bank.ingest.admin_url()).await {
        Ok(()) => Err("it is ready"),
        Err(_) => Ok(()),
    })
    .await;
    bank.drains(&kept).await;
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;
}

#[tokio::test]
async fn and_only_for_one_process() {
    let bank = Bank::without_worker().await;
    let spool = bank.spool();
    let spool = spool.to_str().unwrap();
    let second = bank.stack.start_ingest(&[("SPOOL_DIRECTORY", spool)]).await;
    let refused = format!("{:#}", second.unwrap_err());
    assert!(refused.contains("SPOOL_DIRECTORY  cannot be used: another process"), "{refused}");
}

#[tokio::test]
async fn and_calls_that_begin_are_turned_away_before_those_that_end() {
    let bank = Bank::on(Stack::for_test().await, &[("INGEST_PREFLIGHTS_MAX", "1")]).await;
    let user = bank.customer().await;
    bank.stack.start_worker(&[]).await.unwrap();
    bank.cache_is_current().await;
    bank.stack.redis().process().freeze();
    // One is being decided on for as long as its budget lasts; the others find no place.
    let asked: Vec<_> = (0..20)
        .map(|_| bank.request(&TwilioCall::outbound(&user.number, MEXICO).voice_request()))
        .collect();
    let asking = bank.sending(asked);
    let ended: Vec<_> = (0..20).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&ended).await;
    // Who calls for help is not turned away, however busy it is.
    let help = TwilioCall::outbound(&user.number, "911");
    assert_eq!(bank.ask(&help).await.text("Number"), Some("911"));
    let answers = asking.await.unwrap();
    bank.stack.redis().process().resume();
    let turned_away = answers.iter().filter(|(_, status)| *status == Some(503)).count();
    assert!((1..20).contains(&turned_away), "{turned_away}");
    bank.all_is_well().await;
}
