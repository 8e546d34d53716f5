//! Settlement: a batch of events becomes, in one database transaction, merged legs, call logs, ledger rows and moved
//! balances. What is decided stands in `family` and `pricing`; here is the order in which rows are locked and written.
//!
//! Locks are taken legs first, each family from its parent down, then wallets by id; so no two batches can wait for
//! each other in a circle.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::{LegFacts, LegKey, merge};
use curbe_domain::phone::Address;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::dead_letters::{DeadLetter, Reason, Refusal};
use crate::store::call_legs::{LegNews, LegRow, SettledAs};
use crate::store::directory::{Payer, Wanted};
use crate::store::{self, Tx, call_logs};

pub mod announce;
pub mod family;
pub mod message;
mod order;
pub mod pricing;
mod recordings;
pub mod step;

use announce::Announcement;
use family::{Family, Verdict, parent_key};
use message::Message;
use pricing::{Charged, Due};
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
    recorded_wallets: Vec<Uuid>,
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
    let mut settlement = Settlement::new(tx, rates, now);
    let news = settlement.read(messages);
    let legs = settlement.merge(&news).await?;
    settlement.refuse_contradictions(&news, &legs);
    let repeats = settlement.repeats(&news, &legs).await?;
    let refused = settlement.settle_legs(legs.clone()).await?;
    settlement.announce_repeats(&repeats, &legs).await?;
    for (key, refusal) in refused {
        let told_now =
            news.iter().find(|(_, told)| told.facts.hangup.is_some() && told.facts.key == key);
        match told_now {
            Some((message, _)) => settlement.letters.push(message.dead_letter(refusal)),
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
    let legs = store::call_legs::lock(settlement.tx, keys).await?;
    for (key, refusal) in settlement.settle_legs(legs).await? {
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
            recorded_wallets: Vec::new(),
        }
    }

    /// Reads every message; what cannot be read is a dead letter at once.
    fn read<'m>(&mut self, messages: &'m [Message]) -> Vec<(&'m Message, LegNews)> {
        let mut news = Vec::with_capacity(messages.len());
        for message in messages {
            match message.read() {
                Ok(told) => news.push((message, told)),
                Err(refusal) => self.letters.push(message.dead_letter(refusal)),
            }
        }
        news
    }

    /// Merges all news into their rows and locks them, each family from its parent down.
    async fn merge(&mut self, news: &[(&Message, LegNews)]) -> Result<Vec<LegRow>, sqlx::Error> {
        let merged = order::in_family_order(news.iter().map(|(_, told)| told));
        if merged.is_empty() {
            return Ok(Vec::new());
        }
        let legs = store::call_legs::merge(self.tx, &merged).await?;
        for (message, told) in news {
            self.settled.steps.push(Step::Merged, message, &told.facts.key);
        }
        Ok(legs)
    }

    /// The same leg told differently: what was told first stands.
    fn refuse_contradictions(&mut self, news: &[(&Message, LegNews)], legs: &[LegRow]) {
        let stands: HashMap<&LegKey, &LegFacts> =
            legs.iter().map(|row| (&row.facts.key, &row.facts)).collect();
        for (message, told) in news {
            let known = stands.get(&told.facts.key);
            if let Some(words) = known.and_then(|known| merge::contradiction(known, &told.facts)) {
                self.letters.push(message.dead_letter(Refusal::new(Reason::Conflict, words)));
            }
        }
    }

    /// The legs told of that were settled before. The wallets that their recordings may move are noted, to be locked
    /// together with those that are charged.
    async fn repeats(
        &mut self,
        news: &[(&Message, LegNews)],
        legs: &[LegRow],
    ) -> Result<Vec<LegKey>, sqlx::Error> {
        let settled: HashSet<&LegKey> =
            legs.iter().filter(|row| row.settled_as.is_some()).map(|row| &row.facts.key).collect();
        let mut keys = HashSet::new();
        let mut recorded = HashSet::new();
        for (message, told) in news.iter().filter(|(_, told)| settled.contains(&told.facts.key)) {
            self.settled.steps.push(Step::Duplicate, message, &told.facts.key);
            keys.insert(told.facts.key.clone());
            if told.facts.recording.is_some() {
                recorded.insert(told.facts.key.clone());
            }
        }
        if !recorded.is_empty() {
            let recorded: Vec<LegKey> = recorded.into_iter().collect();
            let calls = call_logs::of_legs(self.tx, &recorded).await?;
            self.recorded_wallets = calls.iter().map(|call| call.wallet_id).collect();
        }
        Ok(keys.into_iter().collect())
    }

    /// What was settled before is announced again: whoever settled it may have died before he could.
    async fn announce_repeats(
        &mut self,
        keys: &[LegKey],
        legs: &[LegRow],
    ) -> Result<(), sqlx::Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let recorded = recordings::attach(self.tx, keys, legs, self.now).await?;
        let logged = call_logs::of_legs(self.tx, keys).await?;
        let wallets: Vec<Uuid> = logged.iter().map(|call| call.wallet_id).collect();
        self.settled.announcement.notices.extend(logged.iter().flat_map(announce::repeated));
        self.settled
            .announcement
            .wallets
            .extend(store::wallets::states_of(self.tx, &wallets).await?);
        self.settled.steps.recorded(recorded);
        Ok(())
    }

    /// Decides and charges whatever has ended among these legs and those around them. Returns what was refused.
    async fn settle_legs(
        &mut self,
        legs: Vec<LegRow>,
    ) -> Result<Vec<(LegKey, Refusal)>, sqlx::Error> {
        let legs = self.with_relatives(legs).await?;
        let undecided: Vec<&LegRow> = legs
            .iter()
            .filter(|row| row.settled_as.is_none() && row.facts.hangup.is_some())
            .collect();
        if undecided.is_empty() {
            return Ok(Vec::new());
        }
        let directory = store::directory::read(self.tx, &wanted(&legs)).await?;
        let family = Family { legs: &legs, directory: &directory, now: self.now };
        let mut due = Vec::new();
        let mut covered = Vec::new();
        let mut refused = Vec::new();
        for row in undecided {
            let Some(hangup) = &row.facts.hangup else {
                continue;
            };
            match family.verdict(row, hangup) {
                Verdict::Wait => {}
                Verdict::Cover => covered.push(row.facts.key.clone()),
                Verdict::Charge(bill) => due.push((*bill, row.facts.recording.clone())),
                Verdict::Refuse(refusal) => refused.push((row.facts.key.clone(), refusal)),
            }
        }
        let payers = self.payers(&due).await?;
        let mut with_wallet = Vec::new();
        for (bill, recording) in due {
            match payers.get(&bill.owner.organization_id) {
                Some(payer) => with_wallet.push(Due {
                    bill,
                    wallet_id: payer.wallet_id,
                    rate_deck: payer.rate_deck.clone(),
                    recording,
                }),
                None => refused.push((
                    bill.key,
                    Refusal::new(
                        Reason::NoWallet,
                        "the organization has no user and so no wallet yet",
                    ),
                )),
            }
        }
        refused.extend(self.charge(with_wallet, covered).await?);
        Ok(refused)
    }

    /// The children of what ended, and the parents that no event named this time.
    async fn with_relatives(&mut self, mut legs: Vec<LegRow>) -> Result<Vec<LegRow>, sqlx::Error> {
        let ended = |row: &&LegRow| row.settled_as.is_none() && row.facts.hangup.is_some();
        let known: HashSet<LegKey> = legs.iter().map(|row| row.facts.key.clone()).collect();
        let missing_parents: Vec<LegKey> = legs
            .iter()
            .filter(ended)
            .filter_map(|row| parent_key(&row.facts))
            .filter(|parent| !known.contains(parent))
            .collect();
        if !missing_parents.is_empty() {
            legs.extend(store::call_legs::lock(self.tx, &missing_parents).await?);
        }
        let roots: Vec<LegKey> = legs
            .iter()
            .filter(|row| row.facts.hangup.is_some() && row.facts.parent.is_none())
            .map(|row| row.facts.key.clone())
            .collect();
        if !roots.is_empty() {
            let children = store::call_legs::lock_children(self.tx, &roots).await?;
            legs.extend(children.into_iter().filter(|row| !known.contains(&row.facts.key)));
        }
        Ok(legs)
    }

    async fn payers(
        &mut self,
        due: &[(family::Bill, Option<curbe_domain::legs::Recording>)],
    ) -> Result<HashMap<Uuid, Payer>, sqlx::Error> {
        let organizations: HashSet<Uuid> =
            due.iter().map(|(bill, _)| bill.owner.organization_id).collect();
        if organizations.is_empty() {
            return Ok(HashMap::new());
        }
        store::directory::payers(self.tx, &organizations.into_iter().collect::<Vec<_>>()).await
    }

    /// Locks the wallets, prices under the lock, and writes logs, ledger rows, balances and what the legs were settled
    /// as. Returns what was refused.
    async fn charge(
        &mut self,
        due: Vec<Due>,
        covered: Vec<LegKey>,
    ) -> Result<Vec<(LegKey, Refusal)>, sqlx::Error> {
        let mut settled_as: Vec<(LegKey, SettledAs)> =
            covered.into_iter().map(|key| (key, SettledAs::Covered)).collect();
        let mut refused = Vec::new();
        if !due.is_empty() {
            let wallets: HashSet<Uuid> =
                due.iter().map(|due| due.wallet_id).chain(self.recorded_wallets.clone()).collect();
            let wallets: Vec<Uuid> = wallets.into_iter().collect();
            let locked = store::wallets::lock(self.tx, &wallets).await?;
            let mut accounts: HashMap<Uuid, _> =
                locked.into_iter().map(|account| (account.wallet_id, account)).collect();
            let (due, logged) = self.without_logged(due).await?;
            settled_as.extend(logged);
            let decks = self.rates.current(self.tx).await?;
            let mut charged = Vec::new();
            for (due, outcome) in pricing::charge(due, &decks, &mut accounts, &mut Uuid::now_v7) {
                match outcome {
                    Ok(call) => charged.push(call),
                    Err(refusal) => refused.push((due.bill.key, refusal)),
                }
            }
            settled_as.extend(charged.iter().map(|call| (call.key(), call.settled_as())));
            self.write(&charged, accounts).await?;
        }
        if !settled_as.is_empty() {
            store::call_legs::mark_settled(self.tx, &settled_as, self.now).await?;
            self.settled.steps.settled(&settled_as);
        }
        Ok(refused)
    }

    /// A leg whose row was lost and made anew may have its log still: then it was settled, and is announced again.
    async fn without_logged(
        &mut self,
        due: Vec<Due>,
    ) -> Result<(Vec<Due>, Vec<(LegKey, SettledAs)>), sqlx::Error> {
        let keys: Vec<LegKey> = due.iter().map(|due| due.bill.key.clone()).collect();
        let logged = call_logs::of_legs(self.tx, &keys).await?;
        self.settled.announcement.notices.extend(logged.iter().flat_map(announce::repeated));
        let was: HashMap<LegKey, SettledAs> = logged
            .iter()
            .map(|call| {
                let settled_as = call.charge.map_or(SettledAs::Free, |_| SettledAs::Charged);
                (LegKey::of_view(&call.view), settled_as)
            })
            .collect();
        let fresh = due.into_iter().filter(|due| !was.contains_key(&due.bill.key)).collect();
        Ok((fresh, was.into_iter().collect()))
    }

    async fn write(
        &mut self,
        charged: &[Charged],
        accounts: HashMap<Uuid, crate::ledger::Account>,
    ) -> Result<(), sqlx::Error> {
        let logs: Vec<_> = charged.iter().map(|call| call.log.clone()).collect();
        let postings: Vec<_> = charged.iter().filter_map(|call| call.posting.clone()).collect();
        let touched: HashSet<Uuid> = logs.iter().map(|log| log.wallet_id).collect();
        let mut moved: Vec<_> =
            accounts.into_values().filter(|account| touched.contains(&account.wallet_id)).collect();
        moved.sort_by_key(|account| account.wallet_id);
        for account in &mut moved {
            account.version += 1;
        }
        let new = call_logs::insert(self.tx, &logs).await?;
        if new != logs.len() as u64 {
            // Looked for under the same locks; whoever got past them is looked for again at the next try.
            return Err(sqlx::Error::Protocol(
                "a call was logged by somebody else meanwhile".to_owned(),
            ));
        }
        store::wallet_transactions::insert(self.tx, &postings, self.now).await?;
        store::wallets::update(self.tx, &moved, self.now).await?;

        let organizations: HashMap<Uuid, Uuid> =
            moved.iter().map(|account| (account.wallet_id, account.organization_id)).collect();
        for call in charged {
            let organization = organizations.get(&call.log.wallet_id).copied().unwrap_or_default();
            self.settled.announcement.notices.extend(announce::charged(call, organization));
            self.settled.steps.charged(call);
        }
        self.settled.announcement.wallets.extend(moved.iter().map(crate::ledger::Account::state));
        Ok(())
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

/// Everything that the directory is asked about.
fn wanted(legs: &[LegRow]) -> Wanted {
    let mut wanted = Wanted::default();
    for LegRow { facts, .. } in legs {
        for text in [&facts.from, &facts.to].into_iter().flatten() {
            match Address::parse(text) {
                Address::Number(number) => wanted.numbers.push(number.to_string()),
                Address::Identity(name) => wanted.identities.push(name),
                Address::Other => {}
            }
        }
        wanted.accounts.extend(facts.account.clone());
    }
    wanted
}
