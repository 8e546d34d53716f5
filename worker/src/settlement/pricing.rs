//! From a bill to rows: the rate, the price, the ledger's row and the log's, with their numbers. Pure.

use std::collections::HashMap;

use curbe_domain::frames::CallLogView;
use curbe_domain::legs::duration::Basis;
use curbe_domain::legs::{LegKey, Recording, RecordingStatus};
use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::Decks;
use curbe_domain::rating::price::{Price, price};
use uuid::Uuid;

use super::family::{Bill, PriceBasis};
use crate::dead_letters::{Reason, Refusal};
use crate::ledger::{Account, Entry, Posting, TransactionType};
use crate::store::call_legs::{Settled, SettledAs};
use crate::store::call_logs::{AppliedRate, NewCallLog};

/// The status of a call that was refused before it began.
const REJECTED: &str = "rejected";

/// A bill with its wallet.
#[derive(Clone, Debug)]
pub struct Due {
    /// What is to be charged.
    pub bill: Bill,
    /// Who pays.
    pub wallet_id: Uuid,
    /// By which deck.
    pub rate_deck: String,
    /// What the provider charges for it, as far as it said.
    pub provider_cost: Option<Money>,
    /// What is known of its recording.
    pub recording: Option<Recording>,
}

/// One leg priced and posted.
#[derive(Clone, Debug)]
pub struct Charged {
    /// Its row in the call log.
    pub log: NewCallLog,
    /// Its row in the ledger; `None`: it was free.
    pub posting: Option<Posting>,
    /// The seconds that it was priced for.
    pub seconds: u32,
    /// What they rest on.
    pub basis: Basis,
}

impl Charged {
    /// Which leg.
    #[must_use]
    pub fn key(&self) -> LegKey {
        LegKey::of_view(&self.log.view)
    }

    /// What it was settled as.
    #[must_use]
    pub fn settled(&self) -> Settled {
        let settled_as = match self.posting {
            Some(_) => SettledAs::Charged,
            None => SettledAs::Free,
        };
        Settled { settled_as, seconds: self.seconds, basis: self.basis }
    }
}

