//! One wallet and everybody who looks at it. Nothing here waits for a socket, and Postgres is read beside the room, so
//! that a slow one delays only what is missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use curbe_domain::frames::Published;
use futures_util::future::BoxFuture;
use metrics::counter;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::sleep;
use uuid::Uuid;

use super::members::{Member, Members};
use super::reading::{GRACE, ReadBack, read_back, snapshot, standing};
use super::sequencer::{Sequencer, Step};
use crate::measures;
use crate::store::{Addressed, Span, Store, Wallet};

/// Who has missed more than this asks the API anew, which is less work for everybody.
const BEHIND_MAX: i64 = 5000;

/// What the hub tells a room.
pub(super) enum Control {
    Join {
        member: Member,
        arrival: oneshot::Sender<Wallet>,
    },
    Leave(u64),
    /// What is published from now on arrives; what was published before may not have.
    Subscribed,
    /// Redis is away. Nothing arrives until the next [`Control::Subscribed`], and what is missed is read back then.
    Offline,
}

/// A snapshot under way and those who wait for it.
type Snapshot = BoxFuture<'static, (Option<Wallet>, Vec<oneshot::Sender<Wallet>>)>;

pub(super) struct Room {
    wallet_id: Uuid,
    store: Store,
    progress: Arc<AtomicI64>,
    members: Members,
    /// Sockets that wait for a snapshot which begins after they have come.
    arrivals: Vec<oneshot::Sender<Wallet>>,
    /// None until the first snapshot says where to begin.
    sequencer: Option<Sequencer<Addressed>>,
    /// A snapshot taken before would have a gap after it that nobody ever closes.
    may_begin: bool,
    /// Something may have been missed without a trace.
    is_stale: bool,
    snapshot: Option<Snapshot>,
    reading: Option<BoxFuture<'static, Option<ReadBack>>>,
    was_patient: bool,
}

impl Room {
    pub(super) fn new(wallet_id: Uuid, store: Store, progress: Arc<AtomicI64>) -> Self {
        Self {
            wallet_id,
            store,
            progress,
            members: Members::default(),
            arrivals: Vec::new(),
            sequencer: None,
            may_begin: false,
            is_stale: false,
            snapshot: None,
            reading: None,
            was_patient: false,
        }
    }

    /// Until the hub lets go of it.
    pub(super) async fn run(
        mut self,
        mut controls: mpsc::UnboundedReceiver<Control>,
        mut messages: mpsc::Receiver<Vec<u8>>,
        missed: Arc<Notify>,
    ) {
        loop {
            tokio::select! {
                control = controls.recv() => match control {
                    Some(control) => self.on_control(control),
                    None => return,
                },
                Some(payload) = messages.recv() => self.on_message(&payload),
                () = missed.notified() => self.is_stale = true,
                (wallet, arrivals) = finished(&mut self.snapshot) => {
                    self.snapshot = None;
                    self.on_snapshot(wallet, arrivals);
                }
                read = finished(&mut self.reading) => {
                    self.reading = None;
                    self.on_reading(read).await;
                }
            }
            self.advance();
        }
    }

    fn on_control(&mut self, control: Control) {
        match control {
            Control::Join { member, arrival } => {
                self.members.add(member);
                self.arrivals.push(arrival);
            }
            Control::Leave(id) => self.members.remove(id),
            Control::Subscribed => {
                self.may_begin = true;
                self.is_stale = true;
            }
            Control::Offline => self.may_begin = true,
        }
    }

    fn on_message(&mut self, payload: &[u8]) {
        let published = match serde_json::from_slice::<Published>(payload) {
            Ok(published) => published,
            Err(error) => {
                // If it had a number, the next one shows the gap.
                counter!(measures::UNREADABLE).increment(1);
                tracing::warn!(wallet = %self.wallet_id, %error, "a message on Redis cannot be read");
                return;
            }
        };
        let Some(sequencer) = &mut self.sequencer else {
            // It may be newer than the snapshot under way: one more shows.
            self.is_stale = true;
            return;
        };
        match published {
            Published::Frame(envelope) => {
                let addressed = Addressed { user_id: envelope.user_id, frame: envelope.frame };
                sequencer.on_message(addressed.frame.seq(), addressed);
            }
            Published::Seq(notice) => sequencer.on_notice(notice.seq),
        }
    }

