//! What became of a request for a recording: counted and logged, once, when its last byte is out.

use std::time::Instant;

use curbe_domain::providers::Provider;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, histogram};
use uuid::Uuid;

use super::failure::Failure;

/// Recordings that are being handed out.
pub(super) const STREAMS: &str = "curbe_recording_streams";
const REQUESTS: &str = "curbe_recordings_total";
const BYTES: &str = "curbe_recording_bytes_total";
const ANSWER_SECONDS: &str = "curbe_recording_answer_seconds";

/// Says what the metrics mean.
pub(super) fn describe() {
    describe_counter!(REQUESTS, "Requests for recordings by provider and what became of them");
    describe_counter!(BYTES, "Bytes of audio handed out");
    describe_gauge!(STREAMS, "Recordings that are being handed out");
    describe_histogram!(ANSWER_SECONDS, "From a request to the head of its answer");
}

/// How an answer that had begun came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything went out.
    Complete,
    /// The listener hung up.
    ListenerGone,
    /// The listener took nothing for too long.
    ListenerSilent,
    /// The provider's connection broke.
    ProviderGone,
    /// The provider sent nothing for too long.
    ProviderSilent,
}

impl Ending {
    fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ListenerGone => "listener_gone",
            Self::ListenerSilent => "listener_silent",
            Self::ProviderGone => "provider_gone",
            Self::ProviderSilent => "provider_silent",
        }
    }
}

/// As much as is known of a request; more with every step.
#[derive(Debug)]
pub(super) struct Report {
    request_id: String,
    call_log_id: Uuid,
    begun: Instant,
    pub(super) provider: Option<Provider>,
    pub(super) leg: Option<String>,
    /// The host that answered last; never its path and query, which open recordings.
    pub(super) host: Option<String>,
    pub(super) status: u16,
}

impl Report {
    pub(super) fn new(request_id: &str, call_log_id: Uuid) -> Self {
        Self {
            request_id: request_id.to_owned(),
            call_log_id,
            begun: Instant::now(),
            provider: None,
            leg: None,
            host: None,
            status: 0,
        }
    }

    /// The head of the answer is known.
    pub(super) fn answered(&mut self, status: u16) {
        self.status = status;
        histogram!(ANSWER_SECONDS).record(self.begun.elapsed());
    }

    /// There was audio.
    pub(super) fn ended(&self, ending: Ending, bytes: u64) {
        counter!(BYTES).increment(bytes);
        self.count(ending.as_str());
        let Self { request_id, call_log_id, leg, host, status, .. } = self;
        let (provider, outcome) = (self.provider(), ending.as_str());
        let milliseconds = self.milliseconds();
        tracing::info!(requestId = request_id, callLogId = %call_log_id, provider, leg, host, status, outcome, bytes, milliseconds, "recording");
    }

    /// There was none.
    pub(super) fn failed(&self, failure: &Failure) {
        self.count(failure.reason());
        let Self { request_id, call_log_id, leg, status, .. } = self;
        let host = failure.host().or(self.host.as_deref());
        let (provider, outcome, detail) = (self.provider(), failure.reason(), failure.to_string());
        let milliseconds = self.milliseconds();
        tracing::warn!(requestId = request_id, callLogId = %call_log_id, provider, leg, host, status, outcome, detail, milliseconds, "recording");
    }

    fn count(&self, outcome: &'static str) {
        counter!(REQUESTS, "provider" => self.provider(), "outcome" => outcome).increment(1);
    }

    fn provider(&self) -> &'static str {
        self.provider.map_or("none", Provider::as_str)
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
