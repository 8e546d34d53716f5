//! From Redis to the sockets. One connection hears of the wallets that somebody here looks at; one room a wallet puts
//! what it hears in order, reads back from Postgres what is missing, and hands it to those who may see it.

mod audience;
mod hub;
mod keeper;
mod link;
mod members;
mod past;
mod reading;
mod room;
mod sequencer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use curbe_platform::probes::Readiness;
use redis::RedisResult;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use audience::{Outgoing, Viewer};

use crate::store::{Store, Wallet};
use hub::{Command, Hub, Join, Joined};
use members::Member;
use past::Past;

/// What a socket may be behind before it is closed: it comes back and loses nothing.
const QUEUE_FRAMES_MAX: usize = 256;

/// Who has missed more than this asks the API anew, which is less work for everybody.
pub(crate) const BEHIND_MAX: i64 = 5000;

/// What the rooms need to know.
pub(crate) struct Settings {
    /// Where Redis is.
    pub(crate) redis_url: String,
    /// Sockets of one user at once.
    pub(crate) sockets_per_user_max: usize,
    /// Told whether Redis can be reached.
    pub(crate) readiness: Readiness,
}

/// Why there is no place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The user has as many sockets as he may have; one that is dead keeps its place until that is noticed.
    TooMany,
    /// The process is ending.
    Ending,
}

/// All rooms of this process.
#[derive(Clone)]
pub(crate) struct Rooms {
    commands: mpsc::UnboundedSender<Command>,
    next_id: Arc<AtomicU64>,
    connected_once: CancellationToken,
}

impl Rooms {
    /// Connects to Redis, again and again if need be, until `shutdown`.
    pub(crate) fn start(
        store: Store,
        settings: Settings,
        shutdown: CancellationToken,
    ) -> RedisResult<Self> {
        // Not bounded, and yet limited: a socket sends two commands in its life, and sockets are limited.
        let (commands, received) = mpsc::unbounded_channel();
        let connected_once = CancellationToken::new();
        let hub = Hub::new(store, settings, connected_once.clone())?;
        tokio::spawn(hub.run(received, shutdown));
        Ok(Self { commands, next_id: Arc::default(), connected_once })
    }

    /// Waits for the first connection to Redis.
    pub(crate) async fn connected_once(&self) {
        self.connected_once.cancelled().await;
    }

    /// Takes a place in a wallet's room, and what was told there before. Who is behind says so: nobody then waits for
    /// him to read his queue.
    pub(crate) async fn join(
        &self,
        wallet_id: Uuid,
        viewer: Viewer,
        is_behind: bool,
    ) -> Result<(Place, Missed), Refused> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (queue, frames) = mpsc::channel(QUEUE_FRAMES_MAX);
        let (arrival, snapshot) = oneshot::channel();
        let overflowed = CancellationToken::new();
        let is_behind = Arc::new(AtomicBool::new(is_behind));
        // Made first: whatever happens from here on, the place is given back.
        let leaving = Leaving { id, commands: self.commands.clone() };
        let member = Member {
            id,
            viewer,
            queue,
            overflowed: overflowed.clone(),
            is_behind: Arc::clone(&is_behind),
        };
        let (reply, replied) = oneshot::channel();
        let join = Join { wallet_id, member, arrival, reply };
        self.commands.send(Command::Join(join)).map_err(|_| Refused::Ending)?;
        let Joined { progress, past } = replied.await.map_err(|_| Refused::Ending)??;
        let place = Place { snapshot, frames, overflowed, is_behind, progress, _leaving: leaving };
        Ok((place, Missed { past, viewer }))
    }
}

/// A socket's place in a room; dropped, it is given back.
pub(crate) struct Place {
    /// The wallet, read after everything published for it arrives here. Frames up to its `seq` are contained in it.
    pub(crate) snapshot: oneshot::Receiver<Wallet>,
    /// What this socket may see, in order.
    pub(crate) frames: mpsc::Receiver<Outgoing>,
    /// Cancelled when the socket was too slow: nothing follows.
    pub(crate) overflowed: CancellationToken,
    is_behind: Arc<AtomicBool>,
    progress: Arc<AtomicI64>,
    _leaving: Leaving,
}

impl Place {
    /// How far the room has come: of everything up to this number, what this socket may see is in `frames` already.
    pub(crate) fn progress(&self) -> i64 {
        self.progress.load(Ordering::Acquire)
    }

    /// From now on its queue is read.
    pub(crate) fn caught_up(&self) {
        self.is_behind.store(false, Ordering::Release);
    }
}

/// What was told in a room before a socket took its place. Dropped, it takes no memory.
pub(crate) struct Missed {
    past: Arc<Past>,
    viewer: Viewer,
}

impl Missed {
    /// What this socket may see of the first numbers above `after`, none above `upto`, and the number reached with it.
    /// `upto` is the snapshot's `seq` at most. Dropping the future loses nothing.
    pub(crate) async fn read(&self, after: i64, upto: i64) -> (Vec<Outgoing>, i64) {
        self.past.read(self.viewer, after, upto).await
    }
}

struct Leaving {
    id: u64,
    commands: mpsc::UnboundedSender<Command>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // Without a hub there is no place left to give back.
        self.commands.send(Command::Leave(self.id)).ok();
    }
}
