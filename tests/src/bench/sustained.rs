//! From the first hangup sent to the last call committed, everything at work at once.

use std::time::Instant;

use anyhow::Result;

use super::ground::Ground;
use super::http::send_all;
use super::table::{Rate, Table};
use super::{WALLETS, say};

const CALLS: usize = 40_000;

/// Sends hangups as fast as they are accepted and waits for the books. The worker runs on afterwards.
pub(super) async fn measure(ground: &Ground, single: Rate, table: &mut Table) -> Result<()> {
    say(&format!("{CALLS} hangups sent, accepted and committed"));
    ground.worker.restart().await?;
    let requests = ground.requests(CALLS, WALLETS);
    let wanted = ground.committed().await? + CALLS;
    let begin = Instant::now();
    let url = ground.stack.ingest_url();
    let (sent, committed) = tokio::join!(send_all(&url, &requests), ground.until_committed(wanted));
    let rate = Rate::of(CALLS, begin.elapsed());
    committed?;
    let accepted = Rate::of(CALLS, sent?);
    table.row([
        "hangup accepted to committed, sustained, all services on the same cores",
        &format!("{rate} (accepted at {accepted})"),
        &format!("one transaction a call, 8 connections: {single}"),
        &rate.ratio(single),
        "",
    ]);
    Ok(())
}
