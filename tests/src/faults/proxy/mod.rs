//! A link between two processes that can be cut, silenced, slowed down, or made to lose its replies.

mod connection;
mod mode;
mod trap;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use self::mode::Mode;
pub use self::trap::{Snap, Trap};
use crate::stack::wait_for;

/// A proxy before one server, or before several that share its connections. Dropped, the link is gone.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    wire: Arc<Wire>,
    accepting: JoinHandle<()>,
}

/// What all connections of a proxy look at.
#[derive(Debug)]
struct Wire {
    mode: watch::Sender<Mode>,
    trap: watch::Sender<Option<Arc<Trap>>>,
    /// How often all connections were cut.
    cuts: watch::Sender<usize>,
    /// Connections that lost a reply, or were cut by a trap.
    snapped: AtomicUsize,
}

impl Proxy {
    /// Listens on a free loopback port for whoever wants to reach one of these.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(servers: Vec<u16>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let wire = Arc::new(Wire {
            mode: watch::Sender::new(Mode::Pass),
            trap: watch::Sender::new(None),
            cuts: watch::Sender::new(0),
            snapped: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, servers, Arc::clone(&wire)));
        Ok(Self { port, wire, accepting })
    }

    /// Its port on the loopback address.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same address by way of the proxy: `nats://127.0.0.1:4222` with another port.
    ///
    /// # Errors
    /// It has no port.
    pub fn before(&self, url: &str) -> Result<String> {
        let (scheme, rest) = url.split_once("://").context("a URL with a scheme")?;
        let (host, path) = rest.split_once('/').map_or((rest, None), |(h, p)| (h, Some(p)));
        let (name, _) = host.rsplit_once(':').context("a URL with a port")?;
        let path = path.map(|path| format!("/{path}")).unwrap_or_default();
        Ok(format!("{scheme}://{name}:{}{path}", self.port))
    }

    /// What it does from now on, to connections that are open too.
    pub fn set(&self, mode: Mode) {
        self.wire.mode.send_replace(mode);
        if mode == Mode::Cut {
            self.wire.cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    /// Waits for bytes on their way to the server, once.
    pub fn set_trap(&self, trap: Trap) {
        self.wire.snapped.store(0, Ordering::Relaxed);
        self.wire.trap.send_replace(Some(Arc::new(trap)));
    }

    /// Waits until the trap has snapped.
    ///
    /// # Errors
    /// The deadline passed.
    pub async fn snapped(&self, deadline: Duration) -> Result<()> {
        wait_for(deadline, "the trap to snap", async || {
            match self.wire.snapped.load(Ordering::Relaxed) {
                0 => Err("nothing came by"),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Everything passes again. Connections that have lost bytes are reset: what follows would make no sense.
    pub fn heal(&self) {
        self.wire.trap.send_replace(None);
        self.wire.mode.send_replace(Mode::Pass);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The connections end together with this task.
async fn accept(listener: TcpListener, servers: Vec<u16>, wire: Arc<Wire>) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, servers[number % servers.len()]));
        let (wire, cuts) = (Arc::clone(&wire), wire.cuts.subscribe());
        connections.spawn(async move {
            match TcpStream::connect(server).await {
                Ok(server) if *wire.mode.borrow() != Mode::Cut => {
                    connection::carry(client, server, &wire, cuts).await;
                }
                Ok(_) | Err(_) => connection::reset(&client),
            }
        });
    }
}

#[cfg(test)]
mod tests;
