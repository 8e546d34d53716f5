//! What is in the spool and how much of it has gone: shared by the one who writes and the one who drains.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tokio::sync::Notify;

use super::aside::put_away;
use super::frame::SEGMENT_HEAD_BYTES;
use super::progress::{Place, Progress};
use super::recovery::Recovered;
use super::segment::Segment;
use super::tracked::Tracked;
use super::{count_cut, count_given_up};
use crate::publisher::EVENT_BYTES_MAX;

/// How long a segment of which nothing is waiting is written on, where what has gone is kept for a while.
const WRITTEN_FOR: Duration = Duration::from_mins(1);

/// All segments, the oldest first.
#[derive(Debug)]
pub(super) struct Backlog {
    state: Mutex<State>,
    /// How long what has gone is kept all the same.
    keeps: Duration,
    grown: Notify,
    has_failed: AtomicBool,
    pub(super) progress: Progress,
}

#[derive(Debug, Default)]
struct State {
    segments: VecDeque<Tracked>,
    /// Events that have not gone yet.
    waiting: usize,
    bytes: usize,
}

/// A part of a segment that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) from: usize,
    pub(super) to: usize,
    /// The queue had what stands before this place at least once.
    pub(super) known_to: usize,
}

impl Backlog {
    /// With what an earlier process has left.
    pub(super) fn new(found: Vec<Segment>, keeps: Duration) -> Self {
        let mut state = State::default();
        for Segment { number, path, left, known_to } in found {
            let Recovered { bytes, events } = left;
            state.bytes += bytes;
            state.waiting += events;
            state.segments.push_back(Tracked {
                bytes,
                events,
                known_to,
                is_closed: true,
                ..Tracked::new(number, path)
            });
        }
        let backlog = Self {
            state: Mutex::new(state),
            keeps,
            grown: Notify::new(),
            has_failed: AtomicBool::new(false),
            progress: Progress::default(),
        };
        backlog.state().tell();
        backlog
    }

