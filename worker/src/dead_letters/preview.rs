//! What would come of sending letters through again: the real transaction, rolled back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_platform::queue::message::digest;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use super::report::{Difference, Fate, Outcome, Report};
use super::{Reason, republish};
use crate::consumer::disposition::{Disposition, disposition};
use crate::rates::RateCache;
use crate::settlement::step::Steps;
use crate::settlement::{self, message::Message};
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::Letter;
use crate::store::transaction::{self, TransactionError};
use crate::store::{Tx, call_legs, corrections, dead_letters, wallets};

/// As many in one transaction, which holds the locks of live traffic for as long as it takes. Letters of one call that are
/// further apart than that are looked at apart.
const TOGETHER: usize = 1_000;
/// A wallet that is locked by others is waited for.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// What pre-flight has decided, among the subjects.
const DECISIONS: &str = "credit.";

/// What was seen in a transaction that is rolled back.
#[derive(Debug, Default)]
struct Seen {
    outcomes: Vec<Outcome>,
    wallets: BTreeMap<Uuid, Difference>,
}

/// What came of looking at letters together, as the worker's lanes would have it.
enum Looked {
    Seen(Seen),
    /// One of them keeps the others from being settled.
    Split,
    /// It stands alone, and it is at fault.
    GivenUp(Reason),
}

/// How a transaction ends that is never committed.
enum End {
    Seen(Seen),
    Failed(TransactionError),
}

impl From<TransactionError> for End {
    fn from(error: TransactionError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for End {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What would come of sending these letters through again, in their order; `told` how many were looked at.
///
/// # Errors
/// What the database says.
pub async fn preview(
    pool: &PgPool,
    rates: &RateCache,
    ids: &[Uuid],
    told: &(dyn Fn(usize) + Sync),
) -> Result<Report, TransactionError> {
    rates.refresh().await?;
    let mut all = Seen::default();
    for (number, chunk) in ids.chunks(TOGETHER).enumerate() {
        let wanted = chunk.to_vec();
        let letters = transaction::run(pool, move |tx| {
            Box::pin(async move { dead_letters::letters(tx, &wanted).await })
        });
        let mut work = vec![letters.await?];
        while let Some(letters) = work.pop() {
            match together(pool, rates, &letters).await? {
                Looked::Seen(seen) => all.add(seen),
                Looked::GivenUp(reason) => all.outcomes.extend(given_up(&letters, reason)),
                Looked::Split => {
                    let mut first = letters;
                    let second = first.split_off(first.len() / 2);
                    work.extend([second, first]);
                }
            }
        }
        told((number * TOGETHER + chunk.len()).min(ids.len()));
    }
    Ok(Report::new(None, all.wallets.into_values().collect(), all.outcomes))
}

/// One transaction.
async fn together(
    pool: &PgPool,
    rates: &RateCache,
    letters: &[Letter],
) -> Result<Looked, TransactionError> {
    let letters: Arc<[Letter]> = letters.into();
    let mut tried = 0;
    loop {
        let (rates, looked_at) = (rates.clone(), Arc::clone(&letters));
        let ended = transaction::attempt::<Infallible, End, _>(pool, move |tx| {
            Box::pin(async move { Err(End::Seen(look(tx, &rates, &looked_at).await?)) })
        });
        let failure = match ended.await {
            Ok(never) => match never {},
            Err(End::Seen(seen)) => return Ok(Looked::Seen(seen)),
            Err(End::Failed(failure)) => failure,
        };
        match disposition(&failure, letters.len()) {
            Disposition::Wait if tried < TRIES => {
                tried += 1;
                sleep(PAUSE * tried).await;
            }
            Disposition::Wait => return Err(failure),
            Disposition::Split => return Ok(Looked::Split),
            Disposition::DeadLetter(reason) => return Ok(Looked::GivenUp(reason)),
        }
    }
}

fn given_up(letters: &[Letter], reason: Reason) -> impl Iterator<Item = Outcome> {
    letters.iter().map(move |letter| failing(letter, reason.as_str(), &letter.row.detail))
}

fn failing(letter: &Letter, reason: &str, detail: &str) -> Outcome {
    let (reason, detail) = (Some(reason.to_owned()), Some(detail.to_owned()));
    Outcome { id: letter.row.id, fate: Fate::Failing, reason, detail }
}

async fn look(tx: &mut Tx, rates: &RateCache, letters: &[Letter]) -> Result<Seen, sqlx::Error> {
    let now = to_microseconds(OffsetDateTime::now_utc());
    let alone = super::left_alone(letters);
    let parents = call_legs::parents(tx, &alone).await?;
    call_legs::lock(tx, &parents).await?;
    call_legs::leave_alone(tx, &alone, now).await?;
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
        let settled = settlement::settle(tx, rates, &events, now).await?;
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
    let keys: Vec<LegKey> = letters.iter().filter_map(super::leg_of).collect();
    call_legs::settled(tx, &keys).await
}

impl Seen {
    fn add(&mut self, other: Self) {
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
