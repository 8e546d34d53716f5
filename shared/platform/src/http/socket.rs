//! What every accepted connection is told.

use std::io;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::TcpStream;

/// How long the peer may leave what was written to it unread. Hyper has no timeout for writes: without this a client
/// that asks and never reads would hold its connection for ever.
#[cfg(target_os = "linux")]
const UNREAD_MAX: Duration = Duration::from_secs(30);

/// Answers go out at once, and a peer that is gone, or does not read, is let go of. Elsewhere than on Linux such a
/// peer stays until the system gives up by itself.
pub fn tune(stream: &TcpStream) {
    if let Err(error) = set(stream) {
        // The peer may have left already.
        tracing::debug!(%error, "a connection's options cannot be set");
    }
}

fn set(stream: &TcpStream) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_MAX))?;
    stream.set_nodelay(true)
}
