//! From a hangup to the frame in the browser, hangups coming at a given rate whatever happens to those before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::ground::Ground;
use super::http;
use super::latency::{Latencies, milliseconds};
use super::paced::{self, Schedule};
use super::say;
use super::table::Table;
use crate::simulator::browser::Browser;

/// Hangups a second.
pub(super) const RATES: [usize; 2] = [200, 1_000];
const SECONDS: usize = 10;
/// Wallets whose users look at their screens.
const SOCKETS: usize = 100;
/// The last frames may take so long.
const STRAGGLERS: Duration = Duration::from_secs(10);
const CALL_ID: &str = "\"externalCallId\":\"";

/// One rate; a row of the table.
pub(super) async fn measure(ground: &Ground, rate: usize, table: &mut Table) -> Result<()> {
    say(&format!("{rate} hangups a second for {SECONDS} s, {SOCKETS} browsers"));
    // Dropped at the end, it closes the sockets.
    let (_open, mut frames) = browsers(ground).await?;
    let count = rate * SECONDS;
    let calls: Vec<_> = (0..count).map(|number| ground.hangup(number % SOCKETS)).collect();
    let ids: HashMap<String, usize> =
        calls.iter().enumerate().map(|(number, (call, _))| (call.sid.clone(), number)).collect();
    let requests = calls.iter().map(|(_, webhook)| http::bytes(webhook)).collect();
    let schedule = Schedule::now(requests, rate)?;
    let sending = tokio::spawn(paced::send(ground.stack.ingest_url(), Arc::clone(&schedule)));
    let mut latencies = Latencies::default();
    while latencies.count() < count as u64 {
        let patience = Duration::from_secs(SECONDS as u64) + STRAGGLERS;
        let seen = tokio::time::timeout(patience, frames.recv()).await;
        let (id, at) = seen
            .ok()
            .flatten()
            .with_context(|| format!("{} of {count} frames came", latencies.count()))?;
        if let Some(number) = ids.get(&id) {
            latencies.add(at.saturating_duration_since(schedule.sent(*number)));
        }
    }
    sending.await??;
    row(rate, &latencies, table);
    Ok(())
}

fn row(rate: usize, latencies: &Latencies, table: &mut Table) {
    let [p50, p99] = [50, 99].map(|percent| milliseconds(latencies.percentile(percent)));
    table.row([
        &format!("hangup to frame in the browser at {rate} calls/s, {SOCKETS} browsers"),
        &format!("p50 {p50}, p99 {p99}"),
        "",
        "",
        if rate == 1_000 { "p50 < 5 ms, p99 < 25 ms" } else { "" },
    ]);
}

/// Opens the sockets; each logged call comes out of the channel with the instant of its frame.
async fn browsers(ground: &Ground) -> Result<(JoinSet<()>, UnboundedReceiver<(String, Instant)>)> {
    let (sender, frames) = unbounded_channel();
    let mut open = JoinSet::new();
    let url = ground.stack.notifier_url();
    for user in ground.users(SOCKETS).await? {
        let issued = ground.stack.curbe(&["tokens", "issue", "--user", &user.to_string()]).await?;
        ensure!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));
        let token = String::from_utf8(issued.stdout)?;
        let mut browser = Browser::open(&url, token.trim()).await?;
        let sender = sender.clone();
        open.spawn(async move {
            while let Ok(seen) = browser.next().await {
                let id = seen.text.split(CALL_ID).nth(1).and_then(|rest| rest.split('"').next());
                if id.is_some_and(|id| sender.send((id.to_owned(), seen.at)).is_err()) {
                    return;
                }
            }
        });
    }
    Ok((open, frames))
}
