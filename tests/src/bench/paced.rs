//! Requests sent at a given rate, whatever happens to those before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::http::Connection;
use super::latency::Latencies;

const CONNECTIONS: usize = 64;

/// Requests with the instants at which each was due or sent, in microseconds from the beginning.
#[derive(Debug)]
pub(super) struct Schedule {
    requests: Vec<Vec<u8>>,
    sent: Vec<AtomicU64>,
    next: AtomicUsize,
    interval: Duration,
    begin: Instant,
}

impl Schedule {
    /// So many requests a second, from now on.
    pub(super) fn now(requests: Vec<Vec<u8>>, rate: usize) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            sent: requests.iter().map(|_| AtomicU64::default()).collect(),
            requests,
            next: AtomicUsize::new(0),
            interval: Duration::from_secs(1) / u32::try_from(rate)?,
            begin: Instant::now(),
        }))
    }

    /// When that request was sent, or was due if no connection was free then.
    pub(super) fn sent(&self, number: usize) -> Instant {
        self.begin + Duration::from_micros(self.sent[number].load(Ordering::Acquire))
    }
}

/// Each free connection takes the next request and waits until it is due. Where none was free in time, the wait is
/// counted: from when it was due. Returns how long the answers took.
pub(super) async fn send(url: String, schedule: Arc<Schedule>) -> Result<Latencies> {
    let mut running = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let connection = Connection::open(&url).await?;
        running.spawn(send_due(connection, Arc::clone(&schedule)));
    }
    let mut latencies = Latencies::default();
    while let Some(ended) = running.join_next().await {
        latencies.add_all(&ended??);
    }
    Ok(latencies)
}

async fn send_due(mut connection: Connection, schedule: Arc<Schedule>) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    loop {
        let number = schedule.next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = schedule.requests.get(number) else { return Ok(latencies) };
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
        latencies.add(begin.elapsed());
    }
}
