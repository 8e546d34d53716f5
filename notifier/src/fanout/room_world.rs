//! A room with everything around it that can happen in any order: commits, Redis, Postgres, sockets that come.

use std::sync::atomic::AtomicBool;

use curbe_domain::frames::{BalanceUpdated, Envelope, Frame, SeqNotice};
use curbe_domain::money::Money;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::super::audience::{Outgoing, Viewer};
use super::super::*;
use crate::store::{Caller, Role};

/// Committed before anything begins; what the sockets had seen then.
const BEFORE: i64 = 60;
pub(super) const SINCE: i64 = 57;

/// What can happen next. Whatever is possible is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Commit,
    /// A committed frame arrives on Redis: in the room, if that is subscribed to.
    Publish(i64),
    /// The same, and Redis loses it.
    Lose(i64),
    /// Redis subscribes.
    Subscribe,
    /// The room hears that it has.
    Confirm,
    Join,
    /// Postgres answers the snapshot that is under way; then the answer arrives.
    ReadSnapshot,
    BringSnapshot,
    /// Whatever else was asked of Postgres arrives. When it is read makes no difference: rows never change.
    BringReading,
}

/// What there is to happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) commits: i64,
    pub(super) joins: usize,
    pub(super) losses: usize,
    /// The room begins without Redis, and serves nevertheless.
    pub(super) offline: bool,
}

struct Socket {
    arrival: oneshot::Receiver<Wallet>,
    welcome: Option<i64>,
    queue: mpsc::Receiver<Outgoing>,
    queued: Vec<i64>,
}

pub(super) struct World {
    left: Plan,
    room: Room,
    progress: Arc<AtomicI64>,
    pub(super) committed: i64,
    unpublished: Vec<i64>,
    lost: usize,
    is_subscribed: bool,
    is_confirmed: bool,
    snapshot: Option<Option<i64>>,
    reading: Option<Reading>,
    sockets: Vec<Socket>,
}

impl World {
    pub(super) fn new(plan: Plan) -> Self {
        let progress = Arc::new(AtomicI64::new(0));
        let mut room = Room::new(Uuid::nil(), Arc::clone(&progress));
        if plan.offline {
            room.on_control(Control::Offline);
        }
        Self {
            left: plan,
            room,
            progress,
            committed: BEFORE,
            unpublished: Vec::new(),
            lost: 0,
            is_subscribed: false,
            is_confirmed: false,
            snapshot: None,
            reading: None,
            sockets: Vec::new(),
        }
    }

