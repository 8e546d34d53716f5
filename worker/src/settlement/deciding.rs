//! From legs to what is due: those around them are locked too, owners are looked up, and each leg gets its verdict.

use std::collections::{BTreeSet, HashMap, HashSet};

use curbe_domain::legs::duration::Basis;
use curbe_domain::legs::{LegFacts, LegKey, Recording};
use curbe_domain::phone::Address;
use uuid::Uuid;

use super::Settlement;
use super::correction::Correction;
use super::family::{Bill, Family, Verdict, parent_key};
use super::posting::Work;
use super::pricing::Due;
use super::recordings::furthest;
use crate::dead_letters::{Reason, Refusal};
use crate::store;
use crate::store::call_legs::{LegRow, Settled, SettledAs};
use crate::store::directory::{Payer, Wanted};

impl Settlement<'_> {
    /// Decides and charges whatever has ended among these legs and those around them. Returns what was refused.
    pub(super) async fn settle_legs(
        &mut self,
        legs: Vec<LegRow>,
    ) -> Result<Vec<(LegKey, Refusal)>, sqlx::Error> {
        let legs = self.with_relatives(legs).await?;
        let ended: Vec<&LegRow> = legs.iter().filter(|row| row.facts.hangup.is_some()).collect();
        if ended.iter().all(|row| is_final(row) && self.accepted_letter(row).is_none()) {
            return Ok(Vec::new());
        }
        let directory = store::directory::read(self.tx, &wanted(&legs)).await?;
        let family = Family { legs: &legs, directory: &directory, now: self.now };
        let mut decided = Decided::default();
        for row in ended {
            if family.is_uncovered(row) {
                decided.reopened.push(row.facts.key.clone());
            } else if row.settled.is_some() {
                decided.corrections.extend(family.correction(row, self.accepted_letter(row)));
                continue;
            }
            let key = row.facts.key.clone();
            match family.verdict(row) {
                Verdict::Wait => {}
                Verdict::Cover => decided.covered.push((key, COVERED)),
                Verdict::Charge(bill) => decided.bills.push((*bill, row)),
                Verdict::Refuse(refusal) => decided.refused.push((key, refusal)),
            }
        }
        let (work, mut refused) = self.with_payers(decided, &legs).await?;
        refused.extend(self.charge(work).await?);
        Ok(refused)
    }

    /// The letter whose word on this leg a person lets stand now.
    fn accepted_letter(&self, row: &LegRow) -> Option<Uuid> {
        self.accepted.as_ref().filter(|(key, _)| *key == row.facts.key).map(|(_, letter)| *letter)
    }

    /// Whose wallets pay; who has none yet is refused.
    async fn with_payers(
        &mut self,
        decided: Decided<'_>,
        legs: &[LegRow],
    ) -> Result<(Work, Vec<(LegKey, Refusal)>), sqlx::Error> {
        let Decided { bills, corrections, covered, reopened, mut refused } = decided;
        let rebilled = corrections.iter().filter_map(|correction| correction.bill.as_ref());
        let payers = self.payers(bills.iter().map(|(bill, _)| bill).chain(rebilled)).await?;
        let due = |bill: Bill, row: Option<&LegRow>| {
            let payer = payers.get(&bill.owner.organization_id)?;
            Some(Due {
                bill,
                wallet_id: payer.wallet_id,
                rate_deck: payer.rate_deck.clone(),
                provider_cost: row.and_then(|row| row.facts.billed?.cost),
                recording: row.and_then(|row| recording(row, legs, &covered)),
            })
        };
        let mut work = Work { reopened, ..Work::default() };
        for (bill, row) in bills {
            let key = bill.key.clone();
            match due(bill, Some(row)) {
                Some(due) => work.due.push(due),
                None => {
                    let words = "the organization has no user and so no wallet yet";
                    refused.push((key, Refusal::new(Reason::NoWallet, words)));
                }
            }
        }
        for correction in corrections {
            let due = correction.bill.clone().and_then(|bill| due(bill, None));
            work.corrections.push((correction, due));
        }
        work.covered = covered;
        Ok((work, refused))
    }

    /// The children of what ended, the parents that no event named this time, and the legs of the same sessions. No leg
    /// twice.
    async fn with_relatives(&mut self, mut legs: Vec<LegRow>) -> Result<Vec<LegRow>, sqlx::Error> {
        let known: HashSet<&LegKey> = legs.iter().map(|row| &row.facts.key).collect();
        let parents: BTreeSet<LegKey> = legs
            .iter()
            .filter(|row| row.settled.is_none() || row.facts.session.is_some())
            .filter(|row| row.facts.hangup.is_some())
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
        let sessions: BTreeSet<LegKey> =
            legs.iter().filter_map(|row| session_key(&row.facts)).collect();
        if !sessions.is_empty() {
            let sessions: Vec<LegKey> = sessions.into_iter().collect();
            legs.extend(store::call_legs::lock_sessions(self.tx, &sessions).await?);
        }
        let mut seen = HashSet::new();
        legs.retain(|row| seen.insert(row.facts.key.clone()));
        let keys: Vec<LegKey> = legs.iter().map(|row| row.facts.key.clone()).collect();
        let mut terms = store::authorizations::terms(self.tx, &keys).await?;
        for row in &mut legs {
            row.terms = terms.remove(&row.facts.key);
        }
        Ok(legs)
    }

    async fn payers(
        &mut self,
        bills: impl Iterator<Item = &Bill>,
    ) -> Result<HashMap<Uuid, Payer>, sqlx::Error> {
        let organizations: HashSet<Uuid> = bills.map(|bill| bill.owner.organization_id).collect();
        if organizations.is_empty() {
            return Ok(HashMap::new());
        }
        store::directory::payers(self.tx, &organizations.into_iter().collect::<Vec<_>>()).await
    }
}

