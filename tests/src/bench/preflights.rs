//! Calls that ask whether they may begin: money set aside, the decision acknowledged by the queue, the hold looked at once
//! more, and the answer.

use anyhow::{Result, ensure};

use super::ground::Ground;
use super::http::send_all;
use super::latency::milliseconds;
use super::paced::{self, Schedule};
use super::table::{Rate, Table};
use super::{WALLETS, say};

const CALLS: usize = 20_000;
const SECONDS: usize = 5;
/// Calls a second with everything at work.
const BUSY: usize = 1_000;

/// As fast as they are answered, then at half that rate, the worker stopped; then at a rate of a busy hour with the worker
/// at work. Every one of them must have been authorized.
pub(super) async fn measure(ground: &Ground, bare: Rate, table: &mut Table) -> Result<()> {
    say(&format!("{CALLS} calls ask whether they may begin"));
    let url = ground.stack.ingest_url();
    // The wallets are in the cache from then on.
    send_all(&url, &ground.asks(WALLETS).into()).await?;
    ground.until_authorized(WALLETS).await?;
    ground.stop_worker().await?;
    let taken = send_all(&url, &ground.asks(CALLS).into()).await?;
    let rate = Rate::of(CALLS, taken);
    table.row([
        "pre-flight: hold placed, decision acknowledged, hold confirmed",
        &rate.to_string(),
        &format!("hyper that answers 204: {bare}"),
        &rate.ratio(bare),
        "",
    ]);
    let half = CALLS * 1_000 / usize::try_from(taken.as_millis().max(1))? / 2;
    paced(ground, half, "the worker stopped", "p99 < 5 ms", table).await?;
    ground.worker.restart().await?;
    let asked = WALLETS + CALLS + half * SECONDS;
    ground.until_authorized(asked).await?;
    paced(ground, BUSY, "the worker at work", "", table).await?;
    ground.until_authorized(asked + BUSY * SECONDS).await
}

async fn paced(
    ground: &Ground,
    rate: usize,
    circumstances: &str,
    goal: &str,
    table: &mut Table,
) -> Result<()> {
    say(&format!("{rate} calls ask a second for {SECONDS} s, {circumstances}"));
    let count = rate * SECONDS;
    let schedule = Schedule::now(ground.asks(count), rate)?;
    let latencies = paced::send(ground.stack.ingest_url(), schedule).await?;
    ensure!(latencies.count() == count as u64, "{} of {count} answers", latencies.count());
    let [p50, p99] = [50, 99].map(|percent| milliseconds(latencies.percentile(percent)));
    let what = format!("pre-flight at {rate} calls/s, {circumstances}");
    table.row([&what, &format!("p50 {p50}, p99 {p99}"), "", "", goal]);
    Ok(())
}
