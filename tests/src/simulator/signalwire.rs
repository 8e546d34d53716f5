//! SignalWire's webhooks: the fields of the callbacks that one leg causes.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::twilio::{Fields, Status, TwilioCall, rfc_2822};

/// The project that everything belongs to unless told otherwise.
pub const PROJECT: &str = "6bfbbe86-a901-4197-8759-2a0de1fa319d";

/// Where recordings are unless told otherwise.
pub const FILES: &str = "https://files.signalwire.com";

/// One leg of a call.
#[derive(Clone, Debug)]
pub struct SignalWireCall {
    /// `CallSid`.
    pub sid: String,
    /// `ParentCallSid`.
    pub parent: Option<String>,
    /// `AccountSid`, which is the project's id.
    pub project: String,
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
    /// When it ends.
    pub ended_at: OffsetDateTime,
    /// The host of its recording.
    pub files: String,
}

impl SignalWireCall {
    /// A leg from a customer into the world, completed now after so many seconds. Its id is new.
    #[must_use]
    pub fn outbound(from: &str, to: &str, seconds: u32) -> Self {
        Self {
            sid: Uuid::new_v4().to_string(),
            parent: None,
            project: PROJECT.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            direction: "outbound-api",
            status: Status::Completed,
            seconds,
            ended_at: OffsetDateTime::now_utc(),
            files: FILES.to_owned(),
        }
    }

    /// What Twilio would tell of a leg, with ids as SignalWire has them; its account is the project.
    ///
    /// # Panics
    /// An id is not one of Twilio's.
    #[must_use]
    pub fn like(call: &TwilioCall) -> Self {
        let id = |sid: &str| {
            let digits = sid.trim_start_matches("CA");
            Uuid::try_parse(digits).expect("32 hexadecimal digits").to_string()
        };
        Self {
            sid: id(&call.sid),
            parent: call.parent.as_deref().map(id),
            project: call.account.clone(),
            direction: call.direction,
            status: call.status,
            ended_at: call.ended_at,
            ..Self::outbound(&call.from, &call.to, call.seconds)
        }
    }

    /// The request for instructions as the call arrives.
    #[must_use]
    pub fn voice_request(&self) -> Fields {
        self.standard(Status::Ringing)
    }

    /// The status callback as it ends.
    #[must_use]
    pub fn hangup(&self) -> Fields {
        let mut fields = self.progress(self.status);
        if self.status == Status::Completed {
            fields.push(("CallDuration", self.seconds.to_string()));
            fields.push(("SipResultCode", "200".to_owned()));
            fields.push(("AudioInMos", "4.50".to_owned()));
        }
        fields
    }

    /// A status callback on the way, or as it ends.
    #[must_use]
    pub fn progress(&self, status: Status) -> Fields {
        let (before_the_end, number) = match status {
            Status::Initiated => (self.seconds + 8, 0),
            Status::Ringing => (self.seconds + 6, 1),
            Status::InProgress => (self.seconds, 2),
            Status::Completed
            | Status::Busy
            | Status::NoAnswer
            | Status::Failed
            | Status::Canceled => (0, 3),
        };
        let mut fields = self.standard(status);
        fields.push(("Timestamp", self.seconds_before_the_end(before_the_end)));
        fields.push(("SequenceNumber", number.to_string()));
        fields.push(("CallbackSource", "call-progress-events".to_owned()));
        fields
    }

    /// What the number's own callback says at the end: less, and dated by the beginning.
    #[must_use]
    pub fn number_hangup(&self) -> Fields {
        let is_completed = self.status == Status::Completed;
        let status = if is_completed { Status::Completed } else { Status::Failed };
        vec![
            ("CallSid", self.sid.clone()),
            ("AccountSid", self.project.clone()),
            ("From", self.from.clone()),
            ("To", self.to.clone()),
            ("Timestamp", self.seconds_before_the_end(self.seconds + 8)),
            ("CallStatus", status.to_string()),
            ("CallDuration", if is_completed { self.seconds } else { 0 }.to_string()),
            ("AudioInMos", "4.50".to_owned()),
        ]
    }

    /// The recording callback with that `RecordingStatus`.
    #[must_use]
    pub fn recording(&self, status: &str) -> Fields {
        vec![
            ("AccountSid", self.project.clone()),
            ("CallSid", self.sid.clone()),
            ("RecordingSid", self.sid.clone()),
            ("RecordingUrl", self.recording_url()),
            ("RecordingStatus", status.to_owned()),
            ("RecordingDuration", self.seconds.to_string()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingSource", "DialVerb".to_owned()),
        ]
    }

    /// Where its recording will be.
    #[must_use]
    pub fn recording_url(&self) -> String {
        format!("{}/{}/{}.wav", self.files, self.project, self.sid)
    }

    fn seconds_before_the_end(&self, seconds: u32) -> String {
        rfc_2822(self.ended_at - Duration::seconds(i64::from(seconds)))
    }

    fn standard(&self, status: Status) -> Fields {
        let mut fields = vec![
            ("CallSid", self.sid.clone()),
            ("AccountSid", self.project.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("CallStatus", status.to_string()),
            ("Direction", self.direction.to_owned()),
            ("From", self.from.clone()),
            ("To", self.to.clone()),
        ];
        fields.extend(self.parent.clone().map(|parent| ("ParentCallSid", parent)));
        fields
    }
}