    pub(super) fn possible(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut add = |is_possible: bool, action| actions.extend(is_possible.then_some(action));
        add(self.left.commits > 0, Action::Commit);
        for seq in &self.unpublished {
            add(true, Action::Publish(*seq));
            add(self.left.losses > 0 && self.is_subscribed, Action::Lose(*seq));
        }
        add(!self.is_subscribed, Action::Subscribe);
        add(self.is_subscribed && !self.is_confirmed, Action::Confirm);
        add(self.left.joins > 0, Action::Join);
        add(self.snapshot == Some(None), Action::ReadSnapshot);
        add(matches!(self.snapshot, Some(Some(_))), Action::BringSnapshot);
        add(self.reading.is_some(), Action::BringReading);
        actions
    }

    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Commit => {
                self.left.commits -= 1;
                self.committed += 1;
                self.unpublished.push(self.committed);
            }
            Action::Publish(seq) => {
                self.unpublished.retain(|other| *other != seq);
                if self.is_subscribed {
                    self.room.on_message(&published(seq));
                }
            }
            Action::Lose(seq) => {
                self.left.losses -= 1;
                self.lost += 1;
                self.unpublished.retain(|other| *other != seq);
            }
            Action::Subscribe => self.is_subscribed = true,
            Action::Confirm => {
                self.is_confirmed = true;
                self.room.on_control(Control::Subscribed);
            }
            Action::Join => {
                self.left.joins -= 1;
                self.join();
            }
            Action::ReadSnapshot => self.snapshot = Some(Some(self.committed)),
            Action::BringSnapshot => {
                let seq = self.snapshot.take().flatten();
                self.room.on_snapshot(seq.map(wallet));
            }
            Action::BringReading => {
                let read = self.reading.take().and_then(|reading| self.read(reading));
                self.room.on_reading(read);
            }
        }
        self.go_on();
    }

    /// The worker's sweep, which tells how far the wallet has come: what Redis lost comes to light. Whether there was
    /// anything to tell.
    pub(super) fn sweep(&mut self) -> bool {
        let has_lost = std::mem::take(&mut self.lost) > 0;
        if has_lost {
            let notice = Published::Seq(SeqNotice { seq: self.committed });
            self.room.on_message(&serde_json::to_vec(&notice).unwrap());
            self.go_on();
        }
        has_lost
    }

    /// As the keeper does after everything that happens.
    fn go_on(&mut self) {
        self.room.deliver();
        if self.reading.is_none() {
            self.reading = self.room.next_reading();
        }
        if self.snapshot.is_none() && self.room.next_snapshot().is_some() {
            self.snapshot = Some(None);
        }
        let progress = self.progress.load(Ordering::Acquire);
        for socket in &mut self.sockets {
            socket.take();
            if let Some(welcome) = socket.welcome {
                let claimed = welcome + 1..=progress;
                let has = |seq: i64| socket.queued.contains(&seq);
                assert!(claimed.clone().all(has), "{claimed:?} of {:?}", socket.queued);
            }
        }
    }

    fn join(&mut self) {
        let (arrived, arrival) = oneshot::channel();
        let (queue, frames) = mpsc::channel(64);
        let caller = Caller { user_id: Uuid::nil(), role: Role::Admin, wallet_id: None };
        let member = Member {
            id: self.left.joins as u64,
            viewer: Viewer::from(&caller),
            queue,
            overflowed: CancellationToken::new(),
            is_behind: Arc::new(AtomicBool::new(true)),
        };
        self.room.on_control(Control::Join { member, arrival: arrived });
        let socket = Socket { arrival, welcome: None, queue: frames, queued: Vec::new() };
        self.sockets.push(socket);
    }

    fn read(&self, reading: Reading) -> Option<ReadBack> {
        match reading {
            Reading::Patience => None,
            Reading::Standing => Some(ReadBack::Standing(self.committed)),
            Reading::Frames(span) => {
                assert!(span.upto <= self.committed, "{span:?} of {}", self.committed);
                let frames = (span.after + 1..=span.upto).map(|seq| addressed(frame(seq)));
                Some(ReadBack::Frames(span, frames.collect()))
            }
        }
    }

    /// What each socket was told in the end.
    pub(super) fn told(&mut self) -> Vec<Vec<i64>> {
        let told = self.sockets.iter_mut().map(|socket| {
            socket.take();
            let welcome = socket.welcome.unwrap();
            // What a socket does: first what it missed, then what its snapshot does not contain.
            let queued = socket.queued.iter().copied().filter(|seq| *seq > welcome);
            (SINCE + 1..=welcome).chain(queued).collect()
        });
        told.collect()
    }
}

impl Socket {
    fn take(&mut self) {
        if self.welcome.is_none() {
            self.welcome = self.arrival.try_recv().ok().map(|wallet| wallet.seq);
        }
        while let Ok(outgoing) = self.queue.try_recv() {
            self.queued.extend(outgoing.seq());
        }
    }
}

fn frame(seq: i64) -> Frame {
    let currency = "USD".to_owned();
    let data = BalanceUpdated { new_balance: Money::ZERO, last_call_cost: None, currency };
    Frame::BalanceUpdated { seq, data }
}

fn addressed(frame: Frame) -> Addressed {
    Addressed { user_id: None, frame }
}

fn published(seq: i64) -> Vec<u8> {
    let (user_id, organization_id) = (None, Uuid::nil());
    let envelope = Envelope { seq, user_id, organization_id, frame: frame(seq) };
    serde_json::to_vec(&Published::Frame(Box::new(envelope))).unwrap()
}

fn wallet(seq: i64) -> Wallet {
    Wallet {
        balance: Money::ZERO,
        held: Money::ZERO,
        currency: "USD".to_owned(),
        minimum_threshold: Money::ZERO,
        status: "active".to_owned(),
        version: seq,
        seq,
        updated_at: OffsetDateTime::UNIX_EPOCH,
    }
}
