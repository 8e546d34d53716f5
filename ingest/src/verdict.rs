//! What became of a request: counted, logged where it was refused, and put into an answer. In one place, once.

use std::net::SocketAddr;
use std::time::Instant;

use curbe_domain::providers::{Kind, Provider};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use metrics::{counter, describe_counter, describe_histogram, histogram};
use uuid::Uuid;

use crate::rejection::Rejection;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request from its first byte to its answer.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Its id in logs, in the answer and on the queue.
    pub(crate) request_id: String,
    /// Who is at the other end of the connection.
    pub(crate) peer: SocketAddr,
    /// When its head had arrived.
    pub(crate) begun: Instant,
}

/// As much as is known of an event; more with every step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) provider: Option<Provider>,
    pub(crate) kind: Option<Kind>,
    pub(crate) leg: Option<String>,
    /// From its signing to its arrival, where a trustworthy signature tells; below zero for one still to come.
    pub(crate) signature_age_seconds: Option<i64>,
}

/// A webhook that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is on the queue.
    Queued,
    /// It is on this machine's disk, on its way to the queue.
    Spooled,
    /// The same was on the queue before.
    Duplicate,
    /// It says nothing that is needed.
    Ignored,
}

/// What a request that was taken is answered with.
#[derive(Debug)]
pub(crate) struct Reply {
    /// A label for what became of it.
    pub(crate) outcome: &'static str,
    pub(crate) response: Response<Full<Bytes>>,
}

impl From<Accepted> for Reply {
    fn from(accepted: Accepted) -> Self {
        let outcome = match accepted {
            Accepted::Queued => "queued",
            Accepted::Spooled => "spooled",
            Accepted::Duplicate => "duplicate",
            Accepted::Ignored => "ignored",
        };
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self { outcome, response }
    }
}

/// Says what the metrics mean.
pub(crate) fn describe() {
    describe_counter!("curbe_webhooks_total", "Webhooks by provider, kind and what became of them");
    describe_histogram!("curbe_ingest_answer_seconds", "From a request's head to its answer");
    describe_histogram!(
        "curbe_ingest_ack_seconds",
        "From a publish to the queue's acknowledgement"
    );
}

impl Origin {
    pub(crate) fn new(peer: SocketAddr) -> Self {
        Self { request_id: Uuid::now_v7().to_string(), peer, begun: Instant::now() }
    }

    /// Ends a request.
    pub(crate) fn conclude(
        &self,
        facts: &Facts,
        result: Result<Reply, Rejection>,
    ) -> Response<Full<Bytes>> {
        let provider = facts.provider.map_or("none", Provider::as_str);
        let kind = facts.kind.map_or("none", Kind::as_str);
        let outcome = match &result {
            Ok(reply) => reply.outcome,
            Err(rejection) => rejection.reason(),
        };
        counter!("curbe_webhooks_total", "provider" => provider, "kind" => kind, "outcome" => outcome)
            .increment(1);
        histogram!("curbe_ingest_answer_seconds").record(self.begun.elapsed());
        let mut response = match result {
            Ok(reply) => reply.response,
            Err(rejection) => {
                let leg = facts.leg.as_deref();
                let (remote, detail) = (self.peer.ip(), rejection.detail());
                let signature_age_seconds = facts.signature_age_seconds;
                tracing::warn!(requestId = self.request_id, reason = outcome, provider, kind, leg, signature_age_seconds, %remote, detail, "rejected");
                rejection.into_response(&self.request_id)
            }
        };
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}