/// Prices and posts everything due, wallet by wallet in the order of the calls' ends, each its ledger row first, then
/// its log. What is refused leaves its wallet as it was. `accounts` are the locked wallets by id.
#[must_use]
pub fn charge(
    mut due: Vec<Due>,
    decks: &Decks,
    accounts: &mut HashMap<Uuid, Account>,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Vec<(Due, Result<Charged, Refusal>)> {
    due.sort_by(|a, b| {
        let order = |due: &Due| (due.bill.ended.ended_at, due.bill.key.clone());
        order(a).cmp(&order(b))
    });
    due.into_iter()
        .map(|due| {
            let charged = match accounts.get_mut(&due.wallet_id) {
                Some(account) => charge_one(&due, decks, account, new_id),
                None => Err(Refusal::new(Reason::NoWallet, "the wallet is gone")),
            };
            (due, charged)
        })
        .collect()
}

fn charge_one(
    due: &Due,
    decks: &Decks,
    account: &mut Account,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Charged, Refusal> {
    let (price, applied_rate) = rated(due, decks, &account.currency)?;
    let log_id = new_id();
    let posting = if price.amount.is_zero() {
        None
    } else {
        let entry = Entry {
            id: new_id(),
            amount: price.amount.negated(),
            kind: TransactionType::CallCharge,
            call_log_id: Some(log_id),
            external_reference: None,
        };
        let posted = account.post(entry);
        Some(posted.map_err(|e| Refusal::new(Reason::AmountOverflow, format!("balance: {e}")))?)
    };
    let seq = account.next_seq();
    let recording_seq = due
        .recording
        .as_ref()
        .filter(|recording| is_final(recording.status))
        .map(|_| account.next_seq());
    let view = view(due, price, account, log_id);
    let log = NewCallLog {
        view,
        wallet_id: account.wallet_id,
        applied_rate,
        provider_cost: due.provider_cost,
        seq,
        recording_seq,
    };
    Ok(Charged { log, posting, seconds: due.bill.ended.seconds, basis: due.bill.ended.basis })
}

/// Whether a recording has come to its end: then, once, it takes a number.
#[must_use]
pub fn is_final(status: RecordingStatus) -> bool {
    match status {
        RecordingStatus::Completed | RecordingStatus::Failed => true,
        RecordingStatus::Processing | RecordingStatus::None => false,
    }
}

/// The price of what is due, and the rate that it follows from.
///
/// # Errors
/// There is no rate, or the price does not fit.
pub(super) fn rated(
    due: &Due,
    decks: &Decks,
    currency: &str,
) -> Result<(Price, Option<AppliedRate>), Refusal> {
    let bill = &due.bill;
    if bill.ended.seconds == 0 {
        return Ok((Price::FREE, None));
    }
    match &bill.basis {
        PriceBasis::Deck => rated_by_deck(due, decks, currency),
        PriceBasis::Refused | PriceBasis::Agreed(None) => Ok((Price::FREE, None)),
        PriceBasis::Agreed(Some(rate)) => {
            let number = bill.rated_number.as_ref().map(ToString::to_string).unwrap_or_default();
            let applied = AppliedRate { rate: rate.clone(), number, rated_late: false };
            Ok((priced(rate, bill.ended.seconds)?, Some(applied)))
        }
    }
}

fn priced(rate: &Rate, seconds: u32) -> Result<Price, Refusal> {
    price(rate, seconds)
        .map_err(|error| Refusal::new(Reason::AmountOverflow, format!("price: {error}")))
}

fn rated_by_deck(
    due: &Due,
    decks: &Decks,
    currency: &str,
) -> Result<(Price, Option<AppliedRate>), Refusal> {
    let bill = &due.bill;
    let no_rate = |words: String| Refusal::new(Reason::NoRate, words);
    let number = bill.rated_number.as_ref();
    let number = number
        .ok_or_else(|| no_rate("no leg of the call names a number to rate it by".to_owned()))?;
    let found = decks
        .rate(&due.rate_deck, bill.ended.started_at(), number, bill.owner.direction)
        .ok_or_else(|| {
        no_rate(format!("deck {} has no prefix of the dialled number", due.rate_deck))
    })?;
    if found.deck.currency != currency {
        let words = format!(
            "deck {} is in {}, the wallet in {currency}",
            found.deck.name, found.deck.currency
        );
        return Err(no_rate(words));
    }
    let price = priced(found.rate, bill.ended.seconds)?;
    let applied = AppliedRate {
        rate: found.rate.clone(),
        number: number.to_string(),
        rated_late: found.rated_late,
    };
    Ok((price, Some(applied)))
}

fn view(due: &Due, price: Price, account: &Account, id: Uuid) -> CallLogView {
    let bill = &due.bill;
    let recording = due.recording.as_ref();
    CallLogView {
        id,
        external_call_id: bill.key.leg.clone(),
        provider: bill.key.provider.as_str().to_owned(),
        user_id: bill.owner.user_id.unwrap_or(account.holder_id),
        direction: bill.owner.direction.as_str().to_owned(),
        from_number: bill.from.clone(),
        to_number: bill.to.clone(),
        start_time: bill.ended.started_at(),
        end_time: bill.ended.ended_at,
        // The parser admits at most a day.
        duration_seconds: i32::try_from(bill.ended.seconds).unwrap_or(i32::MAX),
        billable_minutes: price.billable_minutes(),
        customer_price: price.amount,
        currency: account.currency.clone(),
        recording_url: recording.and_then(|recording| recording.url.clone()),
        recording_status: recording.map_or(RecordingStatus::None, |r| r.status).as_str().to_owned(),
        status: match bill.basis {
            PriceBasis::Refused => REJECTED.to_owned(),
            PriceBasis::Deck | PriceBasis::Agreed(_) => bill.ended.outcome.as_str().to_owned(),
        },
    }
}

#[cfg(test)]
#[path = "pricing_tests.rs"]
mod tests;
