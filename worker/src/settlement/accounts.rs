//! Whose account tells of a leg. A webhook is proven by the secrets of the account that it names, and a leg is of one
//! account: another one's word on it, however well signed, takes nothing over.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::{LegFacts, LegKey};
use curbe_domain::providers::Provider;

use super::Settlement;
use super::message::Message;
use crate::dead_letters::{Reason, Refusal};
use crate::store::call_legs::{self, LegNews, LegRow};

impl Settlement<'_> {
    /// Where the events of this batch name two accounts for a leg, those of its own stay: of the one that is known, else
    /// of the one told first.
    pub(super) async fn refuse_second_accounts(
        &mut self,
        news: &mut Vec<(&Message, LegNews)>,
    ) -> Result<(), sqlx::Error> {
        let mut accounts: HashMap<LegKey, String> = HashMap::new();
        let mut contested = HashSet::new();
        for (_, LegNews { facts, .. }) in news.iter() {
            let Some(account) = &facts.account else { continue };
            let first = accounts.entry(facts.key.clone()).or_insert_with(|| account.clone());
            if first != account {
                contested.insert(facts.key.clone());
            }
        }
        if contested.is_empty() {
            return Ok(());
        }
        let contested: Vec<LegKey> = contested.into_iter().collect();
        accounts.extend(call_legs::accounts(self.tx, &contested).await?);
        self.keep(news, |facts| {
            facts.account.as_ref().is_none_or(|account| accounts.get(&facts.key) == Some(account))
        });
        Ok(())
    }

    /// The rows of other accounts were not merged into.
    pub(super) fn refuse_other_accounts(
        &mut self,
        news: &mut Vec<(&Message, LegNews)>,
        legs: &[LegRow],
    ) {
        let merged: HashSet<&LegKey> = legs.iter().map(|row| &row.facts.key).collect();
        self.keep(news, |facts| merged.contains(&facts.key));
    }

    fn keep(&mut self, news: &mut Vec<(&Message, LegNews)>, is_kept: impl Fn(&LegFacts) -> bool) {
        news.retain(|(message, LegNews { facts, .. })| {
            let keep = is_kept(facts);
            if !keep {
                let refusal = Refusal::new(Reason::Conflict, "the leg is another account's");
                self.letters.push(message.dead_letter(refusal, Some(&facts.key)));
            }
            keep
        });
    }
}

/// Whether one of two legs may speak for the other. Legs of one call at Telnyx may be of different connections.
pub(super) fn are_of_one_account(leg: &LegFacts, other: &LegFacts) -> bool {
    leg.key.provider == Provider::Telnyx
        || match (&leg.account, &other.account) {
            (Some(account), Some(other)) => account == other,
            (None, _) | (_, None) => true,
        }
}