/// What was decided about the legs of one batch.
#[derive(Debug, Default)]
struct Decided<'l> {
    bills: Vec<(Bill, &'l LegRow)>,
    corrections: Vec<Correction>,
    covered: Vec<(LegKey, Settled)>,
    reopened: Vec<LegKey>,
    refused: Vec<(LegKey, Refusal)>,
}

const COVERED: Settled =
    Settled { settled_as: SettledAs::Covered, seconds: 0, basis: Basis::Stated };

/// Whether nothing that may yet be told changes what was settled: what the provider states is never corrected, except
/// where another leg of the session turns out to be the one to be charged.
fn is_final(row: &LegRow) -> bool {
    row.settled.is_some_and(|settled| {
        row.facts.session.is_none()
            && (settled.settled_as == SettledAs::Covered || settled.basis == Basis::Stated)
    })
}

/// What is known of the recording of a call: of its own leg, and of those that it covers.
fn recording(row: &LegRow, legs: &[LegRow], covered: &[(LegKey, Settled)]) -> Option<Recording> {
    let is_covered_by = |other: &&LegRow| {
        let facts = &other.facts;
        let is_child = parent_key(facts).is_some_and(|parent| parent == row.facts.key);
        let is_mate = session_key(facts).is_some_and(|key| session_key(&row.facts) == Some(key));
        let is_covered = other.settled.is_some_and(|s| s.settled_as == SettledAs::Covered)
            || covered.iter().any(|(key, _)| *key == facts.key);
        (is_child || is_mate) && is_covered
    };
    std::iter::once(row)
        .chain(legs.iter().filter(is_covered_by))
        .filter_map(|row| row.facts.recording.as_ref())
        .reduce(furthest)
        .cloned()
}

fn session_key(facts: &LegFacts) -> Option<LegKey> {
    let session = facts.session.clone().filter(|_| facts.parent.is_none())?;
    Some(LegKey { provider: facts.key.provider, leg: session })
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
