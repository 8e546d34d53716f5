//! Why legs end.

use crate::simulator::twilio::Status;

/// `hangup_cause`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cause {
    /// One of the two hung up.
    #[default]
    NormalClearing,
    /// Cut off at its limit.
    TimeLimit,
    /// Telnyx does not know.
    Unspecified,
    /// Refused by the other side.
    CallRejected,
    /// Given up by the caller.
    OriginatorCancel,
    /// It rang for too long.
    Timeout,
    /// Busy.
    UserBusy,
    /// There is no such number.
    NotFound,
    /// Not answered.
    NoAnswer,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NormalClearing,
        Self::TimeLimit,
        Self::Unspecified,
        Self::CallRejected,
        Self::OriginatorCancel,
        Self::Timeout,
        Self::UserBusy,
        Self::NotFound,
        Self::NoAnswer,
    ];

    /// As Telnyx writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NormalClearing => "normal_clearing",
            Self::TimeLimit => "time_limit",
            Self::Unspecified => "unspecified",
            Self::CallRejected => "call_rejected",
            Self::OriginatorCancel => "originator_cancel",
            Self::Timeout => "timeout",
            Self::UserBusy => "user_busy",
            Self::NotFound => "not_found",
            Self::NoAnswer => "no_answer",
        }
    }

    /// What TeXML calls the same end.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::NormalClearing | Self::TimeLimit | Self::Unspecified => Status::Completed,
            Self::CallRejected | Self::NotFound => Status::Failed,
            Self::OriginatorCancel => Status::Canceled,
            Self::Timeout | Self::NoAnswer => Status::NoAnswer,
            Self::UserBusy => Status::Busy,
        }
    }

    /// The cause that goes with a status of TeXML's.
    #[must_use]
    pub fn of(status: Status) -> Self {
        match status {
            Status::Busy => Self::UserBusy,
            Status::NoAnswer => Self::NoAnswer,
            Status::Failed => Self::NotFound,
            Status::Canceled => Self::OriginatorCancel,
            Status::Initiated | Status::Ringing | Status::InProgress | Status::Completed => {
                Self::NormalClearing
            }
        }
    }

    /// Whether it ends calls that were answered.
    #[must_use]
    pub fn is_of_answered(self) -> bool {
        self.status() == Status::Completed
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::OriginatorCancel => "caller",
            Self::TimeLimit | Self::Unspecified => "unknown",
            Self::NormalClearing
            | Self::CallRejected
            | Self::Timeout
            | Self::UserBusy
            | Self::NotFound
            | Self::NoAnswer => "callee",
        }
    }

    pub(super) fn sip(self) -> &'static str {
        match self {
            Self::NormalClearing | Self::TimeLimit => "200",
            Self::Unspecified => "unspecified",
            Self::CallRejected => "603",
            Self::OriginatorCancel => "487",
            Self::Timeout | Self::NoAnswer => "480",
            Self::UserBusy => "486",
            Self::NotFound => "404",
        }
    }
}
