//! The queue loses its answers, is killed again and again, is full, or loses what it was told to keep.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Config;
use curbe_tests::faults::fault::{Fault, Part};
use curbe_tests::faults::history::Answered;
use curbe_tests::faults::proxy::Mode;
use curbe_tests::faults::{Lab, LabOptions, Link};
use curbe_tests::stack::services::Kind;
use curbe_tests::stack::starting::PATIENT;
use curbe_tests::stack::wait_until;
use futures_util::TryStreamExt as _;

use super::{OUTAGE, is_well, survives};
use crate::fixture::SOON;
use crate::fixture::spool::spools;

/// What there is for a stream that is to fill up: enough for some seconds.
const ROOM: i64 = 1 << 20;
const KILLS: usize = 4;
/// How many are told yes while acknowledgements are lost, and how soon.
const YESES: usize = 9;
const YES_WITHIN: Duration = Duration::from_millis(1_500);

/// What was published by those requests comes to the books all the same, once.
#[tokio::test]
async fn an_acknowledgement_that_is_lost() {
    let lab = super::lab("an_acknowledgement_that_is_lost").await;
    survives(&lab, &[Fault::Broken(Link::IngestQueue, Mode::LostReplies)]).await;

    lab.links.proxy(Link::IngestQueue).set(Mode::LostReplies);
    let mut taken = Vec::new();
    for _ in 0..YESES {
        let (call, begun) = (lab.call(), Instant::now());
        let answered = lab.tell(&lab.stack.ingest_url(), &call).await.unwrap();
        assert_eq!(answered, Answered::Accepted);
        taken.push(begun.elapsed());
    }
    lab.links.proxy(Link::IngestQueue).heal();
    // A busy machine may have had no time for some of them itself.
    taken.sort_unstable();
    assert!(taken[YESES / 2] < YES_WITHIN, "{taken:?}");
    is_well(&lab).await;
}

#[tokio::test]
async fn a_queue_that_is_killed_again_and_again() {
    let lab = super::lab("a_queue_that_is_killed_again_and_again").await;
    survives(&lab, &[Fault::Away(Part::Queue); KILLS]).await;
}

/// Longer than the queue's silence is noticed by its clients.
#[tokio::test]
async fn a_queue_that_is_gone_or_frozen_for_longer() {
    let lab = super::lab("a_queue_that_is_gone_or_frozen_for_longer").await;
    let faults = [Fault::Away(Part::Queue), Fault::Quiet(Part::Queue)];
    lab.survives(&faults, Duration::from_secs(12)).await.unwrap();
    is_well(&lab).await;
    assert_eq!(lab.history().refused, 0, "somebody was turned away");
}

/// Full to the last byte, this server would drop the oldest event for one that fits but for the overhead of its record.
#[tokio::test]
async fn a_stream_that_is_full() {
    let options = LabOptions::new("a_stream_that_is_full");
    let lab = Lab::without_workers(options).await.unwrap();
    let enough = room(&lab, |bytes| bytes + ROOM).await;
    let callers = lab.callers();
    let ingest = lab.stack.services_of(Kind::Ingest)[0].clone();
    spools(&ingest, |events| events > 20).await;
    // Nothing was dropped to make room, and nobody was turned away: all of it is charged.
    let stream = lab.queue().await.unwrap().get_stream("CURBE").await.unwrap();
    let state = &stream.cached_info().state;
    assert_eq!((state.first_sequence, state.messages), (1, state.last_sequence));
    assert!(state.bytes < u64::try_from(ROOM).unwrap(), "it was full: {state:?}");
    assert_eq!(lab.history().refused, 0);
    lab.start(Kind::Worker, &[]).await.unwrap();
    room(&lab, |_| enough).await;
    callers.accepted(40).await.unwrap();
    callers.finish().await.unwrap();
    is_well(&lab).await;
}

