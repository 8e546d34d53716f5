//! `ingest` dies with a webhook in its hands: before it published it, or after.

use std::sync::Arc;

use curbe_tests::faults::builds;
use curbe_tests::faults::fault::Fault;
use curbe_tests::faults::history::Answered;
use curbe_tests::faults::{Lab, LabOptions};
use curbe_tests::stack::services::{Kind, Service};
use curbe_tests::stack::wait_until;

use super::{is_well, survives};
use crate::fixture::SOON;

/// Tells a doomed `ingest` of a call, kills it at this point, and tells another one, as a provider that tries again.
async fn killed_at(lab: &Lab, point: &str, meanwhile: impl AsyncFnOnce(&str)) -> Arc<Service> {
    let doomed = lab.start(Kind::Ingest, &[("CURBE_KILL_POINT", point)]).await.unwrap();
    let call = lab.call();
    let telling = lab.tell(doomed.url(), &call);
    let killing = async {
        wait_until(SOON, "ingest to stop", async || {
            let log = doomed.process().log();
            if log.contains(&format!("{}{point}", builds::MARKER)) { Ok(()) } else { Err(log) }
        })
        .await;
        doomed.process().kill();
    };
    let (answered, ()) = tokio::join!(telling, killing);
    assert_eq!(answered.unwrap(), Answered::Unknown, "nobody is told yes");
    meanwhile(call.id()).await;
    let again = lab.tell(&lab.stack.ingest_url(), &call).await.unwrap();
    assert_eq!(again, Answered::Accepted);
    lab.stack.services_of(Kind::Ingest)[0].clone()
}

async fn legs(lab: &Lab, id: &str) -> i64 {
    let legs = sqlx::query_scalar("select count(*) from call_legs where leg = $1").bind(id);
    legs.fetch_one(lab.stack.pool()).await.unwrap()
}

async fn fault_lab(test: &str) -> Lab {
    let binaries = Some(builds::with_kill_points().await.unwrap());
    Lab::open(LabOptions { binaries, ..LabOptions::new(test) }).await.unwrap()
}

#[tokio::test]
async fn before_or_after_it_published() {
    let lab = fault_lab("before_or_after_it_published").await;
    killed_at(&lab, "unpublished", async |id| {
        let queued = lab.queue().await.unwrap().get_stream("CURBE").await.unwrap();
        assert_eq!(queued.cached_info().state.messages, 0, "it was published");
        assert_eq!(legs(&lab, id).await, 0);
    })
    .await;
    let other = killed_at(&lab, "published", async |id| {
        // It is charged, though nobody was told so.
        wait_until(SOON, "the leg", async || match legs(&lab, id).await {
            1 => Ok(()),
            legs => Err(legs),
        })
        .await;
    })
    .await;
    let log = other.process().log();
    assert!(log.contains("\"duplicate\":true"), "the second try was no duplicate: {log}");
    is_well(&lab).await;
}

#[tokio::test]
async fn again_and_again_under_load() {
    let lab = super::lab("again_and_again_under_load").await;
    survives(&lab, &[Fault::Killed(Kind::Ingest); 3]).await;
    assert!(lab.history().unknown > 0, "no kill met a webhook");
}
