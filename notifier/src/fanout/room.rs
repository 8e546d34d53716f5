//! One wallet and everybody who looks at it. It decides, without ever waiting: what goes to whom, and what has to be read.
//!
//! A socket enters first and gets its snapshot afterwards, from a reading that begins after it has entered and after
//! Redis has confirmed the subscription. So whatever is committed after the snapshot is published into the room, and goes
//! into the socket's queue; what was committed before is contained in the snapshot. The socket itself leaves out of its
//! queue what the snapshot contains.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use curbe_domain::frames::Published;
use curbe_domain::json::misread;
use metrics::counter;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::BEHIND_MAX;
use super::audience::Outgoing;
use super::members::{Member, Members};
use super::reading::ReadBack;
use super::sequencer::{Sequencer, Step};
use crate::measures;
use crate::store::{Addressed, Span, Wallet};

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

/// What a room wants to know of Postgres about what is missing. One reading is under way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Nothing yet: what is missing may still come by itself.
    Patience,
    /// How far the wallet has come: what was heard is far ahead.
    Standing,
    /// The frames.
    Frames(Span),
}

pub(super) struct Room {
    pub(super) wallet_id: Uuid,
    pub(super) members: Members,
    progress: Arc<AtomicI64>,
    /// Sockets that wait for a snapshot which begins after they have come.
    arrivals: Vec<oneshot::Sender<Wallet>>,
    /// Those whose snapshot is under way.
    expecting: Vec<oneshot::Sender<Wallet>>,
    /// None until the first snapshot says where to begin.
    sequencer: Option<Sequencer<Addressed>>,
    /// What a snapshot does not contain will arrive; or it is known that nothing does for now.
    may_begin: bool,
    /// Something may have been missed without a trace.
    is_stale: bool,
    /// The first numbers without a frame.
    missing: Option<Span>,
    was_patient: bool,
}

impl Room {
    pub(super) fn new(wallet_id: Uuid, progress: Arc<AtomicI64>) -> Self {
        Self {
            wallet_id,
            members: Members::default(),
            progress,
            arrivals: Vec::new(),
            expecting: Vec::new(),
            sequencer: None,
            may_begin: false,
            is_stale: false,
            missing: None,
            was_patient: false,
        }
    }

    pub(super) fn on_control(&mut self, control: Control) {
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

    /// There were messages that nobody kept.
    pub(super) fn on_missed(&mut self) {
        self.is_stale = true;
    }

    pub(super) fn on_message(&mut self, payload: &[u8]) {
        let published = match serde_json::from_slice::<Published>(payload) {
            Ok(published) => published,
            Err(error) => {
                // If it had a number, the next one shows the gap.
                counter!(measures::UNREADABLE).increment(1);
                let error = misread(&error);
                tracing::warn!(wallet = %self.wallet_id, error, "a message on Redis cannot be read");
                return;
            }
        };
        match (published, &mut self.sequencer) {
            // Also before the first snapshot, which may be older: in the queues it is behind the welcome.
            (Published::Held(notice), _) => self.members.notify(&Outgoing::held(&notice)),
            // It may be newer than the snapshot under way: one more shows.
            (_, None) => self.is_stale = true,
            (Published::Frame(envelope), Some(sequencer)) => {
                let addressed = Addressed { user_id: envelope.user_id, frame: envelope.frame };
                sequencer.on_message(addressed.frame.seq(), addressed);
            }
            (Published::Seq(notice), Some(sequencer)) => sequencer.on_notice(notice.seq),
        }
    }

    /// The snapshot that [`Room::next_snapshot`] asked for.
    pub(super) fn on_snapshot(&mut self, wallet: Option<Wallet>) {
        let expecting = std::mem::take(&mut self.expecting);
        // Without a wallet those who wait for it are let go of.
        let Some(wallet) = wallet else { return };
        match &mut self.sequencer {
            Some(sequencer) => sequencer.on_notice(wallet.seq),
            None => {
                self.progress.store(wallet.seq, Ordering::Release);
                self.sequencer = Some(Sequencer::new(wallet.seq));
            }
        }
        for arrival in expecting {
            // A socket that is gone needs no welcome.
            arrival.send(wallet.clone()).ok();
        }
    }

    /// What the reading that [`Room::next_reading`] asked for brought.
    pub(super) fn on_reading(&mut self, read: Option<ReadBack>) {
        match read {
            None => {}
            Some(ReadBack::Frames(span, frames)) => {
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

    /// Hands out what is next, as far as it has come.
    pub(super) fn deliver(&mut self) {
        self.missing = None;
        while let Some(sequencer) = &mut self.sequencer {
            match sequencer.next() {
                Step::Deliver(addressed) => {
                    self.members.hand_out(&addressed);
                    self.progress.store(addressed.frame.seq(), Ordering::Release);
                }
                Step::ReadBack { after, upto } => {
                    self.missing = Some(Span { wallet_id: self.wallet_id, after, upto });
                    return;
                }
                Step::Wait => {
                    self.was_patient = false;
                    return;
                }
            }
        }
    }

    /// What has to be read before anything more can be handed out; to be asked while no reading is under way.
    pub(super) fn next_reading(&mut self) -> Option<Reading> {
        let span = self.missing?;
        let highest = self.sequencer.as_ref().map_or(span.upto, Sequencer::highest);
        Some(if !std::mem::replace(&mut self.was_patient, true) {
            Reading::Patience
        } else if highest - span.after > BEHIND_MAX {
            Reading::Standing
        } else {
            Reading::Frames(span)
        })
    }

    /// Whether a snapshot is to begin now, and how far the wallet is known to have come. To be asked while none is under
    /// way.
    pub(super) fn next_snapshot(&mut self) -> Option<i64> {
        let is_wanted = self.is_stale || !self.arrivals.is_empty();
        if !self.may_begin || !is_wanted {
            return None;
        }
        self.is_stale = false;
        self.expecting = std::mem::take(&mut self.arrivals);
        Some(self.sequencer.as_ref().map_or(0, Sequencer::last))
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

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
