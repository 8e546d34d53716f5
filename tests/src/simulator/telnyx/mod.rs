//! Telnyx's webhooks: everything that one leg causes, in the JSON of Call Control and in the forms of TeXML.

mod call_control;
mod cause;
mod event;
pub mod play;
pub mod script;
mod texml;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use self::cause::Cause;
pub use self::event::Event;

/// The connection that everything belongs to unless told otherwise.
pub const CONNECTION: &str = "1684641123236054244";

/// From ringing to the answer, or to the end of what nobody answered.
const RINGING: Duration = Duration::milliseconds(6_250);

/// One leg of a call. Its times agree with each other, to the microsecond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelnyxLeg {
    /// `call_leg_id`.
    pub leg_id: Uuid,
    /// `call_control_id`, which TeXML calls `CallSid`.
    pub control_id: String,
    /// `call_session_id`, which all legs of a call have.
    pub session: Uuid,
    /// `connection_id`.
    pub connection: String,
    /// `ParentCallSid`, which only TeXML tells.
    pub parent: Option<String>,
    /// `from`.
    pub from: String,
    /// `to`.
    pub to: String,
    /// `direction`: `outgoing`, else `incoming`.
    pub outgoing: bool,
    /// `start_time`: it begins to ring.
    pub started_at: OffsetDateTime,
    /// When it was answered, if it was.
    pub answered_at: Option<OffsetDateTime>,
    /// When it ends.
    pub ended_at: OffsetDateTime,
    /// Why it ends.
    pub cause: Cause,
    /// Where its recording is.
    pub recording_url: String,
}

impl TelnyxLeg {
    /// A leg into the world, ended now so many seconds after its answer. Its ids are new.
    #[must_use]
    pub fn outbound(from: &str, to: &str, seconds: u32) -> Self {
        let leg = Self {
            leg_id: Uuid::nil(),
            control_id: String::new(),
            session: Uuid::nil(),
            connection: CONNECTION.to_owned(),
            parent: None,
            from: from.to_owned(),
            to: to.to_owned(),
            outgoing: true,
            started_at: OffsetDateTime::UNIX_EPOCH,
            answered_at: None,
            ended_at: OffsetDateTime::UNIX_EPOCH,
            cause: Cause::NormalClearing,
            recording_url: String::new(),
        };
        let ended_at = OffsetDateTime::now_utc();
        leg.named(Uuid::new_v4()).ended_at(ended_at).completed(Duration::seconds(seconds.into()))
    }

    /// A leg from the world to a customer.
    #[must_use]
    pub fn inbound(from: &str, to: &str, seconds: u32) -> Self {
        Self { outgoing: false, ..Self::outbound(from, to, seconds) }
    }

    /// A second leg of its session, begun while the first one ran and ended with it. Call Control does not say what
    /// caused it.
    #[must_use]
    pub fn dialled(&self, from: &str, to: &str) -> Self {
        let second = Self {
            outgoing: true,
            from: from.to_owned(),
            to: to.to_owned(),
            ..self.clone().named(Uuid::from_u128(self.leg_id.as_u128() ^ 1))
        };
        let half = Duration::seconds((self.ended_at - self.started_at).whole_seconds() / 2);
        let started_at = self.started_at + half;
        Self {
            session: self.session,
            started_at,
            answered_at: Some(started_at + Duration::seconds(half.whole_seconds() / 2)),
            cause: Cause::NormalClearing,
            ..second
        }
    }

    /// The same, with the leg that caused it named, as TeXML does.
    #[must_use]
    pub fn child_of(self, parent: &Self) -> Self {
        Self { parent: Some(parent.control_id.clone()), ..self }
    }

    /// The same under another id, with all other ids made of it.
    #[must_use]
    pub fn named(self, leg_id: Uuid) -> Self {
        let digest = Sha256::digest(leg_id.as_bytes());
        let link = "https://s3.amazonaws.com/telephony-recorder-prod";
        Self {
            leg_id,
            control_id: format!("v3:{}", URL_SAFE_NO_PAD.encode(digest)),
            session: Uuid::from_u128(leg_id.as_u128().rotate_left(64)),
            recording_url: format!("{link}/{leg_id}.mp3?X-Amz-Expires=600&X-Amz-Signature=1f"),
            ..self
        }
    }

    /// The same, with all its times moved so that it ends then.
    #[must_use]
    pub fn ended_at(self, ended_at: OffsetDateTime) -> Self {
        let microseconds = Duration::nanoseconds((ended_at.nanosecond() % 1_000).into());
        let moved = ended_at - microseconds - self.ended_at;
        Self {
            started_at: self.started_at + moved,
            answered_at: self.answered_at.map(|answered_at| answered_at + moved),
            ended_at: self.ended_at + moved,
            ..self
        }
    }

    /// The same, answered that long before its end.
    #[must_use]
    pub fn completed(self, talk: Duration) -> Self {
        let answered_at = self.ended_at - talk;
        Self {
            started_at: answered_at - RINGING,
            answered_at: Some(answered_at),
            cause: Cause::NormalClearing,
            ..self
        }
    }

    /// The same, never answered.
    #[must_use]
    pub fn unanswered(self, cause: Cause) -> Self {
        Self { started_at: self.ended_at - RINGING, answered_at: None, cause, ..self }
    }

    /// Whole seconds from the answer to the end.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        let talk =
            self.answered_at.map_or(Duration::ZERO, |answered_at| self.ended_at - answered_at);
        u32::try_from(talk.whole_seconds()).expect("a call that ends after its answer")
    }
}

/// `2026-09-09T21:10:37.521992Z`
fn microseconds(at: OffsetDateTime) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    at.format(format).expect("a year of four digits")
}

#[cfg(test)]
mod tests;
