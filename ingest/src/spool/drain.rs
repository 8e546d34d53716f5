//! From the spool to the queue: in the order in which it came, until nothing waits. Where the queue refuses one of those
//! that are on their way together, it comes behind the others.

use std::io;
use std::time::Duration;

use curbe_platform::credit::CreditCache;
use metrics::counter;
use tokio::time::{sleep, timeout};

use super::backlog::Waiting;
use super::frame::{Found, Frames};
use super::segment::part;
use super::writer::Order;
use super::{Spool, holds};
use crate::publisher::{NotQueued, Outgoing, Publisher};

/// What is on its way at once: enough to fill the queue, little enough to be sent again.
const WINDOW_MAX: usize = 256;
/// A queue that comes back slowly still answers within this.
const ACK: Duration = Duration::from_secs(5);
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a segment is tried to be read.
const READS_MAX: usize = 5;
/// How often what has gone is looked at.
const IDLE: Duration = Duration::from_millis(200);

/// What events leave by, and what their holds are in.
struct Way {
    publisher: Publisher,
    cache: CreditCache,
}

/// Why it stops for a moment.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("{}", .0.detail)]
    Queue(NotQueued),
    #[error("a segment cannot be read: {0}")]
    Disk(#[from] io::Error),
}

/// Brings what waits to the queue, for ever.
pub(crate) async fn drain(spool: Spool, publisher: Publisher, cache: CreditCache) {
    let way = Way { publisher, cache };
    let mut pause = PAUSE_FIRST;
    // After a failure one goes ahead, to see how it fares.
    let mut window = 1;
    let mut connects = way.publisher.connects();
    let mut unreadable = 0;
    loop {
        let is_connected = way.publisher.is_connected();
        if connects != way.publisher.connects() {
            connects = way.publisher.connects();
            // Another server may answer, or the same one after it had lost its power.
            spool.backlog.send_again();
        } else if is_connected {
            // Never while the queue is away: what it has forgotten is known once it is back.
            spool.tidy().await;
        }
        let Some(waiting) = spool.backlog.next() else {
            timeout(IDLE, spool.backlog.grown()).await.ok();
            continue;
        };
        let number = waiting.number;
        match spool.send(&way, waiting, &mut window).await {
            Ok(()) => (pause, unreadable) = (PAUSE_FIRST, 0),
            Err(stop) => {
                unreadable = if matches!(stop, Stop::Disk(_)) { unreadable + 1 } else { 0 };
                if unreadable > READS_MAX {
                    spool.put_away(number).await;
                    unreadable = 0;
                }
                tracing::warn!(error = %stop, waiting = spool.waiting(), "the spool waits");
                window = 1;
                sleep(rand::random_range(pause / 2..=pause)).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

impl Spool {
    /// Removes what is not needed any more.
    async fn tidy(&self) {
        self.backlog.remove_gone();
        if let Some(number) = self.backlog.to_be_closed() {
            // The thread that writes ends with the process only.
            self.orders.send(Order::Close(number)).await.ok();
        }
    }

    /// Gives a segment up that cannot be read, once nothing more is written to it.
    async fn put_away(&self, number: u64) {
        self.orders.send(Order::Close(number)).await.ok();
        while !self.backlog.is_closed(number) {
            sleep(PAUSE_FIRST).await;
        }
        self.backlog.put_away(number);
    }

    /// Sends what waits in one segment.
    async fn send(&self, way: &Way, waiting: Waiting, window: &mut usize) -> Result<(), Stop> {
        way.publisher.takes_events().map_err(Stop::Queue)?;
        let Waiting { number, path, from, to, is_repeat } = waiting;
        let read = tokio::task::spawn_blocking(move || part(&path, from, to)).await;
        let (name, part) = match read.map_err(io::Error::other)? {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.backlog.lose(number);
                return Ok(());
            }
            read => read?,
        };
        let mut frames = Frames::new(name, from, &part).peekable();
        while frames.peek().is_some() {
            let (mut group, mut damaged) = (Vec::new(), 0);
            while group.len() < *window && damaged == 0 {
                match frames.next() {
                    Some(Found::Event(event, bytes)) => group.push((*event, bytes)),
                    Some(Found::Damage(bytes)) => damaged = bytes,
                    None => break,
                }
            }
            // What is sent again may be settled long since.
            let fresh = group.iter().filter(|_| !is_repeat).map(|(event, _)| event);
            let calls = holds::calls(fresh);
            holds::restore_all(&way.cache, &calls).await;
            self.send_group(way, number, group).await.map_err(Stop::Queue)?;
            holds::are_queued(&way.cache, &calls).await;
            if damaged > 0 {
                // It was whole when it was written. What can be read goes on.
                tracing::error!(
                    bytes = damaged,
                    segment = number,
                    "the disk has damaged the spool"
                );
                self.backlog.gone(number, damaged, 0);
            }
            *window = (*window * 2).min(WINDOW_MAX);
        }
        Ok(())
    }

    /// Sends a group in its order; what is acknowledged up to the first failure has gone.
    async fn send_group(
        &self,
        way: &Way,
        segment: u64,
        group: Vec<(Outgoing, usize)>,
    ) -> Result<(), NotQueued> {
        let mut sent = Vec::with_capacity(group.len());
        for (event, bytes) in group {
            sent.push((way.publisher.send(event).await?, bytes));
        }
        for (sent, bytes) in sent {
            let acknowledged = timeout(ACK, sent.acknowledged()).await;
            acknowledged.unwrap_or_else(|_| Err(NotQueued::silent()))?;
            self.backlog.gone(segment, bytes, 1);
            counter!("curbe_spool_drained_total").increment(1);
        }
        Ok(())
    }
}
