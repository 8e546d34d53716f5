//! No money is promised twice: thousands of random schedules of pre-flights, purchases, settlements, loads, sweeps and
//! faults, against the product's own scripts on a real Redis. The database, the queue and everybody who works on them are
//! a small model here, whose steps happen in any order; the scripts, and what they are asked, are the product's.

mod bank;
mod batch;
mod checks;
mod loading;
mod looking_again;
mod preflight;
mod purchase;
mod schedule;
mod sweeping;
mod world;

use batch::{Faults, Ground};
use curbe_domain::rating::Rate;
use curbe_tests::seed::seed;
use world::Without;

/// 10,000 schedules, the same ones every time. `SEED=… BATCHES=… cargo test` looks at others.
const BATCHES: u64 = 100;
/// Until something is noticed; a tenth of them is usually more than enough.
const BATCHES_BROKEN: u64 = 1_000;
/// Each takes seconds.
const BATCHES_WITH_RESTARTS: u64 = 2;

fn rate() -> Rate {
    Rate {
        id: uuid::Uuid::nil(),
        prefix: "52".to_owned(),
        direction: None,
        rate_per_minute: "0.0500".parse().unwrap(),
        connection_fee: "0.0100".parse().unwrap(),
        initial_increment_seconds: 60,
        increment_seconds: 60,
    }
}

#[tokio::test]
async fn in_any_order_with_any_fault() {
    is_kept(BATCHES, Faults::Quick).await;
}

#[tokio::test]
async fn while_redis_is_killed_and_started_again() {
    is_kept(BATCHES_WITH_RESTARTS, Faults::Restart).await;
}

#[tokio::test]
async fn but_it_would_be_without_holds() {
    is_broken(Without::Holds).await;
}

#[tokio::test]
async fn but_it_would_be_if_holds_went_by_themselves() {
    is_broken(Without::Permanence).await;
}

#[tokio::test]
async fn but_it_would_be_without_the_second_look() {
    is_broken(Without::SecondLook).await;
}

#[tokio::test]
async fn but_it_would_be_if_a_load_knew_less_than_its_epoch() {
    is_broken(Without::OrderOfLoad).await;
}

#[tokio::test]
async fn but_it_would_be_if_an_orphan_went_before_its_wallet_had_moved() {
    is_broken(Without::NewsOfOrphans).await;
}

async fn is_kept(batches: u64, faults: Faults) {
    let asked = std::env::var_os("BATCHES").and_then(|count| count.to_str()?.parse().ok());
    let ground = Ground::new().await;
    let batches = asked.unwrap_or(batches);
    let failure = ground.first_failure(seed(), batches, Without::Nothing, faults).await;
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
}

async fn is_broken(without: Without) {
    let ground = Ground::new().await;
    let failure = ground.first_failure(seed(), BATCHES_BROKEN, without, Faults::Quick).await;
    assert!(failure.is_some(), "nothing is noticed");
}
