//! What was set aside for a call goes on counting until the call is settled, whatever is emptied, killed or restarted
//! meanwhile; and it is given back once it is certain that nobody comes for it.

use std::cell::RefCell;

use curbe_domain::money::Money;
use curbe_platform::credit::{CreditCache, Loaded, WalletState};
use curbe_platform::redis::Link;
use curbe_tests::faults::proxy::{Mode, Proxy};
use curbe_tests::oracle::units;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::Kind;
use curbe_tests::stack::{Stack, wait_until};
use redis::AsyncCommands as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixture::customers::User;
use crate::fixture::spool::spools;
use crate::fixture::{Bank, SOON};

/// A minute costs a dollar there.
const DEAR: &str = "+6012345678";

async fn open() -> (Bank, User) {
    opened(Bank::open().await).await
}

async fn opened(bank: Bank) -> (Bank, User) {
    bank.insert_rate("60", "1.0000", "0.0000").await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    (bank, user)
}

/// A call that has taken everything: ten minutes for ten dollars.
async fn takes_everything(bank: &Bank, user: &User) -> TwilioCall {
    let call = TwilioCall::outbound(&user.number, DEAR);
    assert_eq!(bank.begins(&call).await, 597);
    call
}

async fn pays_with_everything(bank: &Bank, user: &User, call: &TwilioCall) {
    bank.hang_up(&call.clone().completed(599)).await;
    bank.all_is_well().await;
    assert_eq!(bank.balance(user).await, "0.0000");
    bank.cached_as_booked(user).await;
}

async fn nothing_is_left(bank: &Bank, user: &User) {
    let refused = bank.ask(&TwilioCall::outbound(&user.number, DEAR)).await;
    assert_eq!(refused.limit(), None, "{refused:?}");
}

#[tokio::test]
async fn when_the_cache_is_emptied_replaced_or_rebuilt() {
    let (bank, user) = open().await;
    let call = takes_everything(&bank, &user).await;
    let mut redis = bank.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    nothing_is_left(&bank, &user).await;
    bank.stack.redis().process().kill();
    bank.stack.redis().restart().await.unwrap();
    bank.cache_is_current().await;
    nothing_is_left(&bank, &user).await;
    // A standby that was promoted has an epoch and wallets of another process; here they say that all is free.
    let mut redis = bank.redis().await;
    let stale =
        [("epoch", "f00d:abc"), ("version", "999999"), ("held", "0"), ("balance", "100000")];
    let key = format!("wallet:{}", user.wallet);
    redis::pipe()
        .set("epoch", "f00d:abc")
        .hset_multiple(&key, &stale)
        .del(format!("holds:{}", user.wallet))
        .query_async::<()>(&mut redis)
        .await
        .unwrap();
    // Who finds the cache too slow is refused for that alone, and reads nothing anew.
    wait_until(SOON, "the stale wallet to be read anew", async || {
        nothing_is_left(&bank, &user).await;
        match bank.cached(&user, &["held"]).await[0].as_deref() {
            None | Some("0") => Err("it is not"),
            Some(_) => Ok(()),
        }
    })
    .await;
    pays_with_everything(&bank, &user, &call).await;
}

#[tokio::test]
async fn when_the_worker_is_away_while_it_runs() {
    let (bank, user) = open().await;
    let call = takes_everything(&bank, &user).await;
    let worker = bank.stack.services_of(Kind::Worker).remove(0);
    worker.process().kill();
    nothing_is_left(&bank, &user).await;
    // Its end, its repeat, and calls that nobody can judge without the worker once the cache is empty.
    bank.hang_up(&call.clone().completed(599)).await;
    let mut redis = bank.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    nothing_is_left(&bank, &user).await;
    worker.restart().await.unwrap();
    bank.all_is_well().await;
    assert_eq!(bank.balance(&user).await, "0.0000");
    nothing_is_left(&bank, &user).await;
    bank.cached_as_booked(&user).await;
}

