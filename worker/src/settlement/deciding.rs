//! From legs to what is due: those around them are locked too, owners are looked up, and each leg gets its verdict.

use std::collections::{BTreeSet, HashMap, HashSet};

use curbe_domain::legs::{LegKey, Recording};
use curbe_domain::phone::Address;
use uuid::Uuid;

use super::Settlement;
use super::family::{Bill, Family, Verdict, parent_key};
use super::pricing::Due;
use crate::dead_letters::{Reason, Refusal};
use crate::store;
use crate::store::call_legs::LegRow;
use crate::store::directory::{Payer, Wanted};

impl Settlement<'_> {
    /// Decides and charges whatever has ended among these legs and those around them. Returns what was refused.
    pub(super) async fn settle_legs(
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

    /// The children of what ended, and the parents that no event named this time. No leg twice.
    async fn with_relatives(&mut self, mut legs: Vec<LegRow>) -> Result<Vec<LegRow>, sqlx::Error> {
        let known: HashSet<&LegKey> = legs.iter().map(|row| &row.facts.key).collect();
        let parents: BTreeSet<LegKey> = legs
            .iter()
            .filter(|row| row.settled_as.is_none() && row.facts.hangup.is_some())
            .filter_map(|row| parent_key(&row.facts))
            .filter(|parent| !known.contains(parent))
            .collect();
        if !parents.is_empty() {
            let parents: Vec<LegKey> = parents.into_iter().collect();
            legs.extend(store::call_legs::lock(self.tx, &parents).await?);
        }
        let roots: Vec<LegKey> = legs
            .iter()
            .filter(|row| row.facts.hangup.is_some() && row.facts.parent.is_none())
            .map(|row| row.facts.key.clone())
            .collect();
        if !roots.is_empty() {
            legs.extend(store::call_legs::lock_children(self.tx, &roots).await?);
        }
        let mut seen = HashSet::new();
        legs.retain(|row| seen.insert(row.facts.key.clone()));
        Ok(legs)
    }

    async fn payers(
        &mut self,
        due: &[(Bill, Option<Recording>)],
    ) -> Result<HashMap<Uuid, Payer>, sqlx::Error> {
        let organizations: HashSet<Uuid> =
            due.iter().map(|(bill, _)| bill.owner.organization_id).collect();
        if organizations.is_empty() {
            return Ok(HashMap::new());
        }
        store::directory::payers(self.tx, &organizations.into_iter().collect::<Vec<_>>()).await
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
