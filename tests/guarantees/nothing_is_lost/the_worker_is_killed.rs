//! A worker dies at each point between taking a message and having told of it.

use curbe_tests::faults::fault::Fault;
use curbe_tests::faults::{Lab, LabOptions, builds};
use curbe_tests::stack::services::Kind;

use super::survives;

/// `make faults KILLS=50` does the same fifty times with other seeds.
#[tokio::test]
async fn at_each_point_of_a_messages_way() {
    let binaries = Some(builds::with_kill_points().await.unwrap());
    let options = LabOptions::new("at_each_point_of_a_messages_way");
    let lab = Lab::open(LabOptions { binaries, ..options }).await.unwrap();
    survives(&lab, &Fault::kills()).await;
}

#[tokio::test]
async fn or_frozen_at_any_moment() {
    let lab = super::lab("or_frozen_at_any_moment").await;
    survives(&lab, &[Fault::Frozen(Kind::Worker), Fault::Killed(Kind::Worker)]).await;
}
