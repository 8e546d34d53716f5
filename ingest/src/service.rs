//! One request from its head to its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use curbe_platform::http::read_body;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::sync::watch::Receiver;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::durability::Keeper;
use crate::preflight::Preflight;
use crate::rejection::Rejection;
use crate::router::{Route, Router};
use crate::secrets::Secrets;
use crate::verdict::{Facts, Origin, Reply};
use crate::webhook::Webhook;
use crate::{voice_events, voice_request};

/// What every request needs.
pub(crate) struct Service {
    pub(crate) keeper: Keeper,
    pub(crate) preflight: Preflight,
    /// Calls that begin never take all connections.
    pub(crate) preflight_turns: Semaphore,
    pub(crate) public_base_url: String,
    secrets: Receiver<Arc<Secrets>>,
    router: Router,
    body_bytes_max: usize,
    body_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    /// Events that are being made durable, whether or not their sender still waits.
    events: TaskTracker,
}

impl Service {
    pub(crate) fn new(
        config: &Config,
        keeper: Keeper,
        preflight: Preflight,
        secrets: Receiver<Arc<Secrets>>,
    ) -> Self {
        Self {
            keeper,
            preflight,
            preflight_turns: Semaphore::new(config.ingest_preflights_max),
            public_base_url: config.public_base_url.clone(),
            secrets,
            router: Router::new(),
            body_bytes_max: config.ingest_body_bytes_max,
            body_timeout: config.ingest_body_timeout,
            answer_timeout: config.ingest_answer_timeout,
            events: TaskTracker::new(),
        }
    }

    /// The secrets in force now. A request asks once, so that it sees those of one instant.
    pub(crate) fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets.borrow())
    }

    /// Waits for the events whose senders have gone.
    pub(crate) async fn finish(&self) {
        self.events.close();
        if tokio::time::timeout(self.answer_timeout, self.events.wait()).await.is_err() {
            tracing::warn!(events = self.events.len(), "ended before all events were answered for");
        }
        self.preflight.finish(self.answer_timeout).await;
    }

    async fn read(
        &self,
        request: Request<Incoming>,
        origin: &Origin,
    ) -> Result<(Route, Webhook), Rejection> {
        let route = self.router.route(request.method(), request.uri().path())?;
        let (head, body) = request.into_parts();
        let body = read_body(body, self.body_bytes_max, self.body_timeout).await;
        let body = body.map_err(Rejection::Body)?;
        let path_and_query = head.uri.path_and_query().map_or("/", |target| target.as_str());
        // The query may hold what the customer wrote there.
        let (path, bytes) = (head.uri.path(), body.len());
        let (request_id, remote) = (origin.request_id.as_str(), origin.peer.ip());
        tracing::info!(requestId = request_id, path, bytes, %remote, "received");
        let webhook = Webhook {
            request_id: origin.request_id.clone(),
            received_at: OffsetDateTime::now_utc(),
            path_and_query: path_and_query.to_owned(),
            headers: head.headers,
            body,
        };
        Ok((route, webhook))
    }
}

/// Answers a request.
pub(crate) async fn answer(
    service: Arc<Service>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<Full<Bytes>> {
    let origin = Origin::new(peer);
    let (route, webhook) = match service.read(request, &origin).await {
        Ok(read) => read,
        Err(rejection) => return origin.conclude(&Facts::default(), Err(rejection)),
    };
    // A task of its own: hyper drops this future when the sender hangs up, and an event is never left half done.
    let events = service.events.clone();
    let task = {
        let origin = origin.clone();
        events.spawn(async move {
            let mut facts = Facts::default();
            let result = match route {
                Route::VoiceEvents => {
                    voice_events::accept(&service, &webhook, &mut facts).await.map(Reply::from)
                }
                Route::VoiceRequest => voice_request::answer(&service, &webhook, &mut facts).await,
            };
            origin.conclude(&facts, result)
        })
    };
    task.await.unwrap_or_else(|error| {
        let rejection = Rejection::Unavailable { reason: "panicked", detail: error.to_string() };
        origin.conclude(&Facts::default(), Err(rejection))
    })
}
