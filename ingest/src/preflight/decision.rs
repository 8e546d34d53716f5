//! A decision: what the provider is told, and what is counted and logged of it.

use curbe_domain::money::Money;
use curbe_domain::preflight::{Answer, Language, Reason};
use metrics::{describe_counter, describe_histogram};

/// What became of a leg that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) answer: Answer,
    /// A label: `allowed`, `refused`, `emergency`, `blind_allowed`, `no_target`.
    pub(crate) outcome: &'static str,
    /// Why it was refused.
    pub(crate) reason: Option<Reason>,
    /// What is left in the wallet, where that was looked at.
    pub(crate) available: Option<Money>,
}

/// Says what the metrics mean.
pub(crate) fn describe() {
    describe_counter!(
        "curbe_preflights_total",
        "Calls that asked to begin, by what was decided and why"
    );
    describe_histogram!("curbe_preflight_seconds", "From a call's request to its answer");
    describe_counter!(
        "curbe_holds_replaced_total",
        "Holds that were gone at the second look, and set aside again"
    );
    describe_counter!("curbe_holds_lost_total", "Holds that the second look found no money for");
    describe_counter!("curbe_ungated_legs_total", "Legs that began without being asked about");
}

impl Decision {
    pub(super) fn allow(answer: Answer) -> Self {
        Self { answer, outcome: "allowed", reason: None, available: None }
    }

    pub(super) fn funded(answer: Answer, available: Money) -> Self {
        Self { available: Some(available), ..Self::allow(answer) }
    }

    pub(super) fn emergency(answer: Answer) -> Self {
        Self { outcome: "emergency", ..Self::allow(answer) }
    }

    pub(super) fn blind(answer: Answer) -> Self {
        Self { outcome: "blind_allowed", ..Self::allow(answer) }
    }

    pub(super) fn no_target() -> Self {
        Self { outcome: "no_target", ..Self::allow(Answer::Reject) }
    }

    /// Spoken, or silent where the caller has heard it often enough, or where it could not be made durable: an answered
    /// refusal that nobody knows of would be charged.
    pub(super) fn refused(
        reason: Reason,
        language: Language,
        is_spoken: bool,
        available: Option<Money>,
    ) -> Self {
        let answer = if is_spoken { Answer::Refuse { reason, language } } else { Answer::Reject };
        Self { answer, outcome: "refused", reason: Some(reason), available }
    }

    /// The same, with nothing said.
    pub(super) fn silent(self) -> Self {
        Self { answer: Answer::Reject, ..self }
    }

    /// How long they may talk, where that is limited.
    pub(crate) fn time_limit(&self) -> Option<u32> {
        match &self.answer {
            Answer::Dial(dial) => dial.time_limit,
            Answer::Refuse { .. } | Answer::Reject => None,
        }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        matches!(self.answer, Answer::Dial(_))
    }
}
