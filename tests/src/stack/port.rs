//! Free loopback ports.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Below the range from which kernels take the ports of outgoing connections. A client that
/// retries a dead port inside that range may be given that very port and connect to itself, and
/// then the server cannot come back on it.
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

/// What was given out in this process. A server that is killed for a while comes back on its own port, which nobody else
/// of this process may have taken meanwhile.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port on which nobody listens at this moment, and which was not given out before; whoever takes it must still be ready to find it
/// taken, see [`super::server::start_on_free_port`].
///
/// # Errors
/// No free port was found.
pub fn free() -> Result<u16> {
    for _ in 0..1_000 {
        let port = FIRST + rand::random_range(0..COUNT);
        if is_new(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free loopback port between {FIRST} and {}", FIRST + COUNT)
}

fn is_new(port: u16) -> bool {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    given.get_or_insert_default().insert(port)
}
