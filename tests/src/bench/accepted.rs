//! Hangups accepted a second, each with its signature checked and its place on the queue acknowledged.

use std::time::Duration;

use anyhow::Result;

use super::bare::Bare;
use super::ground::Ground;
use super::http::{CONNECTIONS, send_all};
use super::table::{Rate, Table};
use super::{WALLETS, drain, say};

/// Enough for connections, caches and the allocator to be warm.
const WARM_UP: usize = 4_000;
/// The bare server does not mind the same requests again.
const BARE: usize = 50_000;
const ROUNDS: usize = 6;

/// The server that only reads and answers.
pub(super) async fn bare(ground: &Ground) -> Result<Rate> {
    say(&format!("a bare server answers {} requests", BARE * ROUNDS));
    let server = Bare::start().await?;
    let requests = ground.requests(BARE, WALLETS);
    send_all(&server.url, &requests).await?;
    let mut taken = Duration::ZERO;
    for _ in 0..ROUNDS {
        taken += send_all(&server.url, &requests).await?;
    }
    Ok(Rate::of(BARE * ROUNDS, taken))
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
