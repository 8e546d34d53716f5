//! Why a recording was not handed out: what the log says of it, and the less that the caller is told.

use hyper::StatusCode;
use hyper::header::{CONTENT_RANGE, HeaderValue, RETRY_AFTER};

use super::hosts::Refused;
use crate::http::Refusal;
use crate::store::transaction::TransactionError;

/// Seconds after which a stream may have become free.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing of that id is in the call log.
    #[error("no such call log")]
    NoLog,
    /// The call was not recorded, or its recording is not complete.
    #[error("no recording")]
    NoRecording,
    /// The provider has it no more.
    #[error("the provider has no such recording")]
    Gone,
    /// As many recordings as may be are under way.
    #[error("too many recordings at once")]
    Busy,
    #[error(transparent)]
    Database(#[from] TransactionError),
    /// The recording ends before the part that was asked for; where, the header says.
    #[error("no such part of the recording")]
    Range(Option<HeaderValue>),
    /// Our secrets do not open it, or there are none.
    #[error("the provider does not accept our credentials")]
    Unauthorized,
    /// The provider's answer is none that can be used.
    #[error("the provider answers with {0}")]
    Status(StatusCode),
    #[error("the provider's answer cannot be read")]
    Unreadable,
    /// A page, a script, anything that a browser might believe is ours.
    #[error("what the provider has there is no audio")]
    NotAudio,
    #[error("the link is none")]
    NoLink,
    /// With the host, for whoever keeps the list.
    #[error("the link leads to {0}")]
    Refused(Refused, Option<String>),
    #[error("too many redirects")]
    Redirects,
    /// No connection, or it broke. The words are of the connection, not of the link; then the host.
    #[error("no answer from the provider: {0}")]
    Unreachable(String, Option<String>),
    #[error("no answer from the provider in time")]
    TimedOut,
}

impl Failure {
    /// A label for metrics and logs.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NoLog => "no_call_log",
            Self::NoRecording => "no_recording",
            Self::Gone => "gone",
            Self::Busy => "busy",
            Self::Database(_) => "database",
            Self::Range(_) => "range",
            Self::Unauthorized => "unauthorized",
            Self::Status(_) => "status",
            Self::Unreadable => "unreadable",
            Self::NotAudio => "not_audio",
            Self::Refused(Refused::PrivateAddress, _) => "private_address",
            Self::NoLink | Self::Refused(..) => "link_refused",
            Self::Redirects => "redirects",
            Self::Unreachable(..) => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }

    /// The host that it happened at, where it did at one.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::Refused(_, host) | Self::Unreachable(_, host) => host.as_deref(),
            Self::NoLog
            | Self::NoRecording
            | Self::Gone
            | Self::Busy
            | Self::Database(_)
            | Self::Range(_)
            | Self::Unauthorized
            | Self::Status(_)
            | Self::Unreadable
            | Self::NotAudio
            | Self::NoLink
            | Self::Redirects
            | Self::TimedOut => None,
        }
    }

    /// What the caller is told.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::NoLog => Refusal::not_found(),
            Self::NoRecording | Self::Gone => {
                Refusal::new(StatusCode::NOT_FOUND, "no_recording", "No Recording")
            }
            Self::Busy => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy")
                .with_header(RETRY_AFTER, RETRY_AFTER_SECONDS),
            Self::Database(_) => Refusal::unavailable(),
            Self::Range(whole) => {
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                let refusal =
                    Refusal::new(status, "range_not_satisfiable", "Range Not Satisfiable");
                match whole {
                    Some(whole) => refusal.with_header(CONTENT_RANGE, whole.clone()),
                    None => refusal,
                }
            }
            Self::Unauthorized
            | Self::Status(_)
            | Self::Unreadable
            | Self::NotAudio
            | Self::NoLink
            | Self::Refused(..)
            | Self::Redirects
            | Self::Unreachable(..) => {
                Refusal::new(StatusCode::BAD_GATEWAY, "provider_failed", "Bad Gateway")
            }
            Self::TimedOut => {
                Refusal::new(StatusCode::GATEWAY_TIMEOUT, "provider_timed_out", "Gateway Timeout")
            }
        }
    }
}
