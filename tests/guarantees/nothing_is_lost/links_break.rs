//! Links between processes fall silent, in both directions or in one, are cut, or lose what goes over them.

use curbe_tests::faults::Link;
use curbe_tests::faults::fault::Fault;
use curbe_tests::faults::proxy::Mode;
use curbe_tests::stack::services::Kind;

use super::{is_well, survives};

const SILENCES: [Mode; 3] = [Mode::Silent, Mode::SilentToServer, Mode::SilentToClient];

fn silences(link: Link) -> [Fault; 3] {
    SILENCES.map(|mode| Fault::Broken(link, mode))
}

#[tokio::test]
async fn between_ingest_and_the_queue() {
    let lab = super::lab("between_ingest_and_the_queue").await;
    survives(&lab, &silences(Link::IngestQueue)).await;
}

#[tokio::test]
async fn between_the_worker_and_the_database() {
    let lab = super::lab("between_the_worker_and_the_database").await;
    survives(&lab, &silences(Link::WorkerDatabase)).await;
}

#[tokio::test]
async fn between_the_worker_and_the_queue() {
    let lab = super::lab("between_the_worker_and_the_queue").await;
    let mut faults = silences(Link::WorkerQueue).to_vec();
    // What was committed is not acknowledged, and comes again.
    faults.push(Fault::Broken(Link::WorkerQueue, Mode::Cut));
    survives(&lab, &faults).await;
}

#[tokio::test]
async fn between_the_notifier_and_its_servers() {
    let lab = super::lab("between_the_notifier_and_its_servers").await;
    let mut faults = silences(Link::NotifierCache).to_vec();
    faults.push(Fault::Broken(Link::NotifierDatabase, Mode::Silent));
    survives(&lab, &faults).await;
}

/// What is published while nobody hears it is read back from the database.
#[tokio::test]
async fn so_that_frames_are_lost() {
    let lab = super::lab("so_that_frames_are_lost").await;
    let faults = [
        Fault::Broken(Link::NotifierCache, Mode::LostReplies),
        Fault::Broken(Link::WorkerCache, Mode::Cut),
        Fault::Killed(Kind::Notifier),
    ];
    survives(&lab, &faults).await;
    // The last ones too, which no later one shows to be missing.
    let told = lab.links.proxy(Link::WorkerCache);
    told.set(Mode::Cut);
    let callers = lab.callers();
    callers.accepted(30).await.unwrap();
    callers.finish().await.unwrap();
    lab.all_is_settled().await.unwrap();
    told.heal();
    is_well(&lab).await;
}

#[tokio::test]
async fn between_the_providers_and_ingest() {
    let lab = super::lab("between_the_providers_and_ingest").await;
    let faults = [Mode::Cut, Mode::LostReplies, Mode::Silent].map(Fault::Unreachable);
    survives(&lab, &faults).await;
    assert!(lab.history().unknown > 0, "every webhook was answered");
}
