//! SIGTERM at any moment: what is in hand is finished or given back, and the process ends in time with status 0.

use curbe_tests::faults::fault::Fault;
use curbe_tests::stack::services::Kind;

use super::survives;

#[tokio::test]
async fn at_any_moment() {
    let lab = super::lab("at_any_moment").await;
    let faults = [Kind::Worker, Kind::Ingest, Kind::Notifier, Kind::Worker].map(Fault::Ended);
    survives(&lab, &faults).await;
}
