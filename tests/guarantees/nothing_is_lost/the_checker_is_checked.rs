//! The laboratory finds what is wrong: a worker that is wrong on purpose is caught, each time by what must catch it.

use std::time::Duration;

use curbe_tests::faults::invariants::Invariant;
use curbe_tests::faults::{Lab, LabOptions, builds};
use curbe_tests::stack::services::Kind;

/// What is wrong stays wrong, and need not be waited for.
const PATIENCE: Duration = Duration::from_secs(8);
const CALLS: usize = 100;

/// What a worker with this fault violates.
async fn violated_by(mutant: &str) -> Vec<Invariant> {
    let binaries = Some(builds::of_mutants().await.unwrap());
    let options = LabOptions { binaries, patience: PATIENCE, ..LabOptions::new(mutant) };
    let lab = Lab::without_workers(options).await.unwrap();
    lab.start(Kind::Worker, &[("CURBE_MUTANT", mutant)]).await.unwrap();
    let callers = lab.callers();
    callers.accepted(CALLS).await.unwrap();
    callers.finish().await.unwrap();
    let mut violated: Vec<Invariant> =
        lab.violations().await.unwrap().iter().map(|violation| violation.invariant).collect();
    violated.sort_unstable();
    violated.dedup();
    println!("{mutant}: {violated:?}");
    violated
}

#[tokio::test]
async fn a_worker_without_a_fault_violates_nothing() {
    assert_eq!(violated_by("none").await, []);
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
