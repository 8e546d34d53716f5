//! What a settlement that is rolled back has done.

use std::collections::{BTreeMap, HashMap, HashSet};

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_platform::queue::message::digest;
use uuid::Uuid;

use crate::dead_letters::report::{Difference, Fate, Outcome};
use crate::ledger::Posting;
use crate::settlement::step::Steps;
use crate::store::dead_letters::Letter;
use crate::store::{Tx, call_legs, corrections, wallets};

/// What was seen in transactions that were rolled back.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) wallets: BTreeMap<Uuid, Difference>,
}

impl Seen {
    /// Takes over what was seen in another transaction.
    pub(super) fn add(&mut self, other: Self) {
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
}

/// By what a letter is told apart: its subject, and the digest of its bytes.
type Content = (String, [u8; 32]);

/// What is noted of one transaction, part by part.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The legs that were settled before.
    before: HashSet<LegKey>,
    letters: Vec<(Uuid, Content)>,
    /// The legs that the letters have told of.
    legs: HashMap<Uuid, LegKey>,
    /// Why what was put aside was.
    buried: HashMap<Content, (String, String)>,
    posted: Vec<Posting>,
}

impl Noted {
    /// Nothing yet; these legs are settled `before`.
    pub(super) fn new(before: HashSet<LegKey>) -> Self {
        Self { before, ..Self::default() }
    }

    /// Notes a letter that would be put aside once more.
    pub(super) fn fails(&mut self, letter: &Letter, reason: &str, detail: &str) {
        self.letters.push((letter.row.id, content(letter)));
        self.buried.insert(content(letter), (reason.to_owned(), detail.to_owned()));
    }

    /// Notes what settling letters has done.
    pub(super) fn settled(&mut self, letters: &[Letter], done: &[Steps]) {
        self.letters.extend(letters.iter().map(|letter| (letter.row.id, content(letter))));
        for steps in done {
            for (place, key) in steps.legs() {
                let letter = usize::try_from(place).ok().and_then(|place| letters.get(place));
                self.legs.extend(letter.map(|letter| (letter.row.id, key.clone())));
            }
            for letter in steps.letters() {
                let why = (letter.reason.as_str().to_owned(), letter.detail.clone());
                self.buried.insert((letter.subject.clone(), digest(&letter.payload)), why);
            }
            let charges = steps.calls().iter().filter_map(|call| call.posting.as_ref());
            self.posted.extend(charges.chain(steps.corrections()).cloned());
        }
    }

    /// What became of each letter, and what moved.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn seen(&self, tx: &mut Tx) -> Result<Seen, sqlx::Error> {
        let legs: HashSet<LegKey> = self.legs.values().cloned().collect();
        let settled = call_legs::settled(tx, &legs.into_iter().collect::<Vec<_>>()).await?;
        let outcome = |(id, content): &(Uuid, Content)| {
            let failing = self.buried.get(content);
            let fate = match (failing, self.legs.get(id)) {
                (Some(_), _) => Fate::Failing,
                (None, Some(key)) if self.before.contains(key) => Fate::AlreadySettled,
                (None, Some(key)) if settled.contains(key) => Fate::Settled,
                (None, _) => Fate::Taken,
            };
            let (reason, detail) = failing.cloned().unzip();
            Outcome { id: *id, fate, reason, detail }
        };
        let outcomes = self.letters.iter().map(outcome).collect();
        Ok(Seen { outcomes, wallets: self.wallets(tx).await? })
    }

    async fn wallets(&self, tx: &mut Tx) -> Result<BTreeMap<Uuid, Difference>, sqlx::Error> {
        let again = self.legs.values().filter(|key| self.before.contains(key));
        let again: HashSet<LegKey> = again.cloned().collect();
        let paid = corrections::paid(tx, &again.into_iter().collect::<Vec<_>>()).await?;
        let ids = self.posted.iter().map(|posting| posting.wallet_id);
        let ids: HashSet<Uuid> = ids.chain(paid.iter().map(|paid| paid.wallet_id)).collect();
        let mut wallets = BTreeMap::new();
        for wallet in wallets::standings(tx, &ids.into_iter().collect::<Vec<_>>()).await? {
            let (wallet_id, currency) = (wallet.wallet_id, wallet.currency);
            let (amount, already) = (Money::ZERO, Money::ZERO);
            let fresh = Difference { wallet_id, postings: 0, amount, already, currency };
            wallets.insert(wallet_id, fresh);
        }
        for posting in &self.posted {
            if let Some(wallet) = wallets.get_mut(&posting.wallet_id) {
                wallet.postings += 1;
                wallet.amount = sum(wallet.amount, posting.amount);
            }
        }
        for paid in paid {
            if let Some(wallet) = wallets.get_mut(&paid.wallet_id) {
                // Without what would be posted now.
                let now = self.posted.iter();
                let now = now.filter(|posting| posting.call_log_id == Some(paid.call_log_id));
                let now = now.fold(Money::ZERO, |total, posting| sum(total, posting.amount));
                wallet.already = sum(wallet.already, sum(paid.amount, now.negated()));
            }
        }
        Ok(wallets)
    }
}

fn content(letter: &Letter) -> Content {
    (letter.row.subject.clone(), digest(&letter.payload))
}

/// A sum that is only shown: one that does not fit stays at the limit of what does.
fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(if b < Money::ZERO { Money::MAX.negated() } else { Money::MAX })
}
