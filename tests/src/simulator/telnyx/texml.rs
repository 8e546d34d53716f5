//! TeXML: forms with Twilio's names and some of Telnyx's own.

use time::{Duration, OffsetDateTime};

use super::{TelnyxLeg, microseconds};
use crate::simulator::twilio::{Fields, Status, rfc_2822};

/// `AccountSid`: the owner, the same for all of his customers.
const USER: &str = "f5586561-8ff0-4291-a51b-c7dfe4139ff9";
const ORGANIZATION: &str = "0c9f2a3e-2f0c-4c26-9f3b-3a1d1f6c1c52";

impl TelnyxLeg {
    /// The request for instructions as the call arrives.
    #[must_use]
    pub fn texml_request(&self) -> Fields {
        self.standard(Status::Ringing)
    }

    /// A status callback on the way: `initiated`, `ringing`, or `in-progress` once it is answered.
    #[must_use]
    pub fn texml_progress(&self, status: Status) -> Fields {
        let (at, number) = match status {
            Status::Initiated => (self.started_at, 0),
            Status::Ringing => (self.started_at + Duration::milliseconds(400), 1),
            Status::InProgress
            | Status::Completed
            | Status::Busy
            | Status::NoAnswer
            | Status::Failed
            | Status::Canceled => (self.answered_at.unwrap_or(self.started_at), 2),
        };
        let mut fields = self.standard(status);
        fields.push(("CallbackSource", "call-progress-events".to_owned()));
        fields.push(("Timestamp", timestamp(at)));
        fields.push(("SequenceNumber", number.to_string()));
        fields
    }

    /// The status callback as it ends, with neither when it was answered nor how long it lasted.
    #[must_use]
    pub fn texml_ended(&self) -> Fields {
        let status = self.cause.status();
        let mut fields = self.standard(status);
        fields.extend([
            ("CallbackSource", "call-progress-events".to_owned()),
            ("Timestamp", timestamp(self.ended_at)),
            ("SequenceNumber", "3".to_owned()),
            ("StartTime", microseconds(self.started_at)),
            ("EndTime", microseconds(self.ended_at)),
            ("OccurredAt", microseconds(self.ended_at)),
            ("CallControlId", self.control_id.clone()),
            ("CallLegId", self.leg_id.to_string()),
            ("CallSessionId", self.session.to_string()),
            ("HangupCause", self.cause.as_str().to_owned()),
            ("HangupSource", self.cause.source().to_owned()),
            ("SipHangupCause", self.cause.sip().to_owned()),
            ("OrganizationId", ORGANIZATION.to_owned()),
            ("UserId", USER.to_owned()),
        ]);
        if status == Status::Completed {
            fields.push(("CallQualityStats", self.quality().to_string()));
        }
        fields
    }

    /// The status callback as it ends, with when it was answered and with `CallDuration`, which counts from there.
    #[must_use]
    pub fn texml_completed(&self) -> Fields {
        let mut fields = self.texml_ended();
        if let Some(answered_at) = self.answered_at {
            fields.push(("AnsweredTime", microseconds(answered_at)));
            fields.push(("CallDuration", self.seconds_stated().to_string()));
        }
        fields
    }

    /// `CallDuration`: a second begun counts, which in Call Control's times it does not.
    #[must_use]
    pub fn seconds_stated(&self) -> u32 {
        let talk = self.answered_at.map_or(Duration::ZERO, |at| self.ended_at - at);
        self.seconds() + u32::from(talk.subsec_nanoseconds() > 0)
    }

    /// The recording callback with that `RecordingStatus`: `in-progress`, `completed` or `absent`.
    #[must_use]
    pub fn texml_recording(&self, status: &str) -> Fields {
        let mut fields = vec![
            ("AccountSid", USER.to_owned()),
            ("CallSid", self.control_id.clone()),
            ("CallSidLegacy", self.control_id.clone()),
            ("ConnectionId", self.connection.clone()),
            ("RecordingSid", self.leg_id.to_string()),
            ("RecordingStatus", status.to_owned()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingSource", "DialVerb".to_owned()),
        ];
        if status == "completed" {
            fields.push(("RecordingUrl", self.recording_url.clone()));
            fields.push(("RecordingDuration", self.seconds().to_string()));
        }
        fields
    }

    /// The request to the `action` of the `<Dial>` that made `child`, once that is over.
    #[must_use]
    pub fn texml_dial_action(&self, child: &Self) -> Fields {
        let mut fields = self.standard(Status::InProgress);
        fields.extend([
            ("DialCallSid", child.control_id.clone()),
            ("DialCallSidLegacy", child.control_id.clone()),
            ("DialCallStatus", child.cause.status().to_string()),
        ]);
        if child.answered_at.is_some() {
            fields.push(("DialCallDuration", child.seconds_stated().to_string()));
        }
        fields
    }

    /// What every request about a leg carries.
    fn standard(&self, status: Status) -> Fields {
        let mut fields = vec![
            ("AccountSid", USER.to_owned()),
            ("CallSid", self.control_id.clone()),
            ("CallSidLegacy", self.control_id.clone()),
            ("CallInitiatedAt", microseconds(self.started_at)),
            ("CallStatus", status.to_string()),
            ("ConnectionId", self.connection.clone()),
            ("From", self.from.clone()),
            ("To", self.to.clone()),
            ("CallerId", self.from.clone()),
        ];
        if let Some(parent) = &self.parent {
            fields.push(("ParentCallSid", parent.clone()));
            fields.push(("ParentCallSidLegacy", parent.clone()));
        }
        fields
    }
}

/// Telnyx's documents say RFC 2822; its samples also have ISO 8601, with a `T` or with a blank. All of them occur, each
/// where it says all there is to say.
fn timestamp(at: OffsetDateTime) -> String {
    match at.microsecond() {
        0 => rfc_2822(at),
        odd if odd % 2 == 1 => microseconds(at),
        _ => microseconds(at).replacen('T', " ", 1),
    }
}
