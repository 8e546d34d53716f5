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
const SECONDS: usize = 10;

/// As fast as they are answered, with the worker stopped; then at half that rate, with the worker at work. Every one of
/// them must have been authorized.
pub(super) async fn measure(ground: &Ground, bare: Rate, table: &mut Table) -> Result<()> {
    say(&format!("{CALLS} calls ask whether they may begin"));
    let url = ground.stack.ingest_url();
    // The wallets are in the cache from then on.
    send_all(&url, &ground.asks(WALLETS).into()).await?;
    ground.until_authorized(WALLETS).await?;
    ground.stop_worker().await?;
    let taken = send_all(&url, &ground.asks(CALLS).into()).await?;
    let rate = Rate::of(CALLS, taken);
    ground.worker.restart().await?;
    ground.until_authorized(WALLETS + CALLS).await?;

    let half = CALLS * 1_000 / usize::try_from(taken.as_millis().max(1))? / 2;
    say(&format!("{half} calls ask a second, for {SECONDS} s"));
    let count = half * SECONDS;
    let schedule = Schedule::now(ground.asks(count), half)?;
    let latencies = paced::send(url, schedule).await?;
    ensure!(latencies.count() == count as u64, "{} of {count} answers", latencies.count());
    ground.until_authorized(WALLETS + CALLS + count).await?;
    table.row([
        "pre-flight: hold placed, decision acknowledged, hold confirmed",
        &rate.to_string(),
        &format!("hyper that answers 204: {bare}"),
        &rate.ratio(bare),
        "",
    ]);
    let [p50, p99] = [50, 99].map(|percent| milliseconds(latencies.percentile(percent)));
    table.row([
        &format!("pre-flight at {half} calls/s, the worker at work"),
        &format!("p50 {p50}, p99 {p99}"),
        "",
        "",
        "p99 < 5 ms",
    ]);
    Ok(())
}
