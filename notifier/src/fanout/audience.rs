//! Who may see what of a frame. The call's user and the organization's admins see all of it, colleagues what
//! [`Frame::for_colleague`] leaves.

use axum::extract::ws::Utf8Bytes;
use curbe_domain::frames::{Frame, HeldNotice};
use uuid::Uuid;

use crate::store::{Addressed, Caller, Role};

/// Somebody at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// Who.
    pub(crate) user_id: Uuid,
    sees_everything: bool,
}

impl From<&Caller> for Viewer {
    fn from(caller: &Caller) -> Self {
        Self { user_id: caller.user_id, sees_everything: caller.role == Role::Admin }
    }
}

/// What goes over a socket, in the order of its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// A frame.
    Frame {
        /// Its number.
        seq: i64,
        /// Its type.
        kind: &'static str,
        /// What it says, shared by all sockets that get it.
        text: Utf8Bytes,
    },
    /// How something stands now, without a number: whoever misses it is told by the next one.
    Notice {
        /// Its type.
        kind: &'static str,
        /// What it says.
        text: Utf8Bytes,
    },
    /// Too much was missed to be told one by one: whoever gets this asks the API anew.
    Resync {
        /// The number that it stands for everything up to.
        seq: i64,
    },
}

impl Outgoing {
    /// The number that is reached with it, if it has one.
    pub(crate) fn seq(&self) -> Option<i64> {
        match self {
            Self::Frame { seq, .. } | Self::Resync { seq } => Some(*seq),
            Self::Notice { .. } => None,
        }
    }

    /// What is set aside has changed: everybody who may see the balance may see that.
    pub(super) fn held(notice: &HeldNotice) -> Self {
        // Strings always serialize.
        let text = serde_json::to_string(notice).unwrap_or_default();
        Self::Notice { kind: "held_updated", text: text.into() }
    }

    fn new(frame: &Frame) -> Self {
        let kind = match frame {
            Frame::BalanceUpdated { .. } => "balance_updated",
            Frame::NewCallLog { .. } => "new_call_log",
            Frame::RecordingReady { .. } => "recording_ready",
        };
        // Strings and numbers always serialize.
        let text = serde_json::to_string(frame).unwrap_or_default();
        Self::Frame { seq: frame.seq(), kind, text: text.into() }
    }
}

/// A frame as each kind of audience gets it: written once, however many sockets there are.
#[derive(Debug)]
pub(super) struct Rendered {
    seq: i64,
    user_id: Option<Uuid>,
    full: Outgoing,
    for_colleagues: Option<Outgoing>,
}

impl Rendered {
    pub(super) fn new(addressed: &Addressed) -> Self {
        let frame = &addressed.frame;
        let full = Outgoing::new(frame);
        let reduced = frame.for_colleague();
        let for_colleagues = reduced
            .map(|reduced| if reduced == *frame { full.clone() } else { Outgoing::new(&reduced) });
        Self { seq: frame.seq(), user_id: addressed.user_id, full, for_colleagues }
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    /// What this viewer gets of it.
    pub(super) fn seen_by(&self, viewer: Viewer) -> Option<&Outgoing> {
        let is_his = self.user_id == Some(viewer.user_id);
        if viewer.sees_everything || is_his {
            Some(&self.full)
        } else {
            self.for_colleagues.as_ref()
        }
    }
}

#[cfg(test)]
mod tests {
    use curbe_domain::frames::{BalanceUpdated, RecordingReady};

    use super::*;

    const ALICE: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn seen(addressed: &Addressed, user_id: Uuid, sees_everything: bool) -> Option<String> {
        let rendered = Rendered::new(addressed);
        match rendered.seen_by(Viewer { user_id, sees_everything })? {
            Outgoing::Frame { text, .. } => Some(text.to_string()),
            Outgoing::Notice { .. } | Outgoing::Resync { .. } => None,
        }
    }

    #[test]
    fn colleagues_learn_the_balance_and_not_the_cost() {
        let data = BalanceUpdated {
            new_balance: "12.3126".parse().unwrap(),
            last_call_cost: Some("0.0274".parse().unwrap()),
            currency: "USD".to_owned(),
        };
        let addressed =
            Addressed { user_id: Some(ALICE), frame: Frame::BalanceUpdated { seq: 58, data } };
        assert!(seen(&addressed, ALICE, false).unwrap().contains("0.0274"));
        assert!(seen(&addressed, BOB, true).unwrap().contains("0.0274"));
        let colleague = seen(&addressed, BOB, false).unwrap();
        assert!(
            colleague.contains("12.3126") && colleague.contains(r#""lastCallCost":null"#),
            "{colleague}"
        );
    }

    #[test]
    fn colleagues_learn_nothing_of_a_call() {
        let data = RecordingReady {
            call_log_id: ALICE,
            recording_url: None,
            recording_status: "failed".to_owned(),
        };
        let frame = Frame::RecordingReady { seq: 1, data };
        for (user_id, expected) in [(Some(ALICE), false), (Some(BOB), true), (None, false)] {
            let addressed = Addressed { user_id, frame: frame.clone() };
            assert_eq!(seen(&addressed, BOB, false).is_some(), expected, "{user_id:?}");
            assert!(seen(&addressed, BOB, true).is_some());
        }
    }
}
