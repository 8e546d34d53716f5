//! From the spool to the queue: in the order in which it came, until nothing waits. Where the queue refuses one of those
//! that are on their way together, it comes behind the others.

use std::io;
use std::time::Duration;

use curbe_platform::credit::CreditCache;
use metrics::counter;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::backlog::Waiting;
use super::frame::{Found, Frames};
use super::segment::{self, part};
use super::writer::Order;
use super::{Spool, holds, mark};
use crate::publisher::{NotQueued, Outgoing, Publisher};

/// What is on its way at once: enough to fill the queue, little enough to be sent again.
const WINDOW_MAX: usize = 256;
/// A queue that comes back slowly still answers within this.
const ACK: Duration = Duration::from_secs(5);
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a segment is tried to be read that the disk does not give back.
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

impl Stop {
    fn is_damage(&self) -> bool {
        matches!(self, Self::Disk(error) if segment::is_damage(error))
    }
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
                spool.backlog.progress.failed();
                unreadable = if stop.is_damage() { unreadable + 1 } else { 0 };
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

    /// Gives a segment up that cannot be read.
    async fn put_away(&self, number: u64) {
        self.close(number).await;
        self.backlog.put_away(number);
    }

    /// Returns once nothing more is written to a segment.
    async fn close(&self, number: u64) {
        self.orders.send(Order::Close(number)).await.ok();
        while !self.backlog.is_closed(number) {
            sleep(PAUSE_FIRST).await;
        }
    }

    /// Sends what waits in one segment.
    async fn send(&self, way: &Way, mut waiting: Waiting, window: &mut usize) -> Result<(), Stop> {
        way.publisher.takes_events().map_err(Stop::Queue)?;
        let Waiting { number, path, from, to, known_to } = waiting.clone();
        let (name, part) = match spawn_blocking(move || part(&path, from, to)).await {
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                self.close(number).await;
                self.backlog.give_up(number, "removed");
                return Ok(());
            }
            read => read.map_err(io::Error::other)??,
        };
        let mut frames = Frames::new(name, from, &part).peekable();
        while frames.peek().is_some() {
            let (mut group, mut damaged) = (Vec::new(), 0);
            let mut end = waiting.from;
            while group.len() < *window && damaged == 0 {
                match frames.next() {
                    Some(Found::Event(event, bytes)) => {
                        end += bytes;
                        group.push((*event, end));
                    }
                    Some(Found::Damage(bytes)) => damaged = bytes,
                    None => break,
                }
            }
            // What is sent again may be settled long since.
            let mut calls = holds::calls(group.iter().filter(|(_, end)| *end > known_to));
            holds::restore_all(&way.cache, &mut calls).await;
            let sent = self.send_group(way, &mut waiting, group).await;
            calls.retain(|call| call.end <= waiting.from);
            holds::are_queued(&way.cache, calls).await;
            sent.map_err(Stop::Queue)?;
            if damaged > 0 {
                // What can be read goes on.
                tracing::error!(
                    bytes = damaged,
                    segment = number,
                    "the disk has damaged the spool"
                );
                waiting.from += damaged;
                self.backlog.damaged(number, damaged);
            }
            *window = (*window * 2).min(WINDOW_MAX);
        }
        Ok(())
    }

    /// Sends a group of events, each with the place where it ends; what is acknowledged up to the first failure has gone.
    async fn send_group(
        &self,
        way: &Way,
        waiting: &mut Waiting,
        group: Vec<(Outgoing, usize)>,
    ) -> Result<(), NotQueued> {
        let mut sent = Vec::with_capacity(group.len());
        for (event, end) in group {
            sent.push((way.publisher.send(event).await?, end));
        }
        let (mut gone_to, mut events, mut outcome) = (waiting.from, 0, Ok(()));
        for (sent, end) in sent {
            let acknowledged = timeout(ACK, sent.acknowledged()).await;
            outcome = acknowledged.unwrap_or_else(|_| Err(NotQueued::silent())).map(drop);
            if outcome.is_err() {
                break;
            }
            (gone_to, events) = (end, events + 1);
        }
        if events > 0 {
            // Before it counts as gone: a process that ends once nothing waits has noted all of it.
            note(waiting, gone_to).await;
            self.backlog.acknowledged(waiting.number, gone_to - waiting.from, events);
            counter!("curbe_spool_drained_total").increment(events as u64);
            waiting.from = gone_to;
        }
        outcome
    }
}

/// Notes for the next process how much of a segment has gone.
async fn note(waiting: &Waiting, gone_to: usize) {
    if gone_to <= waiting.known_to {
        return;
    }
    let path = waiting.path.clone();
    let noted = spawn_blocking(move || mark::write(&path, gone_to)).await;
    if let Ok(Err(error)) = noted {
        tracing::debug!(%error, segment = waiting.number, "what has gone is not noted");
    }
}
