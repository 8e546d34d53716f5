//! What is sent.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::simulator::flow::VOICE_EVENTS;
use crate::simulator::sign::{TelnyxSigner, Webhook};
use crate::simulator::twilio::{Fields, again};

/// A body in one of Telnyx's two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Call Control's.
    Json(Value),
    /// TeXML's.
    Form(Fields),
}

impl Event {
    /// The same as it is told after so many attempts: in other bytes each time.
    #[must_use]
    pub fn again(&self, attempts: u32) -> Self {
        match self.clone() {
            Self::Json(mut body) => {
                body["meta"]["attempt"] = json!(attempts + 1);
                Self::Json(body)
            }
            Self::Form(fields) => Self::Form(again(fields, attempts)),
        }
    }

    /// Signed at that time and ready to be sent.
    #[must_use]
    pub fn signed(&self, signer: &TelnyxSigner, at: OffsetDateTime) -> Webhook {
        match self {
            Self::Json(body) => signer.json(VOICE_EVENTS, body, at),
            Self::Form(fields) => signer.form(VOICE_EVENTS, fields, at),
        }
    }
}
