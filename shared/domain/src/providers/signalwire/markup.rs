//! Instructions as cXML, SignalWire's compatible markup.

use crate::preflight::Answer;
use crate::providers::laml::markup::{self, Markup};

const MARKUP: Markup = Markup { has_clients: false, timeout_max: 600 };

/// The answer as a document. `audio` is the address of what is played instead of the words of a refusal.
#[must_use]
pub fn instructions(answer: &Answer, audio: Option<&str>) -> String {
    markup::write(MARKUP, answer, audio)
}
