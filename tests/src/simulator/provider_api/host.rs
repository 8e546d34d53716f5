//! A host on loopback that speaks HTTP/1.1 and remembers what it was asked.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::locked;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Path and query.
    pub uri: Uri,
    /// All of its headers.
    pub headers: HeaderMap,
}

impl Seen {
    /// A header's value; empty where it is not there.
    pub fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Dropped, it is gone.
#[derive(Debug)]
pub struct Host {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Host {
    pub(super) async fn start<A, F>(answer: A) -> Result<Self>
    where
        A: Fn(Seen) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(accept(listener, Arc::clone(&seen), answer));
        Ok(Self { url, seen, task })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        locked(&self.seen).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<A, F>(listener: TcpListener, seen: Arc<Mutex<Vec<Seen>>>, answer: A)
where
    A: Fn(Seen) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let (seen, answer) = (Arc::clone(&seen), answer.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let asked = Seen { uri: request.uri().clone(), headers: request.headers().clone() };
            locked(&seen).push(asked.clone());
            let answered = answer(asked);
            async move { Ok::<_, Infallible>(answered.await) }
        });
        let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A connection that breaks is seen by whoever was at its other end.
        tokio::spawn(async { served.await.ok() });
    }
}
