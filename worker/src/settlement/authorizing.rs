//! Decisions of pre-flight, merged into their legs: from then on a leg is settled on what it was authorized on, or costs
//! nothing, having been refused. They commute with everything else that is told of a leg.

use curbe_domain::authorization::CreditEvent;
use curbe_domain::legs::{LegFacts, LegKey};
use time::OffsetDateTime;
use uuid::Uuid;

use super::message::Message;
use super::step::Step;
use super::{Settled, Settlement, announce, order};
use crate::dead_letters::{Reason, Refusal};
use crate::rates::RateCache;
use crate::store::call_legs::{LegNews, LegRow};
use crate::store::{Tx, authorizations, call_legs, wallets};

/// Merges decisions inside `tx`; the caller commits.
///
/// # Errors
/// What the database says. Then nothing of it has happened.
pub async fn authorize(
    tx: &mut Tx,
    rates: &RateCache,
    messages: &[Message],
    now: OffsetDateTime,
) -> Result<Settled, sqlx::Error> {
    let mut settlement = Settlement::new(tx, rates, now);
    let (told, mut news) = settlement.read_decisions(messages);
    let absorbed = settlement.name(&mut news).await?;
    let legs = {
        let told = absorbed.iter().chain(news.iter().map(|(_, told)| told));
        call_legs::merge(settlement.tx, &order::in_family_order(told)).await?
    };
    for (message, told) in &news {
        settlement.settled.steps.push(Step::Merged, message, &told.facts.key);
    }
    // Under the names of their rows, which may be others than those that were asked about.
    let decisions: Vec<(LegKey, CreditEvent)> =
        news.iter().map(|(_, told)| told.facts.key.clone()).zip(told).collect();
    settlement.write_decisions(&decisions).await?;
    settlement.close_settled(&legs).await?;
    // What had waited, or was refused for want of a price, may be settled now.
    let refused = settlement.settle_legs(legs).await?;
    settlement.put_aside(&refused).await?;
    for (key, refusal) in refused {
        settlement.refuse_stored(&key, refusal).await?;
    }
    settlement.finish().await
}

impl Settlement<'_> {
    /// Reads every message; what cannot be read is a dead letter at once.
    fn read_decisions<'m>(
        &mut self,
        messages: &'m [Message],
    ) -> (Vec<CreditEvent>, Vec<(&'m Message, LegNews)>) {
        let (mut told, mut news) = (Vec::new(), Vec::new());
        for message in messages {
            match serde_json::from_slice::<CreditEvent>(&message.payload) {
                Ok(event) => {
                    let facts = LegFacts::named(event.key());
                    news.push((message, LegNews { facts, hangup_bytes: None }));
                    told.push(event);
                }
                Err(error) => {
                    let refusal = Refusal::new(Reason::Unreadable, error.to_string());
                    self.letters.push(message.dead_letter(refusal, None));
                }
            }
        }
        (told, news)
    }

    async fn write_decisions(
        &mut self,
        decisions: &[(LegKey, CreditEvent)],
    ) -> Result<(), sqlx::Error> {
        let (mut authorized, mut refused) = (Vec::new(), Vec::new());
        for (key, event) in decisions {
            match event {
                CreditEvent::Authorized(call) => authorized.push((key.clone(), (**call).clone())),
                CreditEvent::Refused(call) => refused.push((key.clone(), call.reason)),
                CreditEvent::Emergency(call) => {
                    authorizations::insert_emergency(self.tx, key, call).await?;
                }
                CreditEvent::Withdrawn(call) => {
                    authorizations::withdraw(self.tx, key, call).await?;
                }
            }
        }
        if !authorized.is_empty() {
            let keys: Vec<LegKey> = authorized.iter().map(|(key, _)| key.clone()).collect();
            authorizations::take_over(self.tx, &keys, self.now).await?;
            authorizations::insert_calls(self.tx, &authorized).await?;
            let mut moved: Vec<Uuid> = authorized.iter().map(|(_, call)| call.wallet_id).collect();
            moved.sort();
            moved.dedup();
            self.announce_held(&moved).await?;
        }
        if !refused.is_empty() {
            call_legs::refuse(self.tx, &refused).await?;
        }
        Ok(())
    }

    /// A leg that was settled before its decision was heard of again holds nothing.
    async fn close_settled(&mut self, legs: &[LegRow]) -> Result<(), sqlx::Error> {
        let settled = legs.iter().filter(|row| row.settled.is_some());
        let settled: Vec<LegKey> = settled.map(|row| row.facts.key.clone()).collect();
        if settled.is_empty() {
            return Ok(());
        }
        let over = authorizations::settle(self.tx, &settled, self.now).await?;
        let ids: Vec<Uuid> = over.iter().map(|over| over.wallet_id).collect();
        let states = wallets::states_of(self.tx, &ids).await?;
        self.settled.announcement.wallets.extend(states);
        self.settled.announcement.dropped.extend(over);
        Ok(())
    }

    /// Browsers see what is held at once.
    pub(super) async fn announce_held(&mut self, ids: &[Uuid]) -> Result<(), sqlx::Error> {
        if ids.is_empty() {
            return Ok(());
        }
        for standing in wallets::standings(self.tx, ids).await? {
            self.settled.announcement.notices.push(announce::held(&standing));
        }
        Ok(())
    }
}
