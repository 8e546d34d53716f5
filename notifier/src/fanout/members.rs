//! The sockets in a room, and how they are given what they may see without any of them delaying the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::audience::{Outgoing, Rendered, Viewer};
use crate::store::Addressed;

/// How long a reading back waits for those who are busy with the one before.
const CATCH_UP: Duration = Duration::from_secs(1);

/// A socket in a room.
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) viewer: Viewer,
    pub(super) queue: mpsc::Sender<Outgoing>,
    /// Cancelled when the queue was full.
    pub(super) overflowed: CancellationToken,
    /// It is told what it missed, and takes nothing from the queue before it knows.
    pub(super) is_behind: Arc<AtomicBool>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Members(Vec<Member>);

impl Members {
    pub(super) fn add(&mut self, member: Member) {
        self.0.push(member);
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.0.retain(|member| member.id != id);
    }

    /// Gives a frame to everybody who may see it. Who has no room for it is let go of: it comes back and has lost
    /// nothing, while waiting for it would delay all others.
    pub(super) fn hand_out(&mut self, addressed: &Addressed) {
        let rendered = Rendered::new(addressed);
        self.0.retain(|member| match rendered.seen_by(member.viewer) {
            Some(outgoing) => member.offer(outgoing.clone()),
            None => true,
        });
    }

    /// Gives everybody something that has no number.
    pub(super) fn notify(&mut self, notice: &Outgoing) {
        self.0.retain(|member| member.offer(notice.clone()));
    }

    /// Tells everybody to start over from this number on.
    pub(super) fn resync(&mut self, seq: i64) {
        self.0.retain(|member| member.offer(Outgoing::Resync { seq }));
    }

    /// Many frames at once are no fault of the sockets: they get a moment to take what is queued already. Those that
    /// take nothing yet are not waited for.
    pub(super) async fn make_way(&self, frames: usize) {
        let deadline = Instant::now() + CATCH_UP;
        for member in &self.0 {
            if !member.is_behind.load(Ordering::Acquire) && member.queue.capacity() < frames {
                // Who does not make it in time overflows when the frames are handed out.
                timeout_at(deadline, member.queue.reserve_many(frames)).await.map(drop).ok();
            }
        }
    }
}

impl Member {
    /// Whether it goes on being a member.
    fn offer(&self, outgoing: Outgoing) -> bool {
        match self.queue.try_send(outgoing) {
            // Gone already: it is about to leave.
            Ok(()) | Err(TrySendError::Closed(_)) => true,
            Err(TrySendError::Full(_)) => {
                self.overflowed.cancel();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use curbe_domain::frames::{BalanceUpdated, Frame};
    use curbe_domain::money::Money;
    use uuid::Uuid;

    use super::*;
    use crate::store::{Caller, Role};

    fn member(id: u64, capacity: usize) -> (Member, mpsc::Receiver<Outgoing>) {
        let caller = Caller { user_id: Uuid::nil(), role: Role::Admin, wallet_id: None };
        let (queue, frames) = mpsc::channel(capacity);
        let member = Member {
            id,
            viewer: Viewer::from(&caller),
            queue,
            overflowed: CancellationToken::new(),
            is_behind: Arc::default(),
        };
        (member, frames)
    }

    fn frame(seq: i64) -> Addressed {
        let data = BalanceUpdated {
            new_balance: Money::ZERO,
            last_call_cost: None,
            currency: "USD".to_owned(),
        };
        Addressed { user_id: None, frame: Frame::BalanceUpdated { seq, data } }
    }

    #[test]
    fn a_slow_socket_is_let_go_of_and_delays_nobody() {
        let ((slow, _unread), (fast, mut read)) = (member(1, 2), member(2, 8));
        let overflowed = slow.overflowed.clone();
        let mut members = Members(vec![slow, fast]);
        for seq in 1..=3 {
            assert!(!overflowed.is_cancelled());
            members.hand_out(&frame(seq));
        }
        assert!(overflowed.is_cancelled());
        assert_eq!(members.0.len(), 1);
        for seq in 1..=3 {
            assert_eq!(read.try_recv().map(|outgoing| outgoing.seq()), Ok(Some(seq)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_back_waits_a_moment_for_full_queues() {
        let (busy, mut frames) = member(1, 2);
        let mut members = Members(vec![busy]);
        members.hand_out(&frame(1));
        let take_one = async { frames.recv().await.and_then(|outgoing| outgoing.seq()) };
        let ((), taken) = tokio::join!(members.make_way(2), take_one);
        assert_eq!(taken, Some(1));
        members.hand_out(&frame(2));
        let started = Instant::now();
        members.make_way(2).await;
        assert_eq!(started.elapsed(), CATCH_UP);
        // It hears of what it missed first.
        members.0[0].is_behind.store(true, Ordering::Release);
        members.make_way(2).await;
        assert_eq!(started.elapsed(), CATCH_UP);
    }
}
