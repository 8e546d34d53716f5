//! The steps of an event's life, kept until the commit has made them true, then logged: one line a step.

use curbe_domain::legs::LegKey;
use curbe_domain::phone::masked;

use super::message::Message;
use super::pricing::Charged;
use crate::dead_letters::DeadLetter;
use crate::ledger::Posting;
use crate::store::call_legs::{Settled, SettledAs};

/// A step of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its facts stand in the leg's row.
    Merged,
    /// Its leg was settled before.
    Duplicate,
}

/// The steps of one settlement.
#[derive(Debug, Default)]
pub struct Steps {
    messages: Vec<(Step, String, u64, LegKey)>,
    charged: Vec<Charged>,
    corrected: Vec<Posting>,
    settled: Vec<(LegKey, Settled)>,
    letters: Vec<DeadLetter>,
    recordings: usize,
}

impl Steps {
    pub(super) fn push(&mut self, step: Step, message: &Message, key: &LegKey) {
        let trace_id = message.received.trace_id.clone();
        self.messages.push((step, trace_id, message.stream_sequence, key.clone()));
    }

    pub(super) fn charged(&mut self, call: &Charged) {
        self.charged.push(call.clone());
    }

    pub(super) fn corrected(&mut self, posting: &Posting) {
        self.corrected.push(posting.clone());
    }

    pub(super) fn settled(&mut self, legs: &[(LegKey, Settled)]) {
        self.settled.extend_from_slice(legs);
    }

    pub(super) fn recorded(&mut self, recordings: usize) {
        self.recordings += recordings;
    }

    pub(crate) fn dead_lettered(&mut self, letters: Vec<DeadLetter>) {
        self.letters.extend(letters);
    }

    /// Each message by its place in the stream, with the leg that it told of.
    pub(crate) fn legs(&self) -> impl Iterator<Item = (u64, &LegKey)> {
        self.messages.iter().map(|(_, _, sequence, key)| (*sequence, key))
    }

    /// The calls that were charged, or logged as free.
    pub(crate) fn calls(&self) -> &[Charged] {
        &self.charged
    }

    /// What was corrected.
    pub(crate) fn corrections(&self) -> &[Posting] {
        &self.corrected
    }

    /// What was put aside.
    pub(crate) fn letters(&self) -> &[DeadLetter] {
        &self.letters
    }

    /// Writes the log lines and counts. Only after the commit: before it none of this is true.
    pub fn tell(&self) {
        for (step, request_id, stream_sequence, key) in &self.messages {
            let name = match step {
                Step::Merged => "merged",
                Step::Duplicate => "duplicate",
            };
            tracing::info!(requestId = request_id, stream_sequence, provider = %key.provider, leg = key.leg, "{name}");
        }
        self.tell_charged();
        for posting in &self.corrected {
            metrics::counter!("curbe_corrections_total").increment(1);
            tracing::info!(
                wallet = %posting.wallet_id, amount = %posting.amount, balance = %posting.balance_after,
                seq = posting.seq, reference = posting.external_reference, "corrected"
            );
        }
        for (key, settled) in &self.settled {
            let outcome = settled.settled_as.as_str();
            metrics::counter!("curbe_legs_settled_total", "outcome" => outcome).increment(1);
            if settled.settled_as == SettledAs::Covered {
                tracing::info!(provider = %key.provider, leg = key.leg, "covered");
            }
        }
        for letter in &self.letters {
            metrics::counter!("curbe_dead_letters_total", "reason" => letter.reason.as_str())
                .increment(1);
            // Its words may tell of numbers: they stand in the letter alone.
            tracing::error!(
                provider = letter.provider,
                leg = letter.leg,
                reason = letter.reason.as_str(),
                "dead_lettered"
            );
        }
        if self.recordings > 0 {
            metrics::counter!("curbe_recordings_attached_total").increment(self.recordings as u64);
        }
    }

    fn tell_charged(&self) {
        for call in &self.charged {
            let view = &call.log.view;
            let rate = call.log.applied_rate.as_ref();
            tracing::info!(
                provider = view.provider, leg = view.external_call_id, to = masked(&view.to_number),
                seconds = view.duration_seconds, prefix = rate.map(|applied| applied.rate.prefix.as_str()),
                rated_late = rate.is_some_and(|applied| applied.rated_late), cost = %view.customer_price, "priced"
            );
            if let Some(posting) = &call.posting {
                tracing::info!(
                    provider = view.provider, leg = view.external_call_id, wallet = %posting.wallet_id,
                    cost = %view.customer_price, balance = %posting.balance_after, seq = posting.seq, "charged"
                );
                if posting.balance_after.units() < 0 {
                    metrics::counter!("curbe_wallets_below_zero_total").increment(1);
                }
            }
        }
    }
}
