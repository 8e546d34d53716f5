//! The names of legs. Telnyx calls one leg `call_leg_id` in one event, `call_control_id` or `CallSid` in another; events
//! that have two of them tell which belong together. What has the same leg must end in the same row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use curbe_domain::legs::{LegFacts, LegKey};
use curbe_domain::providers::Provider;

use super::Settlement;
use super::message::Message;
use crate::dead_letters::{Reason, Refusal};
use crate::store::call_legs::LegNews;
use crate::store::{call_leg_names, call_legs};

/// The provider that has several names for a leg.
const PROVIDER: Provider = Provider::Telnyx;

impl Settlement<'_> {
    /// Gives every event the name of its leg's row, and brings two rows of one leg together: what the other row knew is
    /// returned as news of the one that stays.
    pub(super) async fn name(
        &mut self,
        news: &mut [(&Message, LegNews)],
    ) -> Result<Vec<LegNews>, sqlx::Error> {
        let mut told: Vec<_> =
            news.iter_mut().filter(|(_, told)| told.facts.key.provider == PROVIDER).collect();
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: BTreeSet<String> =
            told.iter().flat_map(|(_, told)| to_be_locked(&told.facts)).collect();
        let wanted: Vec<String> = wanted.into_iter().collect();
        let mut known = call_leg_names::lock(self.tx, PROVIDER, &wanted).await?;

        let mut absorbed = Vec::new();
        let facts: Vec<&LegFacts> = told.iter().map(|(_, told)| &told.facts).collect();
        for two in contradicting(&facts, &known) {
            let Some((from, into)) = self.which_stays(&two).await? else {
                for (message, _) in told.iter().filter(|(_, told)| two.is_told_by(&told.facts)) {
                    let words =
                        format!("legs {} and {} are one, and both are settled", two.a, two.b);
                    self.letters
                        .push(message.dead_letter(Refusal::new(Reason::Conflict, words), None));
                }
                continue;
            };
            absorbed.extend(self.absorb(&from, &into).await?);
            for leg in known.values_mut().filter(|leg| **leg == from.leg) {
                leg.clone_from(&into.leg);
            }
        }
        let fresh = fresh_names(&facts, &known);
        call_leg_names::lead(self.tx, PROVIDER, &fresh).await?;
        known.extend(fresh);
        for (_, told) in &mut told {
            rename(&mut told.facts, &known);
        }
        for told in &mut absorbed {
            rename(&mut told.facts, &known);
        }
        Ok(absorbed)
    }

    /// Locks the names and sessions of legs that waited, as their events do, before the legs themselves are locked.
    pub(super) async fn lock_names(&mut self, keys: &[LegKey]) -> Result<(), sqlx::Error> {
        let keys: Vec<LegKey> =
            keys.iter().filter(|key| key.provider == PROVIDER).cloned().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut names = call_legs::sessions(self.tx, &keys).await?;
        names.extend(keys.into_iter().map(|key| key.leg));
        call_leg_names::lock(self.tx, PROVIDER, &names).await?;
        Ok(())
    }

    /// Which of two rows goes into the other, and the other, which stays: always one that is settled. `None`: both are.
    async fn which_stays(&mut self, two: &Two) -> Result<Option<(LegKey, LegKey)>, sqlx::Error> {
        let key = |leg: &String| LegKey { provider: PROVIDER, leg: leg.clone() };
        let (a, b) = (key(&two.a), key(&two.b));
        let rows = call_legs::lock(self.tx, &[a.clone(), b.clone()]).await?;
        let is_settled =
            |key: &LegKey| rows.iter().any(|row| row.facts.key == *key && row.settled.is_some());
        Ok(match (is_settled(&a), is_settled(&b)) {
            (true, true) => None,
            (false, true) => Some((a, b)),
            (_, false) => Some((b, a)),
        })
    }

    async fn absorb(
        &mut self,
        from: &LegKey,
        into: &LegKey,
    ) -> Result<Option<LegNews>, sqlx::Error> {
        let row = call_legs::lock(self.tx, std::slice::from_ref(from)).await?.into_iter().next();
        let hangup_bytes = call_legs::hangup_bytes(self.tx, from).await?;
        call_leg_names::absorb(self.tx, from, into).await?;
        Ok(row.map(|row| LegNews {
            facts: LegFacts { key: into.clone(), ..row.facts },
            hangup_bytes,
        }))
    }
}

/// All names in an event, and its session, whose legs are decided together.
fn to_be_locked(facts: &LegFacts) -> impl Iterator<Item = String> {
    names(facts).chain(facts.parent.clone()).chain(facts.session.clone())
}

/// Everything that a leg is decided together with, by the names in an event.
pub(crate) fn decided_together(facts: &LegFacts) -> impl Iterator<Item = LegKey> {
    let provider = facts.key.provider;
    to_be_locked(facts).map(move |leg| LegKey { provider, leg })
}

fn names(facts: &LegFacts) -> impl Iterator<Item = String> {
    std::iter::once(facts.key.leg.clone()).chain(facts.other_names.clone())
}

/// Two rows that an event calls one leg. The first is the one that is preferred.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Two {
    a: String,
    b: String,
    told_as: BTreeSet<String>,
}

impl Two {
    fn is_told_by(&self, facts: &LegFacts) -> bool {
        names(facts).collect::<BTreeSet<_>>() == self.told_as
    }
}

/// The rows that events of this batch call one leg, each pair once.
fn contradicting(told: &[&LegFacts], known: &HashMap<String, String>) -> Vec<Two> {
    let mut found: Vec<Two> = Vec::new();
    for facts in told {
        let mut legs: Vec<&String> = Vec::new();
        for leg in names(facts).filter_map(|name| known.get(&name)) {
            if !legs.contains(&leg) {
                legs.push(leg);
            }
        }
        if let [a, b, ..] = legs[..] {
            let told_as = names(facts).collect();
            let two = Two { a: a.clone(), b: b.clone(), told_as };
            if !found.contains(&two) {
                found.push(two);
            }
        }
    }
    found
}

/// The names that lead nowhere yet, with the legs that they lead to from now on. Names that occur in one event belong
/// together, over any number of events; together they lead where one of them leads already, else to the one that an
/// event with several names puts first.
fn fresh_names(told: &[&LegFacts], known: &HashMap<String, String>) -> Vec<(String, String)> {
    let mut leads: BTreeMap<String, String> = BTreeMap::new();
    let mut by_names: Vec<&&LegFacts> = told.iter().collect();
    by_names.sort_by_key(|facts| std::cmp::Reverse(facts.other_names.len()));
    for facts in by_names {
        let all: Vec<String> = names(facts).collect();
        let led = all.iter().find_map(|name| known.get(name).or_else(|| leads.get(name)).cloned());
        let leg = led.unwrap_or_else(|| facts.key.leg.clone());
        for name in all {
            leads.entry(name).or_insert_with(|| leg.clone());
        }
    }
    for parent in told.iter().filter_map(|facts| facts.parent.clone()) {
        leads.entry(parent.clone()).or_insert(parent);
    }
    leads.into_iter().filter(|(name, _)| !known.contains_key(name)).collect()
}

fn rename(facts: &mut LegFacts, known: &HashMap<String, String>) {
    if let Some(leg) = known.get(&facts.key.leg) {
        facts.key.leg.clone_from(leg);
    }
    if let Some(leg) = facts.parent.as_ref().and_then(|parent| known.get(parent)) {
        facts.parent = Some(leg.clone());
    }
    facts.other_names.clear();
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
