//! From a hangup to the frame in the browser, hangups coming at a given rate whatever happens to those before.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::ground::Ground;
use super::http::{self, Connection};
use super::latency::{Latencies, milliseconds};
use super::say;
use super::table::Table;
use crate::simulator::browser::Browser;

/// Hangups a second.
pub(super) const RATES: [usize; 2] = [200, 1_000];
const SECONDS: usize = 10;
/// Wallets whose users look at their screens.
const SOCKETS: usize = 100;
const CONNECTIONS: usize = 64;
/// The last frames may take so long.
const STRAGGLERS: Duration = Duration::from_secs(10);
const CALL_ID: &str = "\"externalCallId\":\"";

/// Requests with the instants at which each was due or sent, in microseconds from the beginning.
struct Schedule {
    requests: Vec<Vec<u8>>,
    sent: Vec<AtomicU64>,
    next: AtomicUsize,
    interval: Duration,
    begin: Instant,
}

/// One rate; a row of the table.
pub(super) async fn measure(ground: &Ground, rate: usize, table: &mut Table) -> Result<()> {
    say(&format!("{rate} hangups a second for {SECONDS} s, {SOCKETS} browsers"));
    // Dropped at the end, it closes the sockets.
    let (_open, mut frames) = browsers(ground).await?;
    let count = rate * SECONDS;
    let calls: Vec<_> = (0..count).map(|number| ground.hangup(number % SOCKETS)).collect();
    let ids: HashMap<String, usize> =
        calls.iter().enumerate().map(|(number, (call, _))| (call.sid.clone(), number)).collect();
    let schedule = Arc::new(Schedule {
        requests: calls.iter().map(|(_, webhook)| http::bytes(webhook)).collect(),
        sent: (0..count).map(|_| AtomicU64::default()).collect(),
        next: AtomicUsize::new(0),
        interval: Duration::from_secs(1) / u32::try_from(rate)?,
        begin: Instant::now(),
    });
    let sending = tokio::spawn(send(ground.stack.ingest_url(), Arc::clone(&schedule)));
    let mut latencies = Latencies::default();
    while latencies.count() < count as u64 {
        let patience = Duration::from_secs(SECONDS as u64) + STRAGGLERS;
        let seen = tokio::time::timeout(patience, frames.recv()).await;
        let (id, at) = seen
            .ok()
            .flatten()
            .with_context(|| format!("{} of {count} frames came", latencies.count()))?;
        if let Some(number) = ids.get(&id) {
            let sent = Duration::from_micros(schedule.sent[*number].load(Ordering::Acquire));
            latencies.add(at.saturating_duration_since(schedule.begin + sent));
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

/// Each free connection takes the next request and waits until it is due. Where none was free in time, the wait is
/// counted: from when it was due.
async fn send(url: String, schedule: Arc<Schedule>) -> Result<()> {
    let mut running = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let connection = Connection::open(&url).await?;
        running.spawn(send_due(connection, Arc::clone(&schedule)));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

async fn send_due(mut connection: Connection, schedule: Arc<Schedule>) -> Result<()> {
    loop {
        let number = schedule.next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = schedule.requests.get(number) else { return Ok(()) };
        let due = schedule.begin + schedule.interval * u32::try_from(number)?;
        let begin = if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
            Instant::now()
        } else {
            due
        };
        let micros = u64::try_from((begin - schedule.begin).as_micros())?;
        schedule.sent[number].store(micros, Ordering::Release);
        connection.exchange(request).await?;
    }
}
