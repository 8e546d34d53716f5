//! From Redis to the sockets. One connection hears of the wallets that somebody here looks at; one room a wallet puts
//! what it hears in order, reads back from Postgres what is missing, and hands it to those who may see it.

mod audience;
mod hub;
mod link;
mod members;
mod reading;
mod room;
mod sequencer;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use curbe_platform::probes::Readiness;
use redis::RedisResult;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use audience::{Outgoing, Viewer};

use crate::store::{Store, Wallet};
use hub::{Command, Hub, Join};
use members::Member;

/// What a socket may be behind before it is closed: it comes back and loses nothing.
const QUEUE_FRAMES_MAX: usize = 256;

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
    /// The user has as many sockets as he may have.
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

    /// Takes a place in a wallet's room.
    pub(crate) async fn join(&self, wallet_id: Uuid, viewer: Viewer) -> Result<Place, Refused> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (queue, frames) = mpsc::channel(QUEUE_FRAMES_MAX);
        let (arrival, snapshot) = oneshot::channel();
        let overflowed = CancellationToken::new();
        // Made first: whatever happens from here on, the place is given back.
        let leaving = Leaving { id, commands: self.commands.clone() };
        let member = Member { id, viewer, queue, overflowed: overflowed.clone() };
        let (reply, replied) = oneshot::channel();
        let join = Join { wallet_id, member, arrival, reply };
        self.commands.send(Command::Join(join)).map_err(|_| Refused::Ending)?;
        let progress = replied.await.map_err(|_| Refused::Ending)??;
        Ok(Place { snapshot, frames, overflowed, progress, _leaving: leaving })
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
    progress: Arc<AtomicI64>,
    _leaving: Leaving,
}

impl Place {
    /// How far the room has come: of everything up to this number, what this socket may see is in `frames` already.
    pub(crate) fn progress(&self) -> i64 {
        self.progress.load(Ordering::Acquire)
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
