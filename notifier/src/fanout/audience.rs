//! Who may see what of a frame. The call's user and the organization's admins see all of it, colleagues what
//! [`Frame::for_colleague`] leaves.

use std::cell::OnceCell;

use axum::extract::ws::Utf8Bytes;
use curbe_domain::frames::Frame;
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

/// A frame as it goes over a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Its number.
    pub(crate) seq: i64,
    /// Its type.
    pub(crate) kind: &'static str,
    /// What it says, shared by all sockets that get it.
    pub(crate) text: Utf8Bytes,
}

impl Outgoing {
    /// Too much was missed to be told one by one: whoever gets this asks the API anew.
    pub(super) fn resync(seq: i64) -> Self {
        Self { seq, kind: "resync", text: Utf8Bytes::from_static(r#"{"type":"resync"}"#) }
    }

    fn new(frame: &Frame) -> Self {
        let kind = match frame {
            Frame::BalanceUpdated { .. } => "balance_updated",
            Frame::NewCallLog { .. } => "new_call_log",
            Frame::RecordingReady { .. } => "recording_ready",
        };
        // Strings and numbers always serialize.
        let text = serde_json::to_string(frame).unwrap_or_default();
        Self { seq: frame.seq(), kind, text: text.into() }
    }
}

/// A frame that is written at most once for each kind of audience, however many sockets there are.
pub(super) struct Rendering<'a> {
    addressed: &'a Addressed,
    full: OnceCell<Outgoing>,
    for_colleagues: OnceCell<Option<Outgoing>>,
}

impl<'a> Rendering<'a> {
    pub(super) fn new(addressed: &'a Addressed) -> Self {
        Self { addressed, full: OnceCell::new(), for_colleagues: OnceCell::new() }
    }

    /// What this viewer gets of it.
    pub(super) fn seen_by(&self, viewer: Viewer) -> Option<Outgoing> {
        let frame = &self.addressed.frame;
        if viewer.sees_everything || self.addressed.user_id == Some(viewer.user_id) {
            return Some(self.full.get_or_init(|| Outgoing::new(frame)).clone());
        }
        let reduced = || frame.for_colleague().as_ref().map(Outgoing::new);
        self.for_colleagues.get_or_init(reduced).clone()
    }
}

#[cfg(test)]
mod tests {
    use curbe_domain::frames::{BalanceUpdated, RecordingReady};

    use super::*;

    const ALICE: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn seen(addressed: &Addressed, user_id: Uuid, sees_everything: bool) -> Option<String> {
        let seen = Rendering::new(addressed).seen_by(Viewer { user_id, sees_everything });
        seen.map(|outgoing| outgoing.text.to_string())
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
