//! HTTP/1 with upgrades, on hyper: limits on connections and on the time a request's head may take, and a drain.
//!
//! Neither `axum::serve`, which has no timeouts, nor the platform's server, which has no upgrades, would do.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use curbe_platform::http::tune;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Also how long a connection may idle between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 32 * 1024;
const HEADER_LINES_MAX: usize = 64;
/// After an error that the next attempt would meet as well, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`; then no connection is accepted, and requests in progress have until `deadline`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    shutdown: CancellationToken,
    deadline: Duration,
) {
    let slots = Arc::new(Semaphore::new(connections_max));
    let connections = TaskTracker::new();
    let abandoned = CancellationToken::new();
    loop {
        let next = async { (Arc::clone(&slots).acquire_owned().await, accept(&listener).await) };
        let (slot, stream) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        let conversation = converse(stream, router.clone(), shutdown.clone());
        let abandoned = abandoned.clone();
        connections.spawn(async move {
            // An upgraded connection ends here and is no longer counted: sockets have a limit of their own.
            let _slot = slot;
            tokio::select! {
                () = abandoned.cancelled() => {}
                () = conversation => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if timeout(deadline, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests were still in progress at the deadline"
        );
        abandoned.cancel();
        connections.wait().await;
    }
}

/// The next connection, whatever errors come before it.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tune(&stream);
                return stream;
            }
            Err(error) => {
                tracing::debug!(%error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, router: Router, shutdown: CancellationToken) {
    let service = service_fn(|request| answer(router.clone(), request));
    let connection = http1::Builder::new()
        // Without a timer no timeout would ever fire.
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADER_LINES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}

fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> {
    let request: Request = request.map(Body::new);
    router.oneshot(request)
}
