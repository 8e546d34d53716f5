//! HTTP/1 on hyper with every limit set: time and size of a request's head, connections, and how a server ends.

mod body;
mod problem;
mod socket;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use body::{BodyError, read_body};
pub use problem::Problem;
pub use socket::tune;

/// How long accepting rests after an error that the next attempt would meet too, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one server grants its clients.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections_max: usize,
    /// How long a request's head may take, and how long a connection may idle between two requests.
    pub header_timeout: Duration,
    /// Header lines.
    pub headers_max: usize,
    /// Bytes of a request's head, at least 8192.
    pub head_bytes_max: usize,
    /// How long requests in progress may take once the server ends.
    pub drain_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            header_timeout: Duration::from_secs(5),
            headers_max: 64,
            head_bytes_max: 32 * 1024,
            drain_deadline: Duration::from_secs(10),
        }
    }
}

/// The two steps of an ending: finish what is in progress; then, late, let go of it.
#[derive(Clone, Debug)]
struct Ending {
    drain: CancellationToken,
    abandon: CancellationToken,
}

/// Serves until `shutdown`, then stops accepting and returns once every request in progress is answered, or after the
/// deadline. The handler gets the request and the address of the peer. A body that fails half way ends its connection,
/// so that nobody takes a part for the whole.
pub async fn serve<H, F, B>(
    listener: TcpListener,
    limits: Limits,
    handler: H,
    shutdown: CancellationToken,
) where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    let ending = Ending { drain: shutdown, abandon: CancellationToken::new() };
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, accept(&listener).await)
        };
        let (slot, (stream, peer)) = tokio::select! {
            biased;
            () = ending.drain.cancelled() => break,
            next = next => next,
        };
        let (limits, handler, ending) = (limits.clone(), handler.clone(), ending.clone());
        connections.spawn(async move {
            let _slot = slot;
            let served = |request| handler(request, peer);
            converse(stream, &limits, served, ending).await;
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain_deadline, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "drain deadline passed");
        ending.abandon.cancel();
        connections.wait().await;
    }
}

/// The next connection, whatever errors come before it.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tune(&stream);
                return (stream, peer);
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    let kinds = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
    ];
    kinds.contains(&error.kind())
}

async fn converse<H, F, B>(stream: TcpStream, limits: &Limits, handler: H, ending: Ending)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let service = service_fn(|request| {
        let response = handler(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let connection = http1::Builder::new()
        // Without a timer no header timeout would ever fire.
        .timer(TokioTimer::new())
        // A client that has said everything and hangs up is still served: what it sent may be money.
        .half_close(true)
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.head_bytes_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut result = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = ending.drain.cancelled() => None,
    };
    if result.is_none() {
        connection.as_mut().graceful_shutdown();
        result = tokio::select! {
            result = connection => Some(result),
            () = ending.abandon.cancelled() => None,
        };
    }
    if let Some(Err(error)) = result {
        tracing::debug!(%error, "connection ended early");
    }
}

#[cfg(test)]
mod tests;
