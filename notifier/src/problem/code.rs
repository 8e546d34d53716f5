//! What can go wrong, for programs: a word that stays the same, the status it comes with, and what it means.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, for programs. New words may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProblemCode {
    InvalidParameter,
    MalformedBody,
    SubprotocolRequired,
    Unauthorized,
    InsufficientFunds,
    OriginNotAllowed,
    Suspended,
    NotFound,
    NoWallet,
    RecordingNotReady,
    RecordingGone,
    MethodNotAllowed,
    BodyTimeout,
    BodyTooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    InvalidBody,
    InvalidNumber,
    NoRate,
    UpgradeRequired,
    TooManyRecordings,
    Internal,
    ProviderUnavailable,
    Unavailable,
    RecordingsUnavailable,
    TooManySockets,
    Draining,
}

impl ProblemCode {
    /// The status that it comes with.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter | Self::MalformedBody | Self::SubprotocolRequired => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::InsufficientFunds => StatusCode::PAYMENT_REQUIRED,
            Self::OriginNotAllowed | Self::Suspended => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoWallet | Self::RecordingNotReady | Self::RecordingGone => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::InvalidBody | Self::InvalidNumber | Self::NoRate => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::TooManyRecordings => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ProviderUnavailable => StatusCode::BAD_GATEWAY,
            Self::Unavailable
            | Self::RecordingsUnavailable
            | Self::TooManySockets
            | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What went wrong, for people; the same words for every problem of a status.
    pub(crate) fn title(self) -> &'static str {
        if self == Self::InsufficientFunds {
            return "Insufficient Funds";
        }
        self.status().canonical_reason().unwrap_or_default()
    }

    /// What it means, where no request says it more exactly.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::InvalidParameter => "A parameter cannot be used.",
            Self::MalformedBody => "The body is no JSON.",
            Self::SubprotocolRequired => {
                "The subprotocol curbe.v1.json must be asked for in Sec-WebSocket-Protocol."
            }
            Self::Unauthorized => "A token is needed: Authorization: Bearer <token>.",
            Self::InsufficientFunds => "The wallet has not enough for this.",
            Self::OriginNotAllowed => "Pages of this origin may not connect.",
            Self::Suspended => "The wallet is suspended.",
            // Not there, or not for this caller: the answers do not differ.
            Self::NotFound => "There is nothing here for you.",
            Self::NoWallet => "Your organization has no wallet yet.",
            Self::RecordingNotReady => "The call has no recording, or none yet.",
            Self::RecordingGone => "The provider no longer has the recording.",
            Self::MethodNotAllowed => {
                "This path does not know the method; see Allow for those it does."
            }
            Self::BodyTimeout => "The body took too long to come.",
            Self::BodyTooLarge => "The body is longer than 4096 bytes.",
            Self::UnsupportedMediaType => "The body must be application/json.",
            Self::RangeNotSatisfiable => "The recording has no such range.",
            Self::InvalidBody => "The body is JSON, but not what is expected here.",
            Self::InvalidNumber => {
                "\"to\" is no telephone number in E.164 form such as +15551234567."
            }
            Self::NoRate => "There is no price for this destination.",
            Self::UpgradeRequired => "This address speaks WebSocket (RFC 6455, version 13) only.",
            Self::TooManyRecordings => {
                "You listen to as many recordings as may be heard at once; end one of them."
            }
            Self::Internal => "Something went wrong on our side.",
            Self::ProviderUnavailable => "The provider does not hand out the recording.",
            Self::Unavailable => "This cannot be answered at the moment; ask again shortly.",
            Self::RecordingsUnavailable => "Recordings are not offered here.",
            Self::TooManySockets => "There are as many sockets as there may be.",
            Self::Draining => "This process is ending; another one takes over.",
        }
    }
}
