//! What a settlement that is rolled back has done.

use std::collections::{BTreeMap, HashMap, HashSet};

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_platform::queue::message::digest;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::dead_letters::report::{Difference, Fate, Outcome};
use crate::dead_letters::{left_alone, leg_of, republish};
use crate::rates::RateCache;
use crate::settlement::step::Steps;
use crate::settlement::{self, message::Message};
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::Letter;
use crate::store::{Tx, call_legs, corrections, wallets};

/// What pre-flight has decided, among the subjects.
const DECISIONS: &str = "credit.";

/// What was seen in a transaction that is rolled back.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) wallets: BTreeMap<Uuid, Difference>,
}

/// A letter that would be put aside once more.
pub(super) fn failing(letter: &Letter, reason: &str, detail: &str) -> Outcome {
    let (reason, detail) = (Some(reason.to_owned()), Some(detail.to_owned()));
    Outcome { id: letter.row.id, fate: Fate::Failing, reason, detail }
}

/// Does inside `tx` what the worker would do with these letters, and tells what it was. The caller rolls it back.
///
/// # Errors
/// What the database says; a deadlock with a live batch among it where decisions of pre-flight are looked at together
/// with events, since each of the two locks from names to wallets.
pub(super) async fn look(
    tx: &mut Tx,
    rates: &RateCache,
    letters: &[Letter],
) -> Result<Seen, sqlx::Error> {
    let now = to_microseconds(OffsetDateTime::now_utc());
    let messages = letters.iter().zip(0..).map(|(letter, place)| republish::message(letter, place));
    let (decisions, events): (Vec<Message>, Vec<Message>) =
        messages.partition(|message| message.subject.starts_with(DECISIONS));
    let mut seen = Seen::default();
    let mut fates: HashMap<usize, Outcome> = HashMap::new();
    let before = settled_before(tx, letters).await?;
    // As the worker does: what was decided before a call is known before its end is settled.
    if !decisions.is_empty() {
        let settled = settlement::authorize(tx, rates, &decisions, now).await?;
        seen.note(tx, &settled.steps, letters, &before, &mut fates).await?;
    }
    if !events.is_empty() {
        let alone = left_alone(letters);
        let settled = settlement::settle_alone(tx, rates, &events, &alone, now).await?;
        seen.note(tx, &settled.steps, letters, &before, &mut fates).await?;
    }
    let outcome = |(place, letter): (usize, &Letter)| {
        let taken = Outcome { id: letter.row.id, fate: Fate::Taken, reason: None, detail: None };
        fates.remove(&place).unwrap_or(taken)
    };
    seen.outcomes = letters.iter().enumerate().map(outcome).collect();
    Ok(seen)
}

/// The legs of these letters that are settled already.
async fn settled_before(tx: &mut Tx, letters: &[Letter]) -> Result<HashSet<LegKey>, sqlx::Error> {
    let keys: Vec<LegKey> = letters.iter().filter_map(leg_of).collect();
    call_legs::settled(tx, &keys).await
}

impl Seen {
    /// Takes over what was seen in another transaction.
    pub(super) fn add(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        for (wallet_id, more) in other.wallets {
            match self.wallets.get_mut(&wallet_id) {
                None => {
                    self.wallets.insert(wallet_id, more);
                }
                Some(known) => {
                    known.postings += more.postings;
                    known.amount = sum(known.amount, more.amount);
                    known.already = sum(known.already, more.already);
                }
            }
        }
    }

    /// Notes what a settlement has done.
    async fn note(
        &mut self,
        tx: &mut Tx,
        steps: &Steps,
        letters: &[Letter],
        before: &HashSet<LegKey>,
        fates: &mut HashMap<usize, Outcome>,
    ) -> Result<(), sqlx::Error> {
        let legs: Vec<(usize, LegKey)> = steps
            .legs()
            .filter_map(|(place, key)| Some((usize::try_from(place).ok()?, key.clone())))
            .collect();
        let keys: HashSet<LegKey> = legs.iter().map(|(_, key)| key.clone()).collect();
        let settled = call_legs::settled(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
        for (place, key) in &legs {
            let fate = match (before.contains(key), settled.contains(key)) {
                (true, _) => Fate::AlreadySettled,
                (false, true) => Fate::Settled,
                (false, false) => Fate::Taken,
            };
            let Some(letter) = letters.get(*place) else { continue };
            let outcome = Outcome { id: letter.row.id, fate, reason: None, detail: None };
            fates.insert(*place, outcome);
        }
        let buried: HashMap<_, _> = steps
            .letters()
            .iter()
            .map(|letter| ((letter.subject.as_str(), digest(&letter.payload)), letter))
            .collect();
        for (place, letter) in letters.iter().enumerate() {
            let found = buried.get(&(letter.row.subject.as_str(), digest(&letter.payload)));
            if let Some(buried) = found {
                fates.insert(place, failing(letter, buried.reason.as_str(), &buried.detail));
            }
        }
        let again: HashSet<LegKey> =
            legs.into_iter().map(|(_, key)| key).filter(|key| before.contains(key)).collect();
        self.note_money(tx, steps, again).await
    }

    async fn note_money(
        &mut self,
        tx: &mut Tx,
        steps: &Steps,
        again: HashSet<LegKey>,
    ) -> Result<(), sqlx::Error> {
        let charges = steps.calls().iter().filter_map(|call| call.posting.as_ref());
        let posted: Vec<_> = charges.chain(steps.corrections()).collect();
        let paid = corrections::paid(tx, &again.into_iter().collect::<Vec<_>>()).await?;
        let ids = posted.iter().map(|posting| posting.wallet_id);
        let ids: HashSet<Uuid> = ids.chain(paid.iter().map(|paid| paid.wallet_id)).collect();
        for wallet in wallets::standings(tx, &ids.into_iter().collect::<Vec<_>>()).await? {
            let (wallet_id, currency) = (wallet.wallet_id, wallet.currency);
            let (amount, already) = (Money::ZERO, Money::ZERO);
            let fresh = Difference { wallet_id, postings: 0, amount, already, currency };
            self.wallets.entry(wallet_id).or_insert(fresh);
        }
        for posting in posted {
            if let Some(wallet) = self.wallets.get_mut(&posting.wallet_id) {
                wallet.postings += 1;
                wallet.amount = sum(wallet.amount, posting.amount);
            }
        }
        for paid in paid {
            if let Some(wallet) = self.wallets.get_mut(&paid.wallet_id) {
                // Without what would be posted now.
                let corrected = steps.corrections().iter();
                let now = corrected.filter(|posting| posting.call_log_id == Some(paid.call_log_id));
                let now = now.fold(Money::ZERO, |total, posting| sum(total, posting.amount));
                wallet.already = sum(wallet.already, sum(paid.amount, now.negated()));
            }
        }
        Ok(())
    }
}

/// A sum that is only shown: one that does not fit stays at the limit of what does.
fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(if b < Money::ZERO { Money::MAX.negated() } else { Money::MAX })
}