#[tokio::test]
async fn when_ingest_dies_in_the_middle_of_asking() {
    // Long enough to be killed in.
    let patient = [("INGEST_ACK_TIMEOUT", "5s"), ("PREFLIGHT_BUDGET", "10s")];
    let bank = Bank::on(Stack::for_test().await, &patient).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let (bank, user) = opened(bank).await;
    // Believed before, since the worker could not be asked.
    let first = TwilioCall::outbound(&user.number, DEAR);
    bank.begins(&first).await;
    bank.hang_up(&first.completed(0)).await;
    bank.drained().await;
    bank.cached_as_booked(&user).await;
    // A queue that says nothing: the money is set aside, and no answer is given.
    bank.stack.nats().process().freeze();
    let call = TwilioCall::outbound(&user.number, DEAR);
    let asking = || bank.sending(vec![bank.request(&call.voice_request())]);
    let asked = RefCell::new(asking());
    wait_until(SOON, "the hold", async || {
        // Refused since the cache was too slow.
        if asked.borrow().is_finished() {
            asked.replace(asking());
        }
        match bank.cached(&user, &["calls"]).await[0].as_deref() {
            Some("1") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    bank.ingest.process().kill();
    bank.stack.nats().process().resume();
    bank.ingest.restart().await.unwrap();
    let answered = asked.into_inner().await.unwrap();
    assert!(answered.iter().all(|(_, status)| status.is_none()), "{answered:?}");
    // It goes on counting, and whoever asks again for the same call has it.
    nothing_is_left(&bank, &user).await;
    assert_eq!(bank.ask(&call).await.limit(), Some(597));
    pays_with_everything(&bank, &user, &call).await;
}

/// The worker reaches the queue, and knows nothing of a decision that waits on ingest's disk.
async fn with_a_link_to_the_queue() -> (Bank, User, Proxy) {
    let stack = Stack::for_test().await;
    let link = Proxy::start(vec![stack.nats().port()]).await.unwrap();
    let through = link.before(stack.nats_url()).unwrap();
    let bank = Bank::on(stack, &[("NATS_URL", &through)]).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let (bank, user) = opened(bank).await;
    let first = TwilioCall::outbound(&user.number, DEAR);
    bank.begins(&first).await;
    bank.hang_up(&first.completed(0)).await;
    bank.drained().await;
    bank.cached_as_booked(&user).await;
    (bank, user, link)
}

#[tokio::test]
async fn when_ingests_link_to_the_queue_says_nothing_for_minutes() {
    let (bank, user, link) = with_a_link_to_the_queue().await;
    link.set(Mode::Silent);
    let call = takes_everything(&bank, &user).await;
    spools(&bank.ingest, |events| events > 0).await;
    // Until then it is tried again and again, and the hold looked at each time.
    wait_until(SOON, "the queue to be given up", async || {
        let log = bank.ingest.process().log();
        let mut waits = log.lines().filter(|line| line.contains("the spool waits"));
        if waits.any(|line| line.contains("no connection")) { Ok(()) } else { Err(log) }
    })
    .await;
    three_minutes_pass(&bank).await;
    nothing_is_left(&bank, &user).await;

    link.heal();
    bank.nothing_is_spooled().await;
    // From then on it is one like all others.
    let redis = bank.redis().await;
    let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3_600;
    wait_until(SOON, "the hold to be looked at", async || {
        let lasting: i64 = redis.clone().zcount("holds:index", in_an_hour, "+inf").await.unwrap();
        if lasting == 0 { Ok(()) } else { Err(lasting) }
    })
    .await;
    pays_with_everything(&bank, &user, &call).await;
}

#[tokio::test]
async fn when_its_wallet_is_loaded_by_who_did_not_see_it_reach_the_queue() {
    let (bank, user, link) = with_a_link_to_the_queue().await;
    link.set(Mode::Silent);
    let call = takes_everything(&bank, &user).await;
    spools(&bank.ingest, |events| events > 0).await;
    let before = bank.cached(&user, &["version", "balance", "seq"]).await;
    let before: Vec<i64> = before.iter().map(|n| n.as_ref().unwrap().parse().unwrap()).collect();

    // The cache is emptied. A load has asked how far the queue is, and goes on only once the decision is there.
    let worker = bank.stack.services_of(Kind::Worker).remove(0);
    worker.process().freeze();
    let mut redis = bank.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    link.heal();
    bank.nothing_is_spooled().await;
    let cache =
        CreditCache::new(Link::start(bank.stack.redis_url(), CancellationToken::new()).unwrap());
    let load = async || {
        let epoch = cache.epoch().await.map_err(|error| error.to_string())?;
        let state = WalletState {
            wallet_id: user.wallet,
            version: before[0],
            balance: Money::from_units(before[1]).unwrap(),
            seq: before[2],
            status: "active".to_owned(),
            minimum_threshold: Money::ZERO,
        };
        match cache.load(&epoch, &state, &[], OffsetDateTime::now_utc()).await {
            Ok(Loaded::Loaded) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    wait_until(SOON, "the load", load).await;
    wait_until(SOON, "its hold", async || {
        match bank.cached(&user, &["held"]).await[0].as_deref() {
            Some("100000") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    nothing_is_left(&bank, &user).await;
    worker.process().resume();
    pays_with_everything(&bank, &user, &call).await;
}

/// Longer than the sweep leaves a hold alone that nobody has looked at; and it has looked since.
async fn three_minutes_pass(bank: &Bank) {
    let mut redis = bank.redis().await;
    let holds: Vec<String> = redis.zrange("holds:index", 0, -1).await.unwrap();
    for hold in &holds {
        let _: f64 = redis.zincr("holds:index", hold, -180).await.unwrap();
    }
    // Those that were looked at longest ago come first.
    let nobodys = format!("{} call:twilio:nobody", Uuid::new_v4());
    let long_ago = OffsetDateTime::now_utc().unix_timestamp() - 150;
    let _: i64 = redis.zadd("holds:index", &nobodys, long_ago).await.unwrap();
    wait_until(SOON, "the sweep", async || {
        let seen: Option<f64> = redis.clone().zscore("holds:index", &nobodys).await.unwrap();
        if seen.is_none() { Ok(()) } else { Err("it has not come by") }
    })
    .await;
}

#[tokio::test]
async fn and_a_call_whose_decision_is_not_durable_does_not_begin() {
    let (bank, user) = open().await;
    takes_everything(&bank, &user).await;
    let other = bank.customer().await;
    bank.cache_is_current().await;
    // Believed before the queue goes away.
    let first = TwilioCall::outbound(&other.number, "+525512345678");
    bank.begins(&first).await;
    bank.stack.nats().process().kill();
    std::fs::remove_dir_all(bank.spool()).unwrap();
    let call = TwilioCall::outbound(&other.number, DEAR);
    let answer = bank.ask(&call).await;
    assert!(answer.is_silent(), "{answer:?}");
    bank.stack.nats().restart().await.unwrap();
    wait_until(SOON, "the queue to take events again", async || {
        let answer = bank.ask(&call).await;
        if answer.limit().is_some() { Ok(()) } else { Err(answer.0) }
    })
    .await;
    bank.hang_up(&call.clone().completed(61)).await;
    bank.drained().await;
    assert_eq!(bank.log(&call.sid).await.unwrap().price, "2.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn but_given_back_once_nobody_comes_for_it() {
    let (bank, user) = open().await;
    let lost = takes_everything(&bank, &user).await;
    bank.drained().await;
    nothing_is_left(&bank, &user).await;
    bank.sql("update authorizations set due_at = now() - interval '1 second'").await;
    bank.sets_aside(&user, "0.0000").await;
    bank.cached_as_booked(&user).await;
    // Its end is told after all, days later: it is charged on its terms, if need be below zero.
    let call = takes_everything(&bank, &user).await;
    bank.hang_up(&call.clone().completed(599)).await;
    bank.hang_up(&lost.clone().completed(61)).await;
    bank.all_is_well().await;
    assert_eq!(bank.log(&lost.sid).await.unwrap().price, "2.0000");
    assert_eq!(units(&bank.balance(&user).await), -20_000);
}

#[tokio::test]
async fn also_while_there_is_always_something_to_do() {
    let (bank, user) = open().await;
    takes_everything(&bank, &user).await;
    bank.drained().await;
    let other = bank.customer().await;
    bank.sql("update authorizations set due_at = now() - interval '1 second'").await;
    let busy = || async {
        loop {
            let calls: Vec<_> = (0..20).map(|_| other.calls(DEAR, 1)).collect();
            bank.hang_up_all(&calls).await;
        }
    };
    tokio::select! {
        () = bank.sets_aside(&user, "0.0000") => {}
        ((), (), ()) = async { tokio::join!(busy(), busy(), busy()) } => {}
    }
}
