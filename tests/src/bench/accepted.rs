//! Hangups accepted a second, each with its signature checked and its place on the queue acknowledged.

use anyhow::Result;

use super::bare::Bare;
use super::ground::Ground;
use super::http::{CONNECTIONS, send_all};
use super::table::{Rate, Table};
use super::{WALLETS, drain, say};

/// Enough for connections, caches and the allocator to be warm.
const WARM_UP: usize = 4_000;
const BARE: usize = 100_000;

/// The server that only reads and answers.
pub(super) async fn bare(ground: &Ground) -> Result<Rate> {
    say(&format!("a bare server answers {BARE} requests"));
    let server = Bare::start().await?;
    send_all(&server.url, &ground.requests(WARM_UP, WALLETS)).await?;
    let requests = ground.requests(BARE, WALLETS);
    Ok(Rate::of(BARE, send_all(&server.url, &requests).await?))
}

/// Ingest, with the worker stopped: what it accepts is then drained from the queue.
pub(super) async fn ingest(ground: &Ground, bare: Rate, table: &mut Table) -> Result<()> {
    say(&format!("ingest accepts {} hangups", drain::CALLS));
    let url = ground.stack.ingest_url();
    send_all(&url, &ground.requests(WARM_UP, WALLETS)).await?;
    let requests = ground.requests(drain::CALLS, WALLETS);
    let rate = Rate::of(drain::CALLS, send_all(&url, &requests).await?);
    table.row([
        &format!("voice-events accepted (signature, PubAck, log lines), {CONNECTIONS} connections"),
        &rate.to_string(),
        &format!("hyper that answers 204: {bare}"),
        &rate.ratio(bare),
        "0.45",
    ]);
    Ok(())
}
