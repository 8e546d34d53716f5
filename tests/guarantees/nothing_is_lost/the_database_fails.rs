//! The database commits and is not heard, stops at once, says nothing, or keeps a wallet locked.

use std::time::Duration;

use async_nats::jetstream::consumer::{Info, pull};
use curbe_tests::faults::Lab;
use curbe_tests::faults::fault::{Fault, Part};
use curbe_tests::stack::services::Kind;
use curbe_tests::stack::wait_until;
use tokio::time::sleep;

use super::{is_well, survives};
use crate::fixture::SOON;

/// Longer than a lock is waited for, and than a statement may take.
const LOCKED: Duration = Duration::from_secs(6);

#[tokio::test]
async fn a_commit_whose_reply_is_lost() {
    let lab = super::lab("a_commit_whose_reply_is_lost").await;
    survives(&lab, &[Fault::CommitReplyLost; 2]).await;
    let workers = lab.stack.services_of(Kind::Worker);
    let logs: String = workers.iter().map(|worker| worker.process().log()).collect();
    assert!(logs.contains("not settled"), "no worker was in doubt");
}

#[tokio::test]
async fn a_database_that_stops_at_once() {
    let lab = super::lab_with_database("a_database_that_stops_at_once").await;
    survives(&lab, &[Fault::Away(Part::Database); 3]).await;
    survives(&lab, &[Fault::Quiet(Part::Database)]).await;
}

#[tokio::test]
async fn a_wallet_that_somebody_keeps_locked() {
    let lab = super::lab("a_wallet_that_somebody_keeps_locked").await;
    let callers = lab.callers();
    callers.accepted(30).await.unwrap();
    let mut lock = lab.stack.pool().begin().await.unwrap();
    sqlx::query("select id from wallets order by id for update").execute(&mut *lock).await.unwrap();
    wait_until(SOON, "messages in hand", async || match consumer(&lab).await.num_ack_pending {
        0 => Err("none"),
        _ => Ok(()),
    })
    .await;
    sleep(LOCKED).await;
    // Whoever waits for the lock keeps the messages; nobody else gets them meanwhile.
    assert_eq!(consumer(&lab).await.num_redelivered, 0);
    lock.rollback().await.unwrap();
    callers.accepted(30).await.unwrap();
    callers.finish().await.unwrap();
    is_well(&lab).await;
}

async fn consumer(lab: &Lab) -> Info {
    let stream = lab.queue().await.unwrap().get_stream("CURBE").await.unwrap();
    stream.get_consumer::<pull::Config>("billing").await.unwrap().cached_info().clone()
}
