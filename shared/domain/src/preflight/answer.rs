//! What a provider is told to do with a call, in no provider's words.

use crate::phone::Address;

use super::reason::{Language, Reason};

/// What becomes of a call that has asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is connected.
    Dial(Dial),
    /// It is told why not, and ended.
    Refuse {
        /// Why not.
        reason: Reason,
        /// In which language.
        language: Language,
    },
    /// It is ended without an answer, which costs nothing.
    Reject,
}

/// How a call is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// To whom.
    pub target: Target,
    /// The number shown to him; `None`: the provider's choice.
    pub caller_id: Option<String>,
    /// How long they may talk, in seconds; `None`: as long as the provider lets them.
    pub time_limit: Option<u32>,
    /// How long it rings, in seconds.
    pub timeout: u32,
}

/// Whom a call can be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A telephone number, or an emergency number as it is dialled.
    Number(String),
    /// A softphone, by its name.
    Client(String),
    /// A SIP address with everything that belongs to it.
    Sip(String),
}

impl Target {
    /// Reads where a number's calls go. `None`: nothing that can be called.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match Address::parse(text) {
            Address::Number(number) => Some(Self::Number(number.to_string())),
            Address::Identity(name) => Some(match name.strip_prefix("client:") {
                Some(client) => Self::Client(client.to_owned()),
                None => Self::Sip(text.to_owned()),
            }),
            Address::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_was_assigned() {
        for (text, expected) in [
            ("+525512345678", Some(Target::Number("+525512345678".to_owned()))),
            ("client:alice", Some(Target::Client("alice".to_owned()))),
            (
                "sip:a@pbx.example:5060;transport=tls",
                Some(Target::Sip("sip:a@pbx.example:5060;transport=tls".to_owned())),
            ),
            ("anonymous", None),
            ("", None),
        ] {
            assert_eq!(Target::parse(text), expected, "{text}");
        }
    }
}
