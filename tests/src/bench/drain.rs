//! The worker with a full queue before it: calls of a thousand wallets, and calls of one.

use std::time::Instant;

use anyhow::Result;

use super::ground::Ground;
use super::http::send_all;
use super::say;
use super::table::{Rate, Table};

/// The calls that wait for the worker.
pub(super) const CALLS: usize = 40_000;
const HOT: usize = 20_000;

/// Drains what ingest has accepted before.
pub(super) async fn many_wallets(ground: &Ground) -> Result<Rate> {
    say("the worker drains the queue: a thousand wallets");
    drain(ground, CALLS).await
}

/// Fills the queue with calls of one wallet and drains it.
pub(super) async fn one_wallet(ground: &Ground) -> Result<Rate> {
    say(&format!("the worker drains the queue: {HOT} calls of one wallet"));
    send_all(&ground.stack.ingest_url(), &ground.requests(HOT, 1)).await?;
    drain(ground, HOT).await
}

/// The start of the process is not counted: from the first commit seen to the last.
async fn drain(ground: &Ground, calls: usize) -> Result<Rate> {
    let before = ground.committed().await?;
    let waiting = ground.waiting().await?;
    anyhow::ensure!(waiting >= calls, "{waiting} calls wait instead of {calls}");
    let wanted = before + waiting;
    let (started, drained) = tokio::join!(ground.worker.restart(), ground.until_committed(wanted));
    let end = Instant::now();
    started?;
    let (first, already) = drained?;
    ground.stop_worker().await?;
    Ok(Rate::of(wanted - already, end - first))
}

/// Tells of all three in the table.
pub(super) fn rows(many: Rate, hot: Rate, single: Rate, table: &mut Table) {
    table.row([
        "worker draining a full queue, calls of 1 000 wallets",
        &many.to_string(),
        &format!("one transaction a call, 8 connections: {single}"),
        &many.ratio(single),
        "3.5",
    ]);
    table.row([
        "the same, all calls of one wallet",
        &hot.to_string(),
        &format!("a thousand wallets: {many}"),
        &hot.ratio(many),
        "0.5",
    ]);
}
