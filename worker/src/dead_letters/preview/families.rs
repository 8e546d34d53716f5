//! Which letters are to be looked at together: those of the legs of one call, since what one of them leads to depends on
//! the others; those of different calls do not depend on each other.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use curbe_domain::authorization::CreditEvent;
use curbe_domain::legs::LegKey;
use sqlx::PgPool;
use uuid::Uuid;

use super::is_decision;
use crate::dead_letters::{leg_of, republish};
use crate::settlement;
use crate::settlement::message::Message;
use crate::store::dead_letters::{self, Letter};
use crate::store::transaction::{self, TransactionError};
use crate::store::{Tx, call_legs};

/// Letters that are read in one statement.
pub(super) const READ_TOGETHER: usize = 1_000;

/// The letters of one call, in their order.
pub(super) type Family = Vec<Uuid>;

/// A letter with every leg that it tells of.
type Named = (Uuid, Vec<LegKey>);

/// These letters by their calls, in the order of each call's first.
///
/// # Errors
/// What the database says.
pub(super) async fn families(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<Family>, TransactionError> {
    let mut all = Families::default();
    for chunk in ids.chunks(READ_TOGETHER) {
        let wanted = chunk.to_vec();
        let read =
            transaction::run(pool, move |tx| Box::pin(async move { read(tx, &wanted).await }));
        let (letters, related) = read.await?;
        related.iter().for_each(|legs| all.join(legs));
        letters.into_iter().for_each(|(letter, legs)| all.add(letter, &legs));
    }
    Ok(all.grouped())
}

async fn read(tx: &mut Tx, ids: &[Uuid]) -> Result<(Vec<Named>, Vec<Vec<LegKey>>), sqlx::Error> {
    let letters = dead_letters::letters(tx, ids).await?;
    let named: Vec<Named> = letters.iter().map(|letter| (letter.row.id, legs(letter))).collect();
    let names: Vec<LegKey> = named.iter().flat_map(|(_, legs)| legs.clone()).collect();
    Ok((named, call_legs::relatives(tx, &names).await?))
}

/// Whatever panics as it is read is by itself, as far as its row does not say more.
fn legs(letter: &Letter) -> Vec<LegKey> {
    let message = republish::message(letter, 0);
    let told = catch_unwind(AssertUnwindSafe(|| told_of(&message)));
    told.unwrap_or_default().into_iter().chain(leg_of(letter)).collect()
}

fn told_of(message: &Message) -> Vec<LegKey> {
    if is_decision(message) {
        let decision = serde_json::from_slice::<CreditEvent>(&message.payload);
        return decision.map(|decision| vec![decision.key()]).unwrap_or_default();
    }
    let told = message.read();
    told.map(|told| settlement::decided_together(&told.facts).collect()).unwrap_or_default()
}

/// Legs that belong together, each by what leads to the first of them.
#[derive(Debug, Default)]
struct Families {
    known: HashMap<LegKey, usize>,
    leads_to: Vec<usize>,
    /// Each letter with one of its legs, or with nobody's.
    letters: Vec<(Uuid, usize)>,
}

impl Families {
    fn add(&mut self, letter: Uuid, legs: &[LegKey]) {
        self.join(legs);
        let place = match legs.first() {
            Some(leg) => self.place(leg),
            None => self.next_place(),
        };
        self.letters.push((letter, place));
    }

    fn join(&mut self, legs: &[LegKey]) {
        let mut places = legs.iter().map(|leg| self.place(leg)).collect::<Vec<_>>().into_iter();
        let Some(first) = places.next() else { return };
        for other in places {
            let (first, other) = (self.root(first), self.root(other));
            self.leads_to[other] = first;
        }
    }

    fn place(&mut self, leg: &LegKey) -> usize {
        if let Some(place) = self.known.get(leg) {
            return *place;
        }
        let place = self.next_place();
        self.known.insert(leg.clone(), place);
        place
    }

    fn next_place(&mut self) -> usize {
        self.leads_to.push(self.leads_to.len());
        self.leads_to.len() - 1
    }

    /// Where a place leads in the end; the way there is shortened for the next who asks.
    fn root(&mut self, mut place: usize) -> usize {
        while self.leads_to[place] != place {
            self.leads_to[place] = self.leads_to[self.leads_to[place]];
            place = self.leads_to[place];
        }
        place
    }

    fn grouped(mut self) -> Vec<Family> {
        let mut families: Vec<Family> = Vec::new();
        let mut of_roots: HashMap<usize, usize> = HashMap::new();
        for (letter, place) in std::mem::take(&mut self.letters) {
            let family = *of_roots.entry(self.root(place)).or_insert(families.len());
            if family == families.len() {
                families.push(Vec::new());
            }
            families[family].push(letter);
        }
        families
    }
}

#[cfg(test)]
mod tests {
    use curbe_domain::providers::Provider;

    use super::*;

    #[test]
    fn letters_of_one_call_stay_together_however_they_are_named() {
        let leg = |leg: &str| LegKey { provider: Provider::Telnyx, leg: leg.to_owned() };
        let other = LegKey { provider: Provider::Twilio, leg: "a".to_owned() };
        let letter = Uuid::from_u128;
        let mut families = Families::default();
        families.add(letter(1), &[leg("a")]);
        families.add(letter(2), &[]);
        families.add(letter(3), &[leg("b"), leg("session")]);
        families.add(letter(4), &[other]);
        families.add(letter(5), &[]);
        families.add(letter(6), &[leg("session"), leg("c")]);
        // By its row, a is another name of what c has caused.
        families.join(&[leg("a"), leg("d"), leg("c")]);
        families.add(letter(7), &[leg("d")]);
        let expected =
            [&[1, 3, 6, 7][..], &[2], &[4], &[5]].map(|ids| ids.iter().copied().map(letter));
        assert_eq!(families.grouped(), expected.map(Iterator::collect::<Vec<_>>));
    }
}
