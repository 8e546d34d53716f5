//! What a provider reads in the instructions that it gets for a call.

/// A document that a provider gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(pub String);

impl Document {
    /// The limit of the call that it lets begin; none: it lets none begin, or one without a limit.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        self.attribute("timeLimit")?.parse().ok()
    }

    /// What stands in an attribute that occurs once.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.0.split_once(&format!(" {name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    }

    /// The text of an element that occurs once.
    #[must_use]
    pub fn text(&self, element: &str) -> Option<&str> {
        let (_, rest) = self.0.split_once(&format!("<{element}"))?;
        let (_, rest) = rest.split_once('>')?;
        rest.split_once("</").map(|(text, _)| text)
    }

    /// Whether it ends the call without an answer.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.ends_with("<Response><Reject/></Response>")
    }
}
