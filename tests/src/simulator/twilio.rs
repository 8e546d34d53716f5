//! Twilio's webhooks: the fields of every callback that one leg causes.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Names and values, in the order they are sent.
pub type Fields = Vec<(&'static str, String)>;

/// The account that everything belongs to unless told otherwise.
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

const API: &str = "https://api.twilio.com/2010-04-01/Accounts";

/// `CallStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Dialling.
    Initiated,
    /// Ringing.
    Ringing,
    /// Answered.
    InProgress,
    /// Answered and over.
    Completed,
    /// Busy.
    Busy,
    /// Not answered.
    NoAnswer,
    /// Not set up.
    Failed,
    /// Given up by the caller.
    Canceled,
}

impl Status {
    /// All of them, in the order in which a leg may go through them.
    pub const ALL: [Self; 8] = [
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::NoAnswer,
        Self::Failed,
        Self::Canceled,
    ];

    /// As Twilio writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    fn sequence_number(self) -> u8 {
        match self {
            Self::Initiated => 0,
            Self::Ringing => 1,
            Self::InProgress => 2,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => 3,
        }
    }

    fn sip_response_code(self) -> Option<&'static str> {
        match self {
            Self::Initiated | Self::Ringing | Self::InProgress => None,
            Self::Completed => Some("200"),
            Self::Busy => Some("486"),
            Self::NoAnswer | Self::Canceled => Some("487"),
            Self::Failed => Some("404"),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == word);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// How a hangup says that nobody talked. Twilio's own words on it differ, so all three occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No `CallDuration` at all.
    Absent,
    /// An empty one.
    Empty,
    /// Zero.
    Zero,
}

/// One leg of a call.
#[derive(Clone, Debug)]
pub struct TwilioCall {
    /// `CallSid`.
    pub sid: String,
    /// `ParentCallSid`.
    pub parent: Option<String>,
    /// `AccountSid`.
    pub account: String,
    /// `From`.
    pub from: String,
    /// `To`.
    pub to: String,
    /// `Direction`.
    pub direction: &'static str,
    /// The `CallStatus` it ends with.
    pub status: Status,
    /// From answer to end, if it was answered.
    pub seconds: u32,
    /// How no seconds are written where it was not answered.
    pub silence: Silence,
    /// When it ends.
    pub ended_at: OffsetDateTime,
}

impl TwilioCall {
    /// A leg from a customer into the world, completed now after no time. Its id is new.
    #[must_use]
    pub fn outbound(from: &str, to: &str) -> Self {
        Self {
            sid: format!("CA{}", Uuid::new_v4().simple()),
            parent: None,
            account: ACCOUNT.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            direction: "outbound-api",
            status: Status::Completed,
            seconds: 0,
            silence: Silence::Zero,
            ended_at: OffsetDateTime::now_utc(),
        }
    }

    /// A leg from the world to a customer, or from a customer's softphone.
    #[must_use]
    pub fn inbound(from: &str, to: &str) -> Self {
        Self { direction: "inbound", ..Self::outbound(from, to) }
    }

    /// The leg that a `<Dial>` of this one makes; it shows `from` as the caller and ends when this one does.
    #[must_use]
    pub fn dialled(&self, from: &str, to: &str) -> Self {
        Self {
            parent: Some(self.sid.clone()),
            account: self.account.clone(),
            direction: "outbound-dial",
            ended_at: self.ended_at,
            ..Self::outbound(from, to)
        }
    }

    /// The same with another id.
    #[must_use]
    pub fn sid(self, sid: String) -> Self {
        Self { sid, ..self }
    }

    /// The same, ending at that time.
    #[must_use]
    pub fn ended_at(self, ended_at: OffsetDateTime) -> Self {
        Self { ended_at, ..self }
    }

    /// The same, answered and over after so many seconds.
    #[must_use]
    pub fn completed(self, seconds: u32) -> Self {
        Self { status: Status::Completed, seconds, ..self }
    }

    /// The same, never answered.
    #[must_use]
    pub fn unanswered(self, status: Status, silence: Silence) -> Self {
        Self { status, seconds: 0, silence, ..self }
    }

    /// The request for instructions as the call arrives.
    #[must_use]
    pub fn voice_request(&self) -> Fields {
        let mut fields = self.standard(Status::Ringing);
        fields.push(("CallToken", "%7B%22parentCallInfoToken%22%3A%22ey%22%7D".to_owned()));
        fields.push(("StirVerstat", "TN-Validation-Passed-A".to_owned()));
        fields
    }

    /// The status callback as it ends.
    #[must_use]
    pub fn hangup(&self) -> Fields {
        let mut fields = self.progress(self.status);
        let seconds = match (self.status, self.silence) {
            (Status::Completed, _) | (_, Silence::Zero) => self.seconds.to_string(),
            (_, Silence::Empty) => String::new(),
            (_, Silence::Absent) => return fields,
        };
        fields.push(("Duration", self.seconds.div_ceil(60).to_string()));
        fields.push(("CallDuration", seconds));
        fields
    }

    /// A status callback on the way.
    #[must_use]
    pub fn progress(&self, status: Status) -> Fields {
        let mut fields = self.standard(status);
        let before_the_end = match status {
            Status::Initiated => Duration::seconds(i64::from(self.seconds) + 8),
            Status::Ringing => Duration::seconds(i64::from(self.seconds) + 6),
            Status::InProgress => Duration::seconds(i64::from(self.seconds)),
            Status::Completed
            | Status::Busy
            | Status::NoAnswer
            | Status::Failed
            | Status::Canceled => Duration::ZERO,
        };
        fields.push(("Timestamp", rfc_2822(self.ended_at - before_the_end)));
        fields.push(("SequenceNumber", status.sequence_number().to_string()));
        fields.push(("CallbackSource", "call-progress-events".to_owned()));
        fields.extend(status.sip_response_code().map(|code| ("SipResponseCode", code.to_owned())));
        fields
    }

