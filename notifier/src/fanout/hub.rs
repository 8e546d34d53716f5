//! Which rooms there are, and who is in them. One task owns all of it; it only ever waits for the next thing to do.

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Weak};

use curbe_platform::probes::Readiness;
use metrics::gauge;
use redis::RedisResult;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::keeper::{Inlets, keep};
use super::link::{Event, Link};
use super::members::Member;
use super::past::Past;
use super::room::{Control, Room};
use super::{Refused, Settings};
use crate::measures;
use crate::store::{Store, Wallet};

/// Messages that wait for a room. More are not kept: the room reads them back.
const MESSAGES_MAX: usize = 1024;

/// What sockets ask for.
pub(super) enum Command {
    Join(Join),
    Leave(u64),
}

/// A place that is asked for.
pub(super) struct Join {
    pub(super) wallet_id: Uuid,
    pub(super) member: Member,
    pub(super) arrival: oneshot::Sender<Wallet>,
    pub(super) reply: oneshot::Sender<Result<Joined, Refused>>,
}

/// What belongs to a place.
pub(super) struct Joined {
    /// How far the room has come, now and later.
    pub(super) progress: Arc<AtomicI64>,
    /// What was told before.
    pub(super) past: Arc<Past>,
}

struct Door {
    control: mpsc::UnboundedSender<Control>,
    messages: mpsc::Sender<Vec<u8>>,
    missed: Arc<Notify>,
    progress: Arc<AtomicI64>,
    past: Weak<Past>,
    occupied: usize,
}

impl Door {
    /// The same for all who ask while somebody still has it.
    fn past(&mut self, store: &Store, wallet_id: Uuid) -> Arc<Past> {
        self.past.upgrade().unwrap_or_else(|| {
            let past = Arc::new(Past::new(store.clone(), wallet_id));
            self.past = Arc::downgrade(&past);
            past
        })
    }
}

struct Seat {
    wallet_id: Uuid,
    user_id: Uuid,
}

pub(super) struct Hub {
    store: Store,
    link: Link,
    readiness: Readiness,
    connected_once: CancellationToken,
    is_connected: bool,
    sockets_per_user_max: usize,
    doors: HashMap<Uuid, Door>,
    seats: HashMap<u64, Seat>,
    sockets_of_users: HashMap<Uuid, usize>,
}

impl Hub {
    pub(super) fn new(
        store: Store,
        settings: Settings,
        connected_once: CancellationToken,
    ) -> RedisResult<Self> {
        Ok(Self {
            store,
            link: Link::new(&settings.redis_url)?,
            readiness: settings.readiness,
            connected_once,
            is_connected: false,
            sockets_per_user_max: settings.sockets_per_user_max,
            doors: HashMap::new(),
            seats: HashMap::new(),
            sockets_of_users: HashMap::new(),
        })
    }

    pub(super) async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        shutdown: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                command = commands.recv() => match command {
                    Some(Command::Join(join)) => self.join(join),
                    Some(Command::Leave(id)) => self.leave(id),
                    None => return,
                },
                event = self.link.next() => self.on_event(event),
            }
        }
    }

    fn join(&mut self, join: Join) {
        let Join { wallet_id, member, arrival, reply } = join;
        let user_id = member.viewer.user_id;
        let sockets = self.sockets_of_users.entry(user_id).or_default();
        if *sockets >= self.sockets_per_user_max {
            // Whoever asked may be gone already.
            reply.send(Err(Refused::TooMany)).ok();
            return;
        }
        *sockets += 1;
        self.seats.insert(member.id, Seat { wallet_id, user_id });
        if !self.doors.contains_key(&wallet_id) {
            self.open(wallet_id);
        }
        if let Some(door) = self.doors.get_mut(&wallet_id) {
            door.occupied += 1;
            door.control.send(Control::Join { member, arrival }).ok();
            let past = door.past(&self.store, wallet_id);
            reply.send(Ok(Joined { progress: Arc::clone(&door.progress), past })).ok();
        }
    }

    fn open(&mut self, wallet_id: Uuid) {
        let (control, controls) = mpsc::unbounded_channel();
        let (messages, received) = mpsc::channel(MESSAGES_MAX);
        let missed = Arc::new(Notify::new());
        let progress = Arc::new(AtomicI64::new(0));
        let room = Room::new(wallet_id, Arc::clone(&progress));
        let inlets = Inlets { controls, messages: received, missed: Arc::clone(&missed) };
        tokio::spawn(keep(room, self.store.clone(), inlets));
        if !self.is_connected {
            control.send(Control::Offline).ok();
        }
        let door = Door { control, messages, missed, progress, past: Weak::default(), occupied: 0 };
        self.doors.insert(wallet_id, door);
        self.link.subscribe(wallet_id);
        gauge!(measures::ROOMS).increment(1);
    }

    fn leave(&mut self, id: u64) {
        let Some(seat) = self.seats.remove(&id) else { return };
        if let Some(sockets) = self.sockets_of_users.get_mut(&seat.user_id) {
            *sockets -= 1;
            if *sockets == 0 {
                self.sockets_of_users.remove(&seat.user_id);
            }
        }
        let Some(door) = self.doors.get_mut(&seat.wallet_id) else { return };
        door.occupied -= 1;
        if door.occupied > 0 {
            door.control.send(Control::Leave(id)).ok();
            return;
        }
        // Without its door the room ends.
        self.doors.remove(&seat.wallet_id);
        self.link.unsubscribe(seat.wallet_id);
        gauge!(measures::ROOMS).decrement(1);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Up => {
                self.is_connected = true;
                self.readiness.set_dependency("redis", true);
                self.connected_once.cancel();
                for wallet_id in self.doors.keys() {
                    self.link.subscribe(*wallet_id);
                }
            }
            Event::Down => {
                self.is_connected = false;
                self.readiness.set_dependency("redis", false);
                for door in self.doors.values() {
                    door.control.send(Control::Offline).ok();
                }
            }
            Event::Subscribed(wallets) => {
                for door in wallets.iter().filter_map(|wallet_id| self.doors.get(wallet_id)) {
                    door.control.send(Control::Subscribed).ok();
                }
            }
            Event::Message(wallet_id, payload) => {
                if let Some(door) = self.doors.get(&wallet_id)
                    && let Err(TrySendError::Full(_)) = door.messages.try_send(payload)
                {
                    door.missed.notify_one();
                }
            }
        }
    }
}
