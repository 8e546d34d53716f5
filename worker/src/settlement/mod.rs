//! Settlement: a batch of events becomes, in one database transaction, merged legs, call logs, ledger rows and moved
//! balances. What is decided stands in `family` and `pricing`, pure; `deciding` and `posting` bring rows to them and
//! back; here is the whole way.
//!
//! Locks are taken legs first, each family from its parent down, then wallets by id; so no two batches can wait for
//! each other in a circle.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::{LegFacts, LegKey, Recording, merge};
use curbe_platform::queue::message::digest;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::dead_letters::{DeadLetter, Reason, Refusal};
use crate::store::call_legs::{LegNews, LegRow};
use crate::store::{self, Tx, call_logs};

mod accepting;
mod accounts;
pub mod announce;
mod authorizing;
mod correction;
mod deciding;
pub mod family;
pub mod message;
mod names;
mod order;
mod posting;
pub mod pricing;
mod recordings;
mod repeats;
mod session;
pub mod step;

pub use accepting::{Accepted, NotAccepted, accept};
use announce::Announcement;
pub use authorizing::authorize;
use message::Message;
pub(crate) use names::decided_together;
use step::{Step, Steps};

use crate::rates::RateCache;

/// What a settled batch leads to once it is committed.
#[derive(Debug, Default)]
pub struct Settled {
    /// For Redis.
    pub announcement: Announcement,
    /// For the log, one line each.
    pub steps: Steps,
}

/// One settlement under way.
struct Settlement<'a> {
    tx: &'a mut Tx,
    rates: &'a RateCache,
    now: OffsetDateTime,
    settled: Settled,
    letters: Vec<DeadLetter>,
    /// Recordings told of now of calls that are logged, by the leg of the log, and the wallets that this may move.
    recorded: Vec<(LegKey, Recording)>,
    recorded_wallets: Vec<Uuid>,
    /// The leg of which a person lets another word stand, and the letter that has it.
    accepted: Option<(LegKey, Uuid)>,
}

/// Settles messages inside `tx`; the caller commits.
///
/// # Errors
/// What the database says. Then nothing of it has happened.
pub async fn settle(
    tx: &mut Tx,
    rates: &RateCache,
    messages: &[Message],
    now: OffsetDateTime,
) -> Result<Settled, sqlx::Error> {
    settle_alone(tx, rates, messages, &[], now).await
}

/// As [`settle`], where nobody waits any more for the parents of the legs in `alone`.
///
/// # Errors
/// What the database says. Then nothing of it has happened.
pub async fn settle_alone(
    tx: &mut Tx,
    rates: &RateCache,
    messages: &[Message],
    alone: &[LegKey],
    now: OffsetDateTime,
) -> Result<Settled, sqlx::Error> {
    let mut settlement = Settlement::new(tx, rates, now);
    let mut news = settlement.read(messages);
    let absorbed = settlement.name(&mut news).await?;
    settlement.refuse_second_accounts(&mut news).await?;
    let mut legs = settlement.merge(&mut news, &absorbed).await?;
    settlement.leave_alone(&mut legs, alone).await?;
    settlement.refuse_contradictions(&news, &legs).await?;
    settlement.tell_costs(&news, &legs).await?;
    let repeats = settlement.repeats(&news, &legs).await?;
    let refused = settlement.settle_legs(legs.clone()).await?;
    settlement.announce_repeats(&repeats).await?;
    settlement.put_aside(&refused).await?;
    for (key, refusal) in refused {
        let told_now =
            news.iter().find(|(_, told)| told.facts.hangup.is_some() && told.facts.key == key);
        match told_now {
            Some((message, _)) => {
                settlement.letters.push(message.dead_letter(refusal, Some(&key)));
            }
            None => settlement.refuse_stored(&key, refusal).await?,
        }
    }
    settlement.finish().await
}

