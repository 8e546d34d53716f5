//! What was told on a wallet before a socket came back: read from Postgres piece by piece, each piece once for all
//! sockets that ask for it at about the same time. When thousands come back at once, a wallet costs one reading at a
//! time, however many of its people there are.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::audience::{Outgoing, Rendered, Viewer};
use super::reading::{ReadBack, read_back};
use crate::store::{Span, Store};

/// Numbers in one piece: what a socket holds in memory while it is written to.
const PIECE: i64 = 64;
/// Pieces kept, as not all sockets are equally far. Together no more than what may wait for one socket.
const PIECES_MAX: usize = 4;

/// The numbers above `after`, up to `upto`.
struct Piece {
    after: i64,
    upto: i64,
    frames: Vec<Rendered>,
}

/// What sockets of one wallet are catching up with. It is gone when the last of them has.
pub(super) struct Past {
    store: Store,
    wallet_id: Uuid,
    /// Held while a piece is read: whoever needs the same one finds it afterwards.
    pieces: Mutex<VecDeque<Arc<Piece>>>,
}

impl Past {
    pub(super) fn new(store: Store, wallet_id: Uuid) -> Self {
        Self { store, wallet_id, pieces: Mutex::default() }
    }

    /// What this viewer may see of the first numbers above `after`, none above `upto`; and the number reached with it,
    /// which is never `after` itself. The wallet must have come as far as `upto`.
    pub(super) async fn read(&self, viewer: Viewer, after: i64, upto: i64) -> (Vec<Outgoing>, i64) {
        let Some(piece) = self.piece(after, upto).await else {
            return (vec![Outgoing::Resync { seq: upto }], upto);
        };
        let reached = piece.upto.min(upto);
        let span = after + 1..=reached;
        let missed = piece.frames.iter().filter(|frame| span.contains(&frame.seq()));
        (missed.filter_map(|frame| frame.seen_by(viewer).cloned()).collect(), reached)
    }

    /// The piece with the number after `after`; none if rows are missing in it.
    async fn piece(&self, after: i64, upto: i64) -> Option<Arc<Piece>> {
        let wanted = bounds(after, upto);
        let mut pieces = self.pieces.lock().await;
        let known = pieces.iter().find(|piece| piece.after == wanted.0 && piece.upto >= wanted.1);
        if let Some(piece) = known {
            return Some(Arc::clone(piece));
        }
        let span = Span { wallet_id: self.wallet_id, after: wanted.0, upto: wanted.1 };
        let ReadBack::Frames(_, frames) = read_back(self.store.clone(), span).await else {
            return None;
        };
        let frames = frames.iter().map(Rendered::new).collect();
        let piece = Arc::new(Piece { after: span.after, upto: span.upto, frames });
        // A piece that ended earlier, as the wallet had not come further, is contained in the new one.
        pieces.retain(|other| other.after != piece.after);
        pieces.truncate(PIECES_MAX - 1);
        pieces.push_front(Arc::clone(&piece));
        Some(piece)
    }
}

/// Where the piece with the number after `after` begins and ends: the same for everybody who is about there.
fn bounds(after: i64, upto: i64) -> (i64, i64) {
    let first = after - after.rem_euclid(PIECE);
    (first, upto.min(first + PIECE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_same_for_all_and_leave_nothing_out() {
        for (after, upto) in [(0, 1), (0, 200), (63, 200), (64, 200), (65, 66), (199, 200)] {
            let mut reached = after;
            while reached < upto {
                let (first, last) = bounds(reached, upto);
                assert!(first <= reached && reached < last && last <= upto, "{after} {upto}");
                assert!(first % PIECE == 0 && last - first <= PIECE, "{after} {upto}");
                reached = last;
            }
            assert_eq!(reached, upto);
        }
    }
}
