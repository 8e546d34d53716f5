//! How far the queue has come in the spool, for those who wait for one event of it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Where an event stands, by the end of what was written together with it. Segments go by their numbers, each from its
/// beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(super) number: u64,
    pub(super) end: usize,
}

/// How far the queue has come.
#[derive(Debug)]
pub(super) struct Progress(watch::Sender<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// All up to here was acknowledged, but for what was lost.
    reached: Place,
    /// The segment in which something was lost last.
    lost_in: Option<u64>,
    /// Nothing has failed since the last acknowledgement.
    is_flowing: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self(watch::Sender::new(State {
            reached: Place::default(),
            lost_in: None,
            is_flowing: true,
        }))
    }
}

impl Progress {
    /// The queue has acknowledged what ends there. What it is sent once more moves nothing back.
    pub(super) fn acknowledged(&self, place: Place) {
        self.0.send_modify(|state| {
            state.reached = state.reached.max(place);
            state.is_flowing = true;
        });
    }

    /// Something failed: the next acknowledgement may be long in coming.
    pub(super) fn failed(&self) {
        self.0.send_modify(|state| state.is_flowing = false);
    }

    /// Not all of a segment comes to the queue.
    pub(super) fn lost(&self, number: u64) {
        self.0.send_modify(|state| state.lost_in = Some(number));
    }

    /// Whether an acknowledgement is to be expected soon.
    pub(super) fn is_flowing(&self) -> bool {
        self.0.borrow().is_flowing
    }

    /// Whether the queue acknowledges what stands there within this time.
    pub(super) async fn reaches(&self, place: Place, within: Duration) -> bool {
        let mut progress = self.0.subscribe();
        let reached = async {
            let state = progress.wait_for(|state| state.reached >= place).await;
            state.is_ok_and(|state| state.lost_in != Some(place.number))
        };
        timeout(within, reached).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_an_acknowledgement_reaches_a_place() {
        let progress = Progress::default();
        let place = |number, end| Place { number, end };
        let reaches = async |place| progress.reaches(place, Duration::ZERO).await;
        assert!(progress.is_flowing() && !reaches(place(3, 40)).await);
        progress.failed();
        assert!(!progress.is_flowing());
        progress.acknowledged(place(3, 40));
        assert!(progress.is_flowing());
        assert!(reaches(place(3, 40)).await && reaches(place(2, 90)).await);
        assert!(!reaches(place(3, 41)).await && !reaches(place(4, 20)).await);
        // What is sent again is known to be there.
        progress.acknowledged(place(1, 20));
        assert!(reaches(place(3, 40)).await);
        progress.lost(4);
        progress.acknowledged(place(5, 20));
        assert!(!reaches(place(4, 20)).await && reaches(place(5, 20)).await);
    }

    #[tokio::test]
    async fn it_is_waited_for() {
        let progress = Progress::default();
        let place = Place { number: 0, end: 20 };
        let waiting = progress.reaches(place, Duration::from_secs(60));
        let later = async { progress.acknowledged(place) };
        assert!(tokio::join!(waiting, later).0);
    }
}