/// Settles legs that have waited for another one, inside `tx`; the caller commits.
///
/// # Errors
/// What the database says. Then nothing of it has happened.
pub async fn settle_waiting(
    tx: &mut Tx,
    rates: &RateCache,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<Settled, sqlx::Error> {
    let mut settlement = Settlement::new(tx, rates, now);
    settlement.lock_names(keys).await?;
    // Parents before their children, as everybody locks them.
    let parents = store::call_legs::parents(settlement.tx, keys).await?;
    let mut legs = store::call_legs::lock(settlement.tx, &parents).await?;
    legs.extend(store::call_legs::lock(settlement.tx, keys).await?);
    let refused = settlement.settle_legs(legs).await?;
    settlement.put_aside(&refused).await?;
    for (key, refusal) in refused {
        settlement.refuse_stored(&key, refusal).await?;
    }
    settlement.finish().await
}

impl<'a> Settlement<'a> {
    fn new(tx: &'a mut Tx, rates: &'a RateCache, now: OffsetDateTime) -> Self {
        Self {
            tx,
            rates,
            now: call_logs::to_microseconds(now),
            settled: Settled::default(),
            letters: Vec::new(),
            recorded: Vec::new(),
            recorded_wallets: Vec::new(),
            accepted: None,
        }
    }

    /// Reads every message; what cannot be read is a dead letter at once.
    fn read<'m>(&mut self, messages: &'m [Message]) -> Vec<(&'m Message, LegNews)> {
        let mut news = Vec::with_capacity(messages.len());
        for message in messages {
            match message.read() {
                Ok(told) => news.push((message, told)),
                Err(refusal) => self.letters.push(message.dead_letter(refusal, None)),
            }
        }
        news
    }

    /// Merges all news into their rows and locks them, each family from its parent down.
    async fn merge(
        &mut self,
        news: &mut Vec<(&Message, LegNews)>,
        absorbed: &[LegNews],
    ) -> Result<Vec<LegRow>, sqlx::Error> {
        // What was told first stands, so rows come before the news.
        let told = absorbed.iter().chain(news.iter().map(|(_, told)| told));
        let merged = order::in_family_order(told);
        if merged.is_empty() {
            return Ok(Vec::new());
        }
        let legs = store::call_legs::merge(self.tx, &merged).await?;
        self.refuse_other_accounts(news, &legs);
        for (message, told) in news.iter() {
            self.settled.steps.push(Step::Merged, message, &told.facts.key);
        }
        Ok(legs)
    }

    /// Those of these locked legs that are to be settled alone are, from now on.
    async fn leave_alone(
        &mut self,
        legs: &mut [LegRow],
        alone: &[LegKey],
    ) -> Result<(), sqlx::Error> {
        let alone: HashSet<&LegKey> = alone.iter().collect();
        let left: Vec<&mut LegRow> =
            legs.iter_mut().filter(|leg| alone.contains(&leg.facts.key)).collect();
        let keys: Vec<LegKey> = left.iter().map(|leg| leg.facts.key.clone()).collect();
        store::call_legs::leave_alone(self.tx, &keys, self.now).await?;
        left.into_iter().for_each(|leg| leg.is_alone = true);
        Ok(())
    }

    /// The same leg told differently: what was told first stands, unless a person has let the other word stand.
    async fn refuse_contradictions(
        &mut self,
        news: &[(&Message, LegNews)],
        legs: &[LegRow],
    ) -> Result<(), sqlx::Error> {
        let stands: HashMap<&LegKey, &LegFacts> =
            legs.iter().map(|row| (&row.facts.key, &row.facts)).collect();
        for (message, told) in news {
            let known = stands.get(&told.facts.key);
            let Some(words) = known.and_then(|known| merge::contradiction(known, &told.facts))
            else {
                continue;
            };
            let key = &told.facts.key;
            let digest = digest(&message.payload);
            if !store::dead_letters::replaced(self.tx, key, &digest).await? {
                let refusal = Refusal::new(Reason::Conflict, words);
                self.letters.push(message.dead_letter(refusal, Some(key)));
            }
        }
        Ok(())
    }

    /// What is refused is not looked at again until there is news of it.
    async fn put_aside(&mut self, refused: &[(LegKey, Refusal)]) -> Result<(), sqlx::Error> {
        if refused.is_empty() {
            return Ok(());
        }
        let keys: Vec<LegKey> = refused.iter().map(|(key, _)| key.clone()).collect();
        store::call_legs::mark_refused(self.tx, &keys, self.now).await
    }

    /// A dead letter for a leg whose event is not in this batch: from the bytes kept with it.
    async fn refuse_stored(&mut self, key: &LegKey, refusal: Refusal) -> Result<(), sqlx::Error> {
        if let Some(bytes) = store::call_legs::hangup_bytes(self.tx, key).await? {
            self.letters.push(message::stored_dead_letter(key, bytes, refusal));
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Settled, sqlx::Error> {
        store::dead_letters::insert(self.tx, &self.letters, self.now).await?;
        self.settled.steps.dead_lettered(self.letters);
        self.settled.announcement.notices.sort_by_key(|notice| (notice.wallet_id, notice.seq));
        Ok(self.settled)
    }
}
