//! One connection through a proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::mode::{Direction, Mode};
use super::trap::{Snap, Watched};
use super::{Trap, Wire};

const PIECE: usize = 16 * 1024;

/// Makes the close that follows a reset: what was not sent yet is dropped, and the other side is told so at once.
pub(super) fn reset(stream: &TcpStream) {
    // Without effect on a connection that has ended by itself.
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).ok();
}

/// How a connection ended.
enum End {
    /// By itself.
    Closed,
    /// By a reset towards both.
    Cut,
    /// The server gets all that was sent before, and then the end; the client a reset.
    CutBefore,
}

/// What the two directions of a connection know of each other.
#[derive(Default)]
struct Losses {
    replies: AtomicBool,
}

/// Carries bytes in both directions until both have ended, or the connection is cut.
pub(super) async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    wire: &Wire,
    mut cuts: watch::Receiver<usize>,
) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let losses = Losses::default();
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            tokio::join!(
                up(from_client, to_server, wire, &losses),
                down(from_server, to_client, wire, &losses)
            )
        };
        tokio::select! {
            (up, ()) = both => up,
            // Also one that came while the server was being reached.
            _ = cuts.changed() => End::Cut,
            () = is_healed_after_losses(wire, &losses) => End::Cut,
        }
    };
    match end {
        End::Closed => return,
        End::Cut => reset(&server),
        End::CutBefore => {}
    }
    reset(&client);
}

/// What a client sends.
async fn up(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, wire: &Wire, losses: &Losses) -> End {
    let mut watched = Watched::default();
    let mut buffer = vec![0; PIECE];
    let mut trap = wire.trap.subscribe();
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let mut piece = &buffer[..read];
        passes(wire, Direction::ToServer).await;
        let set: Option<Arc<Trap>> = trap.borrow_and_update().clone();
        let at = set.as_ref().and_then(|trap| trap.look(&mut watched, piece).map(|at| (trap, at)));
        let snapped = at.filter(|_| wire.snapped.fetch_add(1, Ordering::Relaxed) == 0);
        match snapped.map(|(trap, at)| (trap.snap(), at)) {
            Some((Snap::LoseReply, _)) => losses.replies.store(true, Ordering::Relaxed),
            Some((Snap::CutBefore, at)) => piece = &piece[..at],
            None => {}
        }
        if to.write_all(piece).await.is_err() {
            break;
        }
        if matches!(snapped, Some((trap, _)) if trap.snap() == Snap::CutBefore) {
            to.shutdown().await.ok();
            return End::CutBefore;
        }
    }
    passes(wire, Direction::ToServer).await;
    to.shutdown().await.ok();
    End::Closed
}

/// What a server answers.
async fn down(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, wire: &Wire, losses: &Losses) {
    let mut buffer = vec![0; PIECE];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        passes(wire, Direction::ToClient).await;
        if *wire.mode.borrow() == Mode::LostReplies {
            losses.replies.store(true, Ordering::Relaxed);
        }
        let is_lost = losses.replies.load(Ordering::Relaxed);
        if !is_lost && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    passes(wire, Direction::ToClient).await;
    to.shutdown().await.ok();
}

/// Waits for as long as the link holds bytes back, or slows them down.
async fn passes(wire: &Wire, direction: Direction) {
    let mut mode = wire.mode.subscribe();
    // The sender lives as long as the wire.
    let now = mode.wait_for(|mode| !mode.holds_back(direction)).await.map(|mode| *mode);
    if let Some(delay) = now.ok().and_then(Mode::delay) {
        sleep(delay).await;
    }
}

/// A connection that lost replies is of no use once the link works again.
async fn is_healed_after_losses(wire: &Wire, losses: &Losses) {
    let (mut mode, mut trap) = (wire.mode.subscribe(), wire.trap.subscribe());
    loop {
        let has_changed = tokio::select! {
            changed = mode.changed() => changed,
            changed = trap.changed() => changed,
        };
        let is_healed =
            *mode.borrow_and_update() == Mode::Pass && trap.borrow_and_update().is_none();
        if has_changed.is_err() || (is_healed && losses.replies.load(Ordering::Relaxed)) {
            return;
        }
    }
}
