//! A leg that was settled on less than is known of it now: the difference is posted as a row of its own, never as an
//! edit of the charge or of the log. Pure.

use curbe_domain::legs::LegKey;
use curbe_domain::legs::duration::{Basis, Ended};
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
}

impl Family<'_> {
    /// What a settled leg is to be corrected to; `None` where nothing better is known.
    pub(super) fn correction(&self, row: &LegRow) -> Option<Correction> {
        let before = row.settled.filter(|settled| settled.settled_as != SettledAs::Covered)?;
        let ended = self.ended(row).ok()?;
        let (seconds, basis) = match self.is_paid_by_another(row, &ended) {
            true => (0, Basis::Session),
            false => (ended.seconds, ended.basis),
        };
        if basis < before.basis || (seconds, basis) == (before.seconds, before.basis) {
            return None;
        }
        let settled = Settled { seconds, basis, ..before };
        Some(Correction { key: row.facts.key.clone(), settled, bill: self.rebill(row, &ended) })
    }

    /// The bill of a leg that another one was to pay for, where it turns out that it is to be charged itself.
    pub(super) fn uncovered(&self, row: &LegRow) -> Option<Bill> {
        let is_covered = row.settled.is_some_and(|s| s.settled_as == SettledAs::Covered);
        if !is_covered || row.facts.session.is_none() {
            return None;
        }
        match self.verdict(row) {
            Verdict::Charge(bill) => Some(*bill),
            Verdict::Wait | Verdict::Cover | Verdict::Refuse(_) => None,
        }
    }

    /// Only within a session is that ever found out late: elsewhere a leg is not settled before its parent has ended.
    fn is_paid_by_another(&self, row: &LegRow, ended: &Ended) -> bool {
        row.facts.session.is_some()
            && match parent_key(&row.facts) {
                Some(parent) => self.child(row, ended, self.find(&parent)) == Verdict::Cover,
                None => self.place(row) == Place::Behind,
            }
    }
}

/// Posts the difference between what was paid and what is right; `None` where there is none. The same length on the same
/// basis corrects a leg once, which the reference of the row makes sure of.
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
) -> Result<Option<Posting>, Refusal> {
    let overflow = |words: &str| Refusal::new(Reason::AmountOverflow, words);
    let right = match (correction.settled.seconds, &paid.rate, due) {
        (0, _, _) => Money::ZERO,
        (seconds, Some(rate), _) => price(rate, seconds).map_err(|_| overflow("price"))?.amount,
        (_, None, Some(due)) => rated(due, decks, &account.currency)?.0.amount,
        (_, None, None) => {
            return Err(Refusal::new(Reason::NoRate, "nobody can say whose the call is"));
        }
    };
    let owed = paid.amount.checked_add(right).map_err(|_| overflow("correction"))?;
    if owed.is_zero() {
        return Ok(None);
    }
    let LegKey { provider, leg } = &correction.key;
    let Settled { basis, seconds, .. } = correction.settled;
    let entry = Entry {
        id: new_id(),
        amount: owed.negated(),
        kind: TransactionType::Adjustment,
        call_log_id: Some(paid.call_log_id),
        external_reference: Some(format!("{provider}:{leg}:{}:{seconds}", basis.as_str())),
    };
    account.post(entry).map(Some).map_err(|_| overflow("balance"))
}

#[cfg(test)]
#[path = "correction_tests.rs"]
mod tests;