    fn on_snapshot(&mut self, wallet: Option<Wallet>, arrivals: Vec<oneshot::Sender<Wallet>>) {
        // Without a wallet those who wait for it are let go of.
        let Some(wallet) = wallet else { return };
        match &mut self.sequencer {
            Some(sequencer) => sequencer.on_notice(wallet.seq),
            None => {
                self.progress.store(wallet.seq, Ordering::Release);
                self.sequencer = Some(Sequencer::new(wallet.seq));
            }
        }
        for arrival in arrivals {
            // A socket that is gone needs no welcome.
            arrival.send(wallet.clone()).ok();
        }
    }

    async fn on_reading(&mut self, read: Option<ReadBack>) {
        match read {
            None => {}
            Some(ReadBack::Frames(span, frames)) => {
                self.members.make_way(frames.len()).await;
                let last = self.sequencer.as_ref().map_or(span.after, Sequencer::last);
                for addressed in frames.iter().filter(|addressed| addressed.frame.seq() > last) {
                    self.members.hand_out(addressed);
                }
                self.skip_to(span.upto);
            }
            Some(ReadBack::Absent(span, seq)) if seq >= span.upto => {
                counter!(measures::NUMBERS_MISSING).increment(1);
                let (after, upto) = (span.after, span.upto);
                tracing::error!(wallet = %self.wallet_id, after, upto, "numbers of this wallet have no rows");
                self.resync(upto);
            }
            Some(ReadBack::Absent(_, seq) | ReadBack::Standing(seq)) => self.on_standing(seq),
        }
    }

    /// What was heard is far ahead, and this is how far the wallet has really come.
    fn on_standing(&mut self, seq: i64) {
        let Some(sequencer) = &mut self.sequencer else { return };
        if sequencer.highest() > seq {
            tracing::warn!(wallet = %self.wallet_id, seq, "a number was announced that does not exist");
            sequencer.retract_to(seq);
            // Or it came into being just after the look.
            self.is_stale = true;
        }
        if seq - sequencer.last() > BEHIND_MAX {
            self.resync(seq);
        }
    }

    /// Does what follows from what was heard, and begins the readings that are needed.
    fn advance(&mut self) {
        while let Some(sequencer) = &mut self.sequencer {
            match sequencer.next() {
                Step::Deliver(addressed) => {
                    self.members.hand_out(&addressed);
                    self.progress.store(addressed.frame.seq(), Ordering::Release);
                }
                Step::ReadBack { after, upto } => {
                    let is_wide = sequencer.highest() - after > BEHIND_MAX;
                    self.begin_reading(Span { wallet_id: self.wallet_id, after, upto }, is_wide);
                    break;
                }
                Step::Wait => {
                    self.was_patient = false;
                    break;
                }
            }
        }
        let is_wanted = self.is_stale || !self.arrivals.is_empty();
        if self.may_begin && self.snapshot.is_none() && is_wanted {
            self.is_stale = false;
            let at_least = self.sequencer.as_ref().map_or(0, Sequencer::last);
            let arrivals = std::mem::take(&mut self.arrivals);
            let wallet = snapshot(self.store.clone(), self.wallet_id, at_least);
            self.snapshot = Some(Box::pin(async move { (wallet.await, arrivals) }));
        }
    }

    /// At first it only waits a little, as what is missing may still come by itself.
    fn begin_reading(&mut self, span: Span, is_wide: bool) {
        if self.reading.is_some() {
            return;
        }
        let store = self.store.clone();
        let is_patient = !std::mem::replace(&mut self.was_patient, true);
        self.reading = Some(Box::pin(async move {
            if is_patient {
                sleep(GRACE).await;
                None
            } else if is_wide {
                Some(ReadBack::Standing(standing(store, span.wallet_id).await))
            } else {
                Some(read_back(store, span).await)
            }
        }));
    }

    fn resync(&mut self, upto: i64) {
        counter!(measures::RESYNCS).increment(1);
        self.members.resync(upto);
        self.skip_to(upto);
    }

    fn skip_to(&mut self, upto: i64) {
        if let Some(sequencer) = &mut self.sequencer {
            sequencer.skip_to(upto);
            self.progress.store(sequencer.last(), Ordering::Release);
        }
    }
}

async fn finished<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
