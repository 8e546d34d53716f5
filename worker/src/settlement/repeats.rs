//! News of legs that were settled before: announced again, since whoever settled them may have died before he could; and
//! what is told only now of their costs and recordings goes into their logs.

use std::collections::HashSet;

use curbe_domain::legs::LegKey;
use uuid::Uuid;

use super::message::Message;
use super::step::Step;
use super::{Settlement, announce, recordings};
use crate::store::call_legs::{LegNews, LegRow, SettledAs};
use crate::store::{self, call_logs};

impl Settlement<'_> {
    /// What the provider charges for calls that are logged already.
    pub(super) async fn tell_costs(
        &mut self,
        news: &[(&Message, LegNews)],
        legs: &[LegRow],
    ) -> Result<(), sqlx::Error> {
        let told: HashSet<&LegKey> = news
            .iter()
            .filter(|(_, told)| told.facts.billed.is_some())
            .map(|(_, told)| &told.facts.key)
            .collect();
        let logged = legs.iter().filter(|row| {
            told.contains(&row.facts.key)
                && row.settled.is_some_and(|settled| settled.settled_as != SettledAs::Covered)
        });
        let cost = |row: &LegRow| Some((row.facts.key.clone(), row.facts.billed?.cost?));
        let costs: Vec<_> = logged.filter_map(cost).collect();
        store::corrections::tell_costs(self.tx, &costs).await
    }

    /// The legs told of that were settled before. The wallets that their recordings may move are noted, to be locked
    /// together with those that are charged.
    pub(super) async fn repeats(
        &mut self,
        news: &[(&Message, LegNews)],
        legs: &[LegRow],
    ) -> Result<Vec<LegKey>, sqlx::Error> {
        let settled: HashSet<&LegKey> =
            legs.iter().filter(|row| row.settled.is_some()).map(|row| &row.facts.key).collect();
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
            self.note_recordings(legs, &recorded).await?;
        }
        Ok(keys.into_iter().collect())
    }

    /// The recording of a leg that another one covers goes into the other one's log.
    async fn note_recordings(
        &mut self,
        legs: &[LegRow],
        recorded: &HashSet<LegKey>,
    ) -> Result<(), sqlx::Error> {
        let told: Vec<&LegRow> =
            legs.iter().filter(|row| recorded.contains(&row.facts.key)).collect();
        let covered: Vec<LegKey> = told
            .iter()
            .filter(|row| row.settled.is_some_and(|s| s.settled_as == SettledAs::Covered))
            .map(|row| row.facts.key.clone())
            .collect();
        let covering = store::call_legs::covering(self.tx, &covered).await?;
        let with_recording = told.iter().filter_map(|row| {
            let key = covering.get(&row.facts.key).unwrap_or(&row.facts.key);
            Some((key.clone(), row.facts.recording.clone()?))
        });
        self.recorded = with_recording.collect();
        let logged: Vec<LegKey> = self.recorded.iter().map(|(key, _)| key.clone()).collect();
        let calls = call_logs::of_legs(self.tx, &logged).await?;
        self.recorded_wallets = calls.iter().map(|call| call.wallet_id).collect();
        Ok(())
    }

    /// What was settled before is announced again: whoever settled it may have died before he could.
    pub(super) async fn announce_repeats(&mut self, keys: &[LegKey]) -> Result<(), sqlx::Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let recorded = recordings::attach(self.tx, &self.recorded, self.now).await?;
        let covering = self.recorded.iter().map(|(key, _)| key.clone());
        let keys: Vec<LegKey> = keys.iter().cloned().chain(covering).collect();
        let logged = call_logs::of_legs(self.tx, &keys).await?;
        let wallets: Vec<Uuid> = logged.iter().map(|call| call.wallet_id).collect();
        self.settled.announcement.notices.extend(logged.iter().flat_map(announce::repeated));
        self.settled
            .announcement
            .wallets
            .extend(store::wallets::states_of(self.tx, &wallets).await?);
        let over = store::authorizations::settled(self.tx, &keys).await?;
        self.settled.announcement.dropped.extend(over);
        self.settled.steps.recorded(recorded);
        Ok(())
    }
}
