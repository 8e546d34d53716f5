//! A leg that was settled on less than is known of it now: the difference is posted as a row of its own, never as an
//! edit of the charge or of the log. Pure.

use curbe_domain::legs::LegKey;
use curbe_domain::legs::duration::{Basis, Ended, ended};
use curbe_domain::money::Money;
use curbe_domain::rating::deck::Decks;
use curbe_domain::rating::price::price;
use uuid::Uuid;

use super::family::{Bill, Family, Verdict, parent_key};
use super::pricing::{Due, rated};
use super::session::Place;
use crate::dead_letters::{Reason, Refusal};
use crate::ledger::{Account, Entry, Posting, TransactionType};
use crate::store::call_legs::{LegRow, Settled, SettledAs};
use crate::store::call_logs::AppliedRate;
use crate::store::corrections::Paid;

/// A settled leg whose length is known better now.
#[derive(Clone, Debug)]
pub(super) struct Correction {
    /// Which.
    pub(super) key: LegKey,
    /// As it is settled from now on.
    pub(super) settled: Settled,
    /// For a leg that was free and so has no rate yet: whose it is and how it is rated.
    pub(super) bill: Option<Bill>,
    /// The dead letter whose word a person lets stand, where it is corrected for that.
    pub(super) letter: Option<Uuid>,
}

/// What a correction leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Corrected {
    /// The row of the ledger.
    pub(super) posting: Option<Posting>,
    /// The rate of a call log that had none, having been free.
    pub(super) receipt: Option<(Uuid, AppliedRate)>,
}

impl Family<'_> {
    /// What a settled leg is to be corrected to; `None` where nothing better is known. Where a person lets the word of a
    /// dead letter stand, by that `letter`, whatever it rests on: nothing is known better than what was decided.
    pub(super) fn correction(&self, row: &LegRow, letter: Option<Uuid>) -> Option<Correction> {
        let before = row.settled.filter(|settled| settled.settled_as != SettledAs::Covered)?;
        let ended = match letter {
            Some(_) => ended(&row.facts, false).ok()?,
            None => self.ended(row).ok()?,
        };
        let (seconds, basis) = match self.is_paid_by_another(row, &ended) {
            true => (0, Basis::Session),
            false => (ended.seconds, ended.basis),
        };
        // That another leg pays may turn out to be wrong; whatever else is known is only known better.
        let is_worse = letter.is_none() && basis < before.basis && before.basis != Basis::Session;
        if is_worse || (seconds, basis) == (before.seconds, before.basis) {
            return None;
        }
        let settled = Settled { seconds, basis, ..before };
        let bill = self.rebill(row, &ended);
        Some(Correction { key: row.facts.key.clone(), settled, bill, letter })
    }

    /// Whether another leg was to pay for this one, and does not any more.
    pub(super) fn is_uncovered(&self, row: &LegRow) -> bool {
        let is_covered = row.settled.is_some_and(|s| s.settled_as == SettledAs::Covered);
        is_covered && row.facts.session.is_some() && self.verdict(row) != Verdict::Cover
    }

    /// Only within a session is that ever found out late: elsewhere a leg is not settled before its parent has ended.
    fn is_paid_by_another(&self, row: &LegRow, ended: &Ended) -> bool {
        row.facts.session.is_some()
            && match parent_key(&row.facts) {
                Some(parent) => self.child(row, ended, self.find(&parent)) == Verdict::Cover,
                None => self.place(row, ended) == Place::Behind,
            }
    }
}

/// Posts the difference between what was paid and what is right, which is `None` where there is none; and the rate, where
/// the receipt has none yet. Corrections of a leg are counted, and the reference of each names its number, or the letter
/// that was accepted.
///
/// # Errors
/// There is no rate, or an amount does not fit.
pub(super) fn post(
    correction: &Correction,
    paid: &Paid,
    due: Option<&Due>,
    decks: &Decks,
    account: &mut Account,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Corrected, Refusal> {
    let overflow = |words: &str| Refusal::new(Reason::AmountOverflow, words);
    let (right, applied) = match (correction.settled.seconds, &paid.rate, due) {
        (0, _, _) => (Money::ZERO, None),
        (seconds, Some(rate), _) => {
            (price(rate, seconds).map_err(|_| overflow("price"))?.amount, None)
        }
        (_, None, Some(due)) => {
            let (price, applied) = rated(due, decks, &account.currency)?;
            (price.amount, applied)
        }
        (_, None, None) => {
            return Err(Refusal::new(Reason::NoRate, "nobody can say whose the call is"));
        }
    };
    let owed = paid.amount.checked_add(right).map_err(|_| overflow("correction"))?;
    // What a refund has given back is not given back once more.
    let kept = paid.amount.checked_add(paid.refunded).map_err(|_| overflow("correction"))?;
    let owed = owed.max(kept.min(Money::ZERO));
    let receipt = applied.map(|applied| (paid.call_log_id, applied));
    if owed.is_zero() {
        return Ok(Corrected { posting: None, receipt });
    }
    let LegKey { provider, leg } = &correction.key;
    let cause = match correction.letter {
        Some(letter) => format!("accepted:{letter}"),
        None => format!("{}:{}", correction.settled.basis.as_str(), paid.corrections + 1),
    };
    let entry = Entry {
        id: new_id(),
        amount: owed.negated(),
        kind: TransactionType::Adjustment,
        call_log_id: Some(paid.call_log_id),
        external_reference: Some(format!("{provider}:{leg}:{cause}")),
    };
    let posting = account.post(entry).map_err(|_| overflow("balance"))?;
    Ok(Corrected { posting: Some(posting), receipt })
}

#[cfg(test)]
#[path = "correction_tests.rs"]
mod tests;
