//! How far a socket has been told, so that it hears nothing twice and no heartbeat falls behind a frame.

use crate::fanout::Outgoing;

/// Everything up to a number has been written.
pub(super) struct Told(i64);

impl Told {
    /// Everything up to `seq`, on arrival.
    pub(super) fn up_to(seq: i64) -> Self {
        Self(seq)
    }

    /// Leaves what is new in a batch that is about to be written.
    pub(super) fn leave_news(&mut self, batch: &mut Vec<Outgoing>) {
        batch.retain(|outgoing| outgoing.seq().is_none_or(|seq| seq > self.0));
        self.0 = batch.iter().filter_map(Outgoing::seq).fold(self.0, i64::max);
    }

    /// What a heartbeat says when the room had come to `progress`: a frame reaches a socket before the room counts it.
    pub(super) fn reached(&self, progress: i64) -> i64 {
        progress.max(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(numbers: &[i64]) -> Vec<Outgoing> {
        numbers.iter().map(|seq| Outgoing::Resync { seq: *seq }).collect()
    }

    fn news(told: &mut Told, numbers: &[i64]) -> Vec<i64> {
        let mut batch = batch(numbers);
        told.leave_news(&mut batch);
        batch.iter().filter_map(Outgoing::seq).collect()
    }

    #[test]
    fn nothing_is_told_twice() {
        let mut told = Told::up_to(57);
        assert_eq!(news(&mut told, &[56, 57, 58, 60]), [58, 60]);
        assert_eq!(news(&mut told, &[60]), [0; 0]);
        assert_eq!(news(&mut told, &[60, 61]), [61]);
    }

    #[test]
    fn a_heartbeat_is_never_behind_a_frame() {
        let mut told = Told::up_to(57);
        assert_eq!(told.reached(56), 57);
        news(&mut told, &[59]);
        assert_eq!(told.reached(57), 59);
        assert_eq!(told.reached(60), 60);
    }
}
