//! In what order a wallet's frames go out: each number once, none left out. Pure: it decides, the room acts.

use std::collections::BTreeMap;

/// More than this is not kept in memory while a reading back is awaited: it is read back as well.
const KEPT_MAX: usize = 1024;
/// As many numbers as are read back in one go.
const READ_BACK_MAX: i64 = 128;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<T> {
    /// This is the next one: it goes out.
    Deliver(T),
    /// The numbers above `after`, up to `upto`, are missing: they are read back.
    ReadBack {
        /// The number before the first one.
        after: i64,
        /// The last one.
        upto: i64,
    },
    /// Nothing until more is heard.
    Wait,
}

/// Puts what is heard in order. It looks at numbers alone: who may see what is decided after it.
#[derive(Clone, Debug)]
pub(crate) struct Sequencer<T> {
    last: i64,
    highest: i64,
    kept: BTreeMap<i64, T>,
}

impl<T> Sequencer<T> {
    /// Goes on after `last`.
    pub(crate) fn new(last: i64) -> Self {
        Self { last, highest: last, kept: BTreeMap::new() }
    }

    /// The number that everything has gone out up to.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// The highest number that was heard of.
    pub(crate) fn highest(&self) -> i64 {
        self.highest
    }

    /// A frame was heard. One with a number already seen is dropped.
    pub(crate) fn on_message(&mut self, seq: i64, frame: T) {
        self.on_notice(seq);
        if seq > self.last && self.kept.len() < KEPT_MAX {
            self.kept.entry(seq).or_insert(frame);
        }
    }

    /// The wallet is known to have come as far as `seq`.
    pub(crate) fn on_notice(&mut self, seq: i64) {
        self.highest = self.highest.max(seq);
    }

    /// The wallet has come no further than `seq`: whatever said otherwise was wrong.
    pub(crate) fn retract_to(&mut self, seq: i64) {
        self.highest = seq.max(self.last);
        self.kept.split_off(&(self.highest + 1));
    }

    /// What follows from all that was heard.
    pub(crate) fn next(&mut self) -> Step<T> {
        if let Some(frame) = self.kept.remove(&(self.last + 1)) {
            self.last += 1;
            return Step::Deliver(frame);
        }
        if self.highest <= self.last {
            return Step::Wait;
        }
        let before_kept = self.kept.keys().next().map_or(self.highest, |seq| seq - 1);
        Step::ReadBack { after: self.last, upto: before_kept.min(self.last + READ_BACK_MAX) }
    }

    /// Everything up to `upto` has gone out, or is given up.
    pub(crate) fn skip_to(&mut self, upto: i64) {
        self.last = self.last.max(upto);
        self.on_notice(upto);
        self.kept = self.kept.split_off(&(self.last + 1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain(sequencer: &mut Sequencer<i64>) -> (Vec<i64>, Step<i64>) {
        let mut delivered = Vec::new();
        loop {
            match sequencer.next() {
                Step::Deliver(seq) => delivered.push(seq),
                step @ (Step::ReadBack { .. } | Step::Wait) => return (delivered, step),
            }
        }
    }

    #[test]
    fn the_next_number_goes_out_and_a_seen_one_is_dropped() {
        let mut sequencer = Sequencer::new(57);
        for seq in [58, 57, 58, 1] {
            sequencer.on_message(seq, seq);
        }
        assert_eq!(drain(&mut sequencer), (vec![58], Step::Wait));
        assert_eq!(sequencer.last(), 58);
    }

    #[test]
    fn a_gap_is_read_back_before_what_follows_it() {
        let mut sequencer = Sequencer::new(57);
        sequencer.on_message(60, 60);
        assert_eq!(drain(&mut sequencer), (vec![], Step::ReadBack { after: 57, upto: 59 }));
        sequencer.on_message(61, 61);
        sequencer.skip_to(59);
        assert_eq!(drain(&mut sequencer), (vec![60, 61], Step::Wait));
    }

    #[test]
    fn a_late_frame_closes_its_gap() {
        let mut sequencer = Sequencer::new(0);
        sequencer.on_message(2, 2);
        sequencer.on_message(1, 1);
        assert_eq!(drain(&mut sequencer), (vec![1, 2], Step::Wait));
    }

    #[test]
    fn a_notice_ahead_is_a_gap() {
        let mut sequencer = Sequencer::new(57);
        sequencer.on_notice(57);
        assert_eq!(drain(&mut sequencer).1, Step::Wait);
        sequencer.on_notice(59);
        assert_eq!(drain(&mut sequencer).1, Step::ReadBack { after: 57, upto: 59 });
    }

    #[test]
    fn a_number_that_never_was_is_forgotten() {
        let mut sequencer = Sequencer::new(57);
        sequencer.on_message(1_000_000, 1_000_000);
        sequencer.retract_to(57);
        assert_eq!(drain(&mut sequencer), (vec![], Step::Wait));
        sequencer.on_message(58, 58);
        assert_eq!(drain(&mut sequencer), (vec![58], Step::Wait));
    }

    #[test]
    fn a_wide_gap_is_read_in_parts_and_memory_stays_bounded() {
        let mut sequencer = Sequencer::new(0);
        let kept = i64::try_from(KEPT_MAX).unwrap();
        for seq in 1001..=(1000 + 2 * kept) {
            sequencer.on_message(seq, seq);
        }
        assert_eq!(sequencer.kept.len(), KEPT_MAX);
        assert_eq!(drain(&mut sequencer).1, Step::ReadBack { after: 0, upto: READ_BACK_MAX });
        sequencer.skip_to(1000);
        let (delivered, step) = drain(&mut sequencer);
        assert_eq!(delivered.len(), KEPT_MAX);
        // What was not kept is read back like anything else.
        assert_eq!(step, Step::ReadBack { after: 1000 + kept, upto: 1000 + kept + READ_BACK_MAX });
    }

    #[derive(Clone, Debug)]
    enum Event {
        Message(i64),
        Notice(i64),
        ReadBackDone,
    }

    fn events(count: i64) -> impl Strategy<Value = Vec<Event>> {
        // Any number any number of times, or never, in any order; readings back that end whenever they like.
        let event = prop_oneof![
            6 => (1..=count).prop_map(Event::Message),
            1 => (1..=count).prop_map(Event::Notice),
            2 => Just(Event::ReadBackDone),
        ];
        prop::collection::vec(event, 0..200)
    }

    proptest! {
        #[test]
        fn every_number_goes_out_once_and_in_order(base in 0_i64..20, events in events(60)) {
            let mut sequencer = Sequencer::new(base);
            let (mut out, mut pending, mut highest) = (Vec::new(), None, base);
            for event in events.into_iter().chain(std::iter::repeat_n(Event::ReadBackDone, 200)) {
                match event {
                    Event::Message(seq) => sequencer.on_message(seq, seq),
                    Event::Notice(seq) => sequencer.on_notice(seq),
                    Event::ReadBackDone => if let Some((after, upto)) = pending.take() {
                        // What came meanwhile is left out of what was read.
                        out.extend((after + 1..=upto).filter(|seq| *seq > sequencer.last()));
                        sequencer.skip_to(upto);
                    },
                }
                highest = match event { Event::Message(seq) | Event::Notice(seq) => highest.max(seq), Event::ReadBackDone => highest };
                let (delivered, step) = drain(&mut sequencer);
                out.extend(delivered);
                if let (Step::ReadBack { after, upto }, None) = (step, pending) {
                    pending = Some((after, upto));
                }
            }
            prop_assert_eq!(out, (base + 1..=highest).collect::<Vec<_>>());
        }
    }
}