    /// Notes how the last write went.
    pub(super) fn wrote(&self, is_well: bool) {
        self.has_failed.store(!is_well, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Whether there is room for another event, and the disk took the last one.
    pub(super) fn takes_events(&self, bytes_max: usize) -> bool {
        let state = self.state();
        let kept = state.segments.iter().filter(|segment| segment.is_only_kept());
        let kept: usize = kept.map(|segment| segment.bytes).sum();
        !self.has_failed() && state.bytes.saturating_sub(kept) + EVENT_BYTES_MAX <= bytes_max
    }

    /// Events that have not gone yet.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Returns once something may be waiting.
    pub(super) async fn grown(&self) {
        self.grown.notified().await;
    }

    pub(super) fn begin(&self, number: u64, path: PathBuf) {
        let mut state = self.state();
        state.bytes += SEGMENT_HEAD_BYTES;
        state.segments.push_back(Tracked::new(number, path));
    }

    /// So many bytes more are durable.
    pub(super) fn grow(&self, number: u64, bytes: usize, events: usize) {
        let mut state = self.state();
        state.bytes += bytes;
        state.waiting += events;
        if let Some(segment) = state.find(number) {
            segment.bytes += bytes;
            segment.events += events;
            segment.gone_at = None;
        }
        state.tell();
        drop(state);
        self.grown.notify_one();
    }

    /// Nothing more is written to it.
    pub(super) fn close(&self, number: u64) {
        if let Some(segment) = self.state().find(number) {
            segment.is_closed = true;
        }
    }

    pub(super) fn is_closed(&self, number: u64) -> bool {
        self.state().find(number).is_none_or(|segment| segment.is_closed)
    }

    /// The oldest that waits.
    pub(super) fn next(&self) -> Option<Waiting> {
        let state = self.state();
        let segment = state.segments.iter().find(|segment| segment.gone_bytes < segment.bytes)?;
        Some(Waiting {
            number: segment.number,
            path: segment.path.clone(),
            from: segment.gone_bytes,
            to: segment.bytes,
            known_to: segment.known_to,
        })
    }

    /// So much more of a segment was acknowledged.
    pub(super) fn acknowledged(&self, number: u64, bytes: usize, events: usize) {
        let end = self.gone(number, bytes, events);
        self.progress.acknowledged(Place { number, end });
    }

    /// So much more of a segment does not wait any more; returns how much in all.
    fn gone(&self, number: u64, bytes: usize, events: usize) -> usize {
        let mut state = self.state();
        let (mut gone, mut end) = (events, 0);
        if let Some(segment) = state.find(number) {
            segment.gone_bytes += bytes;
            segment.gone_events += events;
            segment.known_to = segment.known_to.max(segment.gone_bytes);
            end = segment.gone_bytes;
            if segment.has_gone() {
                segment.gone_at = Some(Instant::now());
                // Those that stood where the disk was damaged do not wait any more.
                let damaged = segment.events.saturating_sub(segment.gone_events);
                segment.events = segment.gone_events;
                gone += damaged;
                count_given_up("damaged", 0, damaged);
            }
        }
        state.waiting = state.waiting.saturating_sub(gone);
        state.tell();
        end
    }

    /// So much of a segment is no event. It was whole when it was written, or is a tail that could not be cut off.
    pub(super) fn damaged(&self, number: u64, bytes: usize) {
        if let Some(segment) = self.state().find(number) {
            segment.is_damaged = true;
        }
        self.progress.lost(number);
        count_cut(bytes);
        self.gone(number, bytes, 0);
    }

    /// Gives a segment up that cannot be read.
    pub(super) fn put_away(&self, number: u64) {
        let path = self.state().find(number).map(|segment| segment.path.clone());
        let why = io::Error::other("it was tried often enough");
        if let Some(path) = path
            && let Err(error) = put_away(&path, &why)
        {
            tracing::error!(%error, path = %path.display(), "it cannot be put away either");
        }
        self.give_up(number, "unreadable");
    }

    /// Knows nothing of a segment any more. Its file, if there is one, is left where it is.
    pub(super) fn give_up(&self, number: u64, reason: &'static str) {
        let mut state = self.state();
        let at = state.segments.iter().position(|segment| segment.number == number);
        let Some(segment) = at.and_then(|at| state.segments.remove(at)) else { return };
        let lost = segment.events.saturating_sub(segment.gone_events);
        state.waiting = state.waiting.saturating_sub(lost);
        state.bytes = state.bytes.saturating_sub(segment.bytes);
        state.tell();
        self.progress.lost(number);
        count_given_up(reason, 1, lost);
        tracing::error!(
            segment = number,
            events = lost,
            reason,
            "a segment of the spool is given up"
        );
    }

    /// A segment that is written for no reason any more.
    pub(super) fn to_be_closed(&self) -> Option<u64> {
        let is_idle = |segment: &&Tracked| {
            let is_due = self.keeps.is_zero() || segment.begun.elapsed() >= WRITTEN_FOR;
            let is_begun = segment.bytes > SEGMENT_HEAD_BYTES;
            !segment.is_closed && segment.has_gone() && is_begun && is_due
        };
        self.state().segments.iter().find(is_idle).map(|segment| segment.number)
    }

    /// Removes what has gone long enough ago.
    pub(super) fn remove_gone(&self) {
        let keeps = self.keeps;
        self.state().remove(|segment| {
            let is_due = segment.gone_at.is_none_or(|at| at.elapsed() >= keeps);
            segment.is_only_kept() && is_due
        });
    }

    /// Makes room for so many bytes below `bytes_max`, if need be with what is only kept for safety; whether there is.
    pub(super) fn make_room(&self, bytes: usize, bytes_max: usize) -> bool {
        let mut state = self.state();
        while state.bytes.saturating_add(bytes) > bytes_max {
            let mut is_first = true;
            let removed =
                state.remove(|segment| segment.is_only_kept() && std::mem::take(&mut is_first));
            if removed == 0 {
                return false;
            }
            if !self.keeps.is_zero() {
                counter!("curbe_spool_kept_too_short_total").increment(1);
                tracing::warn!(
                    "what went to the queue is no longer kept here: the spool needs the room"
                );
            }
        }
        true
    }

    /// What is kept for safety waits once more.
    pub(super) fn send_again(&self) {
        if self.keeps.is_zero() {
            return;
        }
        let mut state = self.state();
        let mut again = 0;
        for segment in &mut state.segments {
            again += segment.gone_events;
            (segment.gone_bytes, segment.gone_events) = (SEGMENT_HEAD_BYTES, 0);
            segment.gone_at = None;
        }
        state.waiting += again;
        state.tell();
        drop(state);
        self.grown.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, number: u64) -> Option<&mut Tracked> {
        self.segments.iter_mut().find(|segment| segment.number == number)
    }

    /// Removes segments with their files; one that cannot be removed stays. Returns how many went.
    fn remove(&mut self, mut is_to_go: impl FnMut(&Tracked) -> bool) -> usize {
        let before = self.segments.len();
        let bytes = &mut self.bytes;
        self.segments.retain(|segment| {
            if !is_to_go(segment) {
                return true;
            }
            if let Err(error) = segment.remove_file() {
                tracing::error!(path = %segment.path.display(), %error, "a segment that has gone cannot be removed");
                return true;
            }
            *bytes = bytes.saturating_sub(segment.bytes);
            false
        });
        self.tell();
        before - self.segments.len()
    }

    fn tell(&self) {
        let of = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        gauge!("curbe_spool_events").set(of(self.waiting));
        gauge!("curbe_spool_bytes").set(of(self.bytes));
    }
}

#[cfg(test)]
#[path = "backlog_tests.rs"]
mod tests;