    /// The `action` request of its `<Dial>`, once the dialled leg is over. It is about this leg, but tells the
    /// other's seconds.
    #[must_use]
    pub fn dial_action(&self, dialled: &Self) -> Fields {
        let mut fields = self.standard(Status::InProgress);
        fields.push(("DialCallStatus", dialled.status.to_string()));
        fields.push(("DialCallSid", dialled.sid.clone()));
        fields.push(("DialCallDuration", dialled.seconds.to_string()));
        fields.push(("DialBridged", (dialled.status == Status::Completed).to_string()));
        fields
    }

    /// The recording callback with that `RecordingStatus`.
    #[must_use]
    pub fn recording(&self, status: &str) -> Fields {
        vec![
            ("AccountSid", self.account.clone()),
            ("CallSid", self.sid.clone()),
            ("RecordingSid", self.recording_sid()),
            ("RecordingUrl", self.recording_url()),
            ("RecordingStatus", status.to_owned()),
            ("RecordingDuration", self.seconds.saturating_sub(1).to_string()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingStartTime", rfc_2822(self.started_at())),
            ("RecordingSource", "DialVerb".to_owned()),
            ("RecordingTrack", "both".to_owned()),
            ("ErrorCode", "0".to_owned()),
        ]
    }

    /// Where its recording will be.
    #[must_use]
    pub fn recording_url(&self) -> String {
        format!("{API}/{}/Recordings/{}", self.account, self.recording_sid())
    }

    fn recording_sid(&self) -> String {
        format!("RE{}", self.sid.trim_start_matches("CA"))
    }

    fn started_at(&self) -> OffsetDateTime {
        self.ended_at - Duration::seconds(i64::from(self.seconds))
    }

    /// What every request about a call carries.
    fn standard(&self, status: Status) -> Fields {
        let mut fields = vec![
            ("CallSid", self.sid.clone()),
            ("AccountSid", self.account.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("CallStatus", status.to_string()),
            ("Direction", self.direction.to_owned()),
            ("From", self.from.clone()),
            ("Caller", self.from.clone()),
            ("To", self.to.clone()),
            ("Called", self.to.clone()),
            ("CallerName", "MÜLLER & SONS = 100%+".to_owned()),
        ];
        if let Some(parent) = &self.parent {
            fields.push(("ParentCallSid", parent.clone()));
        }
        fields.extend(GEOGRAPHY.map(|(name, value)| (name, value.to_owned())));
        fields
    }
}

/// Twilio's guess at where the numbers are; half of it is empty for most countries.
const GEOGRAPHY: [(&str, &str); 16] = [
    ("FromCity", "SAN FRANCISCO"),
    ("FromState", "CA"),
    ("FromZip", "94105"),
    ("FromCountry", "US"),
    ("CallerCity", "SAN FRANCISCO"),
    ("CallerState", "CA"),
    ("CallerZip", "94105"),
    ("CallerCountry", "US"),
    ("ToCity", ""),
    ("ToState", "CIUDAD DE MÉXICO"),
    ("ToZip", ""),
    ("ToCountry", "MX"),
    ("CalledCity", ""),
    ("CalledState", "CIUDAD DE MÉXICO"),
    ("CalledZip", ""),
    ("CalledCountry", "MX"),
];

/// A form as it is told after so many attempts: in other bytes each time.
#[must_use]
pub fn again(mut fields: Fields, attempts: u32) -> Fields {
    if attempts == 0 {
        return fields;
    }
    match fields.iter_mut().find(|(name, _)| *name == "SequenceNumber") {
        Some((_, number)) => *number = format!("{number}{attempts}"),
        None => fields.push(("SequenceNumber", attempts.to_string())),
    }
    fields
}

pub(super) fn rfc_2822(at: OffsetDateTime) -> String {
    at.format(&Rfc2822).expect("a year of four digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
        fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_completed_leg_tells_seconds_and_minutes() {
        let fields = TwilioCall::outbound("+1", "+52").completed(61).hangup();
        assert_eq!(value(&fields, "CallDuration"), Some("61"));
        assert_eq!(value(&fields, "Duration"), Some("2"));
        assert_eq!(value(&fields, "CallStatus"), Some("completed"));
    }

    #[test]
    fn silence_has_three_spellings() {
        for (silence, expected) in
            [(Silence::Absent, None), (Silence::Empty, Some("")), (Silence::Zero, Some("0"))]
        {
            let call = TwilioCall::outbound("+1", "+52").unanswered(Status::Busy, silence);
            assert_eq!(value(&call.hangup(), "CallDuration"), expected);
        }
    }

    #[test]
    fn a_dialled_leg_names_its_parent() {
        let parent = TwilioCall::inbound("+1", "+52");
        let child = parent.dialled("+52", "+34").completed(5);
        assert_eq!(value(&child.hangup(), "ParentCallSid"), Some(parent.sid.as_str()));
        let action = parent.dial_action(&child);
        assert_eq!(value(&action, "CallSid"), Some(parent.sid.as_str()));
        assert_eq!(value(&action, "DialCallSid"), Some(child.sid.as_str()));
    }
}
