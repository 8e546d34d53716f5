//! A trap on a link: it snaps on bytes that go by.

/// What happens when it snaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snap {
    /// The bytes arrive, and the server's answer is lost.
    LoseReply,
    /// What came before the bytes arrives; they and everything after them do not.
    CutBefore,
}

/// Waits for bytes on their way to the server, on any connection, where enough came since a landmark.
#[derive(Clone, Debug)]
pub struct Trap {
    pattern: Vec<u8>,
    /// The connection must have carried so many bytes to the server since this went by.
    since: Option<(Vec<u8>, usize)>,
    snap: Snap,
}

/// How far one connection has come on its way into a trap.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The end of what went by: a pattern may come in two pieces.
    tail: Vec<u8>,
    /// The bytes since the landmark began, once it went by.
    since: Option<usize>,
}

impl Trap {
    /// Snaps on these bytes.
    #[must_use]
    pub fn on(pattern: &str, snap: Snap) -> Self {
        Self { pattern: pattern.as_bytes().to_vec(), since: None, snap }
    }

    /// Only where the connection has carried more than so many bytes since this went by: a `COMMIT` of something large.
    #[must_use]
    pub fn after(self, landmark: &str, bytes: usize) -> Self {
        Self { since: Some((landmark.as_bytes().to_vec(), bytes)), ..self }
    }

    pub(super) fn snap(&self) -> Snap {
        self.snap
    }

    /// Looks at the next piece; where in it the bytes begin that it waits for, 0 if in the one before.
    pub(super) fn look(&self, watched: &mut Watched, piece: &[u8]) -> Option<usize> {
        let kept = watched.tail.len();
        let seen = [&watched.tail[..], piece].concat();
        let found = position(&seen, &self.pattern).filter(|at| at + self.pattern.len() > kept);
        let snaps = found.filter(|at| self.is_enough(watched.since, &seen[kept.min(*at)..*at]));
        watched.since = self.passed(watched.since, &seen, kept);
        let longest = self.pattern.len().max(self.since.as_ref().map_or(0, |(l, _)| l.len()));
        watched.tail = seen[seen.len().saturating_sub(longest.saturating_sub(1))..].to_vec();
        snaps.map(|at| at.saturating_sub(kept))
    }

    /// Whether enough went by since the landmark, with what comes before the bytes in their own piece.
    fn is_enough(&self, since: Option<usize>, before: &[u8]) -> bool {
        let Some((_, bytes)) = &self.since else { return true };
        self.passed(since, before, 0).is_some_and(|passed| passed > *bytes)
    }

    /// The bytes since the landmark's beginning once these have gone by, of which the first `kept` had before.
    fn passed(&self, since: Option<usize>, seen: &[u8], kept: usize) -> Option<usize> {
        let (landmark, _) = self.since.as_ref()?;
        let at = seen.windows(landmark.len()).rposition(|window| window == &landmark[..]);
        at.map(|at| seen.len() - at).or_else(|| Some(since? + seen.len() - kept))
    }
}

fn position(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_in_one_piece_or_two() {
        let trap = Trap::on("COMMIT", Snap::LoseReply);
        let mut watched = Watched::default();
        assert_eq!(trap.look(&mut watched, b"BEGIN..COM"), None);
        assert_eq!(trap.look(&mut watched, b"MIT."), Some(0));
        assert_eq!(trap.look(&mut watched, b"..."), None);
        assert_eq!(trap.look(&mut watched, b"..COMMIT"), Some(2));
    }

    #[test]
    fn a_landmark_may_come_in_the_same_piece() {
        let trap = Trap::on("EVALSHA", Snap::CutBefore).after("PUBLISH", 0);
        let mut watched = Watched::default();
        assert_eq!(trap.look(&mut watched, b"EVALSHA PUBLISH"), None);
        let mut watched = Watched::default();
        assert_eq!(trap.look(&mut watched, b"PUBLISH EVALSHA"), Some(8));
    }

    #[test]
    fn what_is_small_is_let_through() {
        let trap = Trap::on("COMMIT", Snap::LoseReply).after("BEGIN", 20);
        let mut watched = Watched::default();
        for piece in ["BEGIN", "select 1", "COMMIT", "BEGIN", "insert a lot of things"] {
            assert_eq!(trap.look(&mut watched, piece.as_bytes()), None, "{piece}");
        }
        assert_eq!(trap.look(&mut watched, b"COMMIT"), Some(0));
    }
}