/// Gives the stream other room, by what it holds now; returns what it had.
async fn room(lab: &Lab, wanted: impl Fn(i64) -> i64) -> i64 {
    let queue = lab.queue().await.unwrap();
    let stream = queue.get_stream("CURBE").await.unwrap();
    let info = stream.cached_info();
    let max_bytes = wanted(i64::try_from(info.state.bytes).unwrap());
    queue.update_stream(Config { max_bytes, ..info.config.clone() }).await.unwrap();
    info.config.max_bytes
}

#[tokio::test]
async fn a_consumer_that_is_deleted() {
    let lab = super::lab("a_consumer_that_is_deleted").await;
    let callers = lab.callers();
    callers.accepted(60).await.unwrap();
    let stream = lab.queue().await.unwrap().get_stream("CURBE").await.unwrap();
    stream.delete_consumer("billing").await.unwrap();
    says_so(&lab).await;
    callers.accepted(20).await.unwrap();

    migrates(&lab).await;
    callers.accepted(20).await.unwrap();
    callers.finish().await.unwrap();
    is_well(&lab).await;
    // It reads all again that the stream keeps, from the first on.
    let stream = lab.queue().await.unwrap().get_stream("CURBE").await.unwrap();
    let consumer = stream.get_consumer::<pull::Config>("billing").await.unwrap();
    let read = consumer.cached_info().delivered.consumer_sequence;
    let mut events = stream.info_with_subjects("voice.>").await.unwrap();
    let mut kept = 0;
    while let Some((_, count)) = events.try_next().await.unwrap() {
        kept += count as u64;
    }
    assert!(read >= kept && kept >= 100, "{read} of {kept}");
}

/// What was told and is not settled yet goes with it, but for what `ingest` keeps itself: the last five minutes, where its
/// own disk answers. It is sent again over the next connection.
#[tokio::test]
async fn a_stream_that_is_deleted() {
    let options = LabOptions::new("a_stream_that_is_deleted");
    let lab = Lab::open(LabOptions { ingest: &[PATIENT, ("DURABILITY", "disk")], ..options })
        .await
        .unwrap();
    let callers = lab.callers();
    callers.accepted(60).await.unwrap();
    for worker in lab.stack.services_of(Kind::Worker) {
        worker.process().freeze();
    }
    callers.accepted(60).await.unwrap();
    let queue = lab.queue().await.unwrap();
    let waiting = queue.get_stream("CURBE").await.unwrap();
    let consumer = waiting.get_consumer::<pull::Config>("billing").await.unwrap();
    assert!(consumer.cached_info().num_pending > 0, "nothing is lost with it");
    queue.delete_stream("CURBE").await.unwrap();
    for worker in lab.stack.services_of(Kind::Worker) {
        worker.process().resume();
    }
    says_so(&lab).await;
    callers.accepted(20).await.unwrap();

    migrates(&lab).await;
    lab.strike(Fault::Broken(Link::IngestQueue, Mode::Cut), OUTAGE).await.unwrap();
    callers.accepted(20).await.unwrap();
    callers.finish().await.unwrap();
    is_well(&lab).await;
}

/// The worker's probe and its metric name the queue.
async fn says_so(lab: &Lab) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let admin = lab.stack.services_of(Kind::Worker)[0].admin_url().to_owned();
    let text = async |path: &str| {
        client.get(format!("{admin}{path}")).send().await.unwrap().text().await.unwrap()
    };
    wait_until(SOON, "the worker to say so", async || {
        let (probe, metrics) = (text("/readyz?verbose").await, text("/metrics").await);
        let line = probe.lines().find(|line| line.contains("nats")).unwrap_or_default();
        let metric = metrics.lines().any(|line| {
            line.starts_with("curbe_dependency_up") && line.contains("nats") && line.ends_with(" 0")
        });
        if metric { Ok(()) } else { Err(format!("{line}\n{metrics}")) }
    })
    .await;
}

async fn migrates(lab: &Lab) {
    let migrated = lab.stack.curbe(&["migrate"]).await.unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
}
