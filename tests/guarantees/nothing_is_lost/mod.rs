//! Whatever breaks, nothing that was accepted is lost, and nothing is charged twice. One file for what breaks; the rows of
//! the matrix in `tests/FAULTS.md`.

mod ingest_is_killed;
mod links_break;
mod services_are_told_to_end;
mod the_cache_fails;
mod the_checker_is_checked;
mod the_database_fails;
mod the_queue_fails;
mod the_table_names_its_tests;
mod the_worker_is_killed;

use std::time::Duration;

use curbe_tests::faults::fault::Fault;
use curbe_tests::faults::{Lab, LabOptions};

/// How long something stays broken.
const OUTAGE: Duration = Duration::from_secs(2);

/// A lab on the servers of all tests.
async fn lab(test: &str) -> Lab {
    Lab::open(LabOptions::new(test)).await.unwrap()
}

/// A lab whose database server is its own.
async fn lab_with_database(test: &str) -> Lab {
    Lab::open(LabOptions { own_database: true, ..LabOptions::new(test) }).await.unwrap()
}

/// Everything breaks, one after another, while calls go on ending; afterwards all is as it must be.
async fn survives(lab: &Lab, faults: &[Fault]) {
    lab.survives(faults, OUTAGE).await.unwrap_or_else(|error| panic!("{error:#}"));
    is_well(lab).await;
}

async fn is_well(lab: &Lab) {
    lab.all_is_well().await.unwrap_or_else(|error| panic!("{error:#}"));
}
