//! The laboratory finds what is wrong: a worker that is wrong on purpose is caught, each time by what must catch it.

use std::collections::BTreeSet;
use std::time::Duration;

use curbe_tests::faults::invariants::Invariant;
use curbe_tests::faults::{Lab, LabOptions, builds};
use curbe_tests::stack::services::Kind;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// What is wrong stays wrong, and need not be waited for.
const PATIENCE: Duration = Duration::from_secs(8);
const NO_FAULT: &str = "none";
/// So many, always the same ones, that each fault meets calls to which it makes a difference.
const CALLS: usize = 400;
const SEED: u64 = 5;

/// What a worker with this fault violates.
async fn violated_by(mutant: &str) -> Vec<Invariant> {
    let binaries = Some(builds::of_mutants().await.unwrap());
    let again = format!("cargo test --workspace --test guarantees -- {mutant}");
    let options = LabOptions { binaries, ..LabOptions::seeded(SEED, again) };
    let mut lab = Lab::without_workers(options).await.unwrap();
    if mutant != NO_FAULT {
        lab.set_patience(PATIENCE);
    }
    lab.start(Kind::Worker, &[("CURBE_MUTANT", mutant)]).await.unwrap();
    let callers = lab.callers();
    callers.accepted(CALLS).await.unwrap();
    callers.finish().await.unwrap();
    let violated = violated(&lab).await;
    println!("{mutant}: {violated:?}");
    violated
}

async fn violated(lab: &Lab) -> Vec<Invariant> {
    let violations = lab.violations().await.unwrap();
    let violated: BTreeSet<Invariant> =
        violations.iter().map(|violation| violation.invariant).collect();
    violated.into_iter().collect()
}

#[tokio::test]
async fn a_worker_without_a_fault_violates_nothing() {
    assert_eq!(violated_by(NO_FAULT).await, []);
}

#[tokio::test]
async fn a_leg_that_is_charged_twice() {
    // Every sum is right; only somebody who knows what the call must cost can tell.
    assert!(violated_by("double_charge").await.contains(&Invariant::Oracle));
}

#[tokio::test]
async fn an_event_that_is_acknowledged_and_forgotten() {
    assert!(violated_by("lost_event").await.contains(&Invariant::Kept));
}

#[tokio::test]
async fn a_debit_without_its_row() {
    let violated = violated_by("skipped_ledger_row").await;
    assert!(violated.contains(&Invariant::Sums) && violated.contains(&Invariant::Once));
}

#[tokio::test]
async fn an_amount_that_is_cut_instead_of_rounded() {
    assert!(violated_by("rounding_slip").await.contains(&Invariant::Oracle));
}

#[tokio::test]
async fn a_hold_that_is_kept_after_its_call() {
    assert!(violated_by("forgotten_hold").await.contains(&Invariant::Held));
}

#[tokio::test]
async fn a_hold_that_is_given_away_while_its_call_runs() {
    // What is promised twice is spent twice.
    assert!(violated_by("given_away").await.contains(&Invariant::Held));
}

#[tokio::test]
async fn what_is_wrong_outside_of_the_books() {
    let options = LabOptions::new("what_is_wrong_outside_of_the_books");
    let mut lab = Lab::open(options).await.unwrap();
    lab.survives(&[], Duration::ZERO).await.unwrap();
    lab.all_is_well().await.unwrap();
    lab.set_patience(PATIENCE);
    let (wallet, seq, user, organization): (Uuid, i64, Uuid, Uuid) = sqlx::query_as(
        "select id, seq, user_id, organization_id from wallets order by seq desc limit 1",
    )
    .fetch_one(lab.stack.pool())
    .await
    .unwrap();

    // A balance that nobody has is shown, the cache is ahead, and somebody went away in the middle of his work.
    let frame = json!({
        "type": "balance_updated",
        "seq": seq + 1,
        "data": { "newBalance": "1.2345", "lastCallCost": null, "currency": "USD" },
    });
    let message = json!({
        "seq": seq + 1,
        "type": "balance_updated",
        "userId": user,
        "organizationId": organization,
        "frame": frame,
    });
    let mut redis = lab.stack.redis_client().await.unwrap();
    let channel = format!("frames:{wallet}");
    let publish = redis::cmd("PUBLISH").arg(&[channel, message.to_string()]).to_owned();
    let heard: i64 = publish.query_async(&mut redis).await.unwrap();
    assert!(heard > 0, "no notifier is subscribed");
    let ahead =
        redis::cmd("HINCRBY").arg(format!("wallet:{wallet}")).arg("version").arg(1).to_owned();
    let _: i64 = ahead.query_async(&mut redis).await.unwrap();
    let mut left = PgConnection::connect(&lab.stack.database_url()).await.unwrap();
    sqlx::raw_sql("set idle_in_transaction_session_timeout = 0; begin; select 1")
        .execute(&mut left)
        .await
        .unwrap();

    let expected = [Invariant::Cache, Invariant::Shown, Invariant::Clean];
    assert_eq!(violated(&lab).await, expected);
}
