//! Which leg of a call is charged: a pure decision about a leg, its parent and its children.
//!
//! The leg that the provider asked about is charged. The leg that it dialled on the customer's behalf is covered by
//! it, except where the first came in to the customer and was forwarded: then the forwarding is a call of its own.

use curbe_domain::legs::duration::{ANSWER_PATIENCE, Ended, Unknown, ended};
use curbe_domain::legs::{Direction, LegFacts, LegKey, Outcome};
use curbe_domain::ownership::{Directory, Owner, OwnershipError, Parties};
use curbe_domain::phone::{Address, E164};
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use time::{Duration, OffsetDateTime};

use super::accounts::are_of_one_account;
use super::session::{Place, is_earlier};
use crate::dead_letters::{Reason, Refusal};
use crate::store::authorizations::Terms;
use crate::store::call_legs::{LegRow, SettledAs};

/// The longest call there is (4 h), ten minutes more for its events to arrive.
pub const PARENT_PATIENCE: Duration = Duration::minutes(4 * 60 + 10);
/// A spoken refusal is over long before. Whoever was refused and yet talked is looked at by a person.
const REFUSED_SECONDS_MAX: u32 = 5 * 60;
/// How long a call to no number waits for the leg that says whom it reached.
pub const CHILD_PATIENCE: Duration = Duration::minutes(1);

/// A leg that is to be charged, or logged as free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Which.
    pub key: LegKey,
    /// Who pays, from which side.
    pub owner: Owner,
    /// `From` as it is logged.
    pub from: String,
    /// `To` as it is logged.
    pub to: String,
    /// The number that it is rated by; `None` where there is none to be found.
    pub rated_number: Option<E164>,
    /// How its price is found.
    pub basis: PriceBasis,
    /// Its end.
    pub ended: Ended,
}

/// How the price of a leg is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceBasis {
    /// By the deck in force when it started.
    Deck,
    /// By what it was authorized on; without a rate it costs nothing.
    Agreed(Option<Rate>),
    /// It was refused before it began, and costs nothing.
    Refused,
}

/// What is to become of a leg that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another leg must be heard of first.
    Wait,
    /// Another leg of the call is charged for it.
    Cover,
    /// It is charged.
    Charge(Box<Bill>),
    /// It cannot be decided without a person.
    Refuse(Refusal),
}

/// A leg with those around it.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// Every leg that was locked.
    pub legs: &'a [LegRow],
    /// What is assigned to whom.
    pub directory: &'a Directory,
    /// The time of the decision.
    pub now: OffsetDateTime,
}

impl Family<'_> {
    /// Decides about a leg that has ended and is not settled.
    #[must_use]
    pub fn verdict(&self, leg: &LegRow) -> Verdict {
        let ended = match self.ended(leg) {
            Ok(ended) => ended,
            Err(Unknown::Yet) => return Verdict::Wait,
            Err(unknown @ (Unknown::Beginning | Unknown::TooLong)) => {
                return Verdict::Refuse(Refusal::new(
                    Reason::DurationAmbiguous,
                    unknown.to_string(),
                ));
            }
        };
        match self.by_itself(leg, &ended) {
            Verdict::Charge(bill) => self.unless_charged_by_its_child(leg, bill),
            other @ (Verdict::Wait | Verdict::Cover | Verdict::Refuse(_)) => other,
        }
    }

    fn by_itself(&self, leg: &LegRow, ended: &Ended) -> Verdict {
        if leg.terms.is_some() || leg.refusal.is_some() {
            return self.asked(leg, ended);
        }
        match (parent_key(&leg.facts), self.place(leg, ended)) {
            (Some(parent), _) => self.child(leg, ended, self.find(&parent)),
            (None, Place::Behind) => Verdict::Cover,
            (None, Place::Unknown) => Verdict::Wait,
            (None, Place::First) => self.root(leg, ended),
        }
    }

    /// A leg that was told of so late that another one, which it would have covered, was charged without it: charged as
    /// well, the call would be paid twice.
    fn unless_charged_by_its_child(&self, leg: &LegRow, bill: Box<Bill>) -> Verdict {
        let would_be_covered = |child: &&LegRow| {
            child.is_alone
                && child.settled.is_some_and(|s| s.settled_as == SettledAs::Charged)
                && parent_key(&child.facts).is_some_and(|parent| parent == leg.facts.key)
                && self
                    .ended(child)
                    .is_ok_and(|ended| self.child(child, &ended, Some(leg)) == Verdict::Cover)
        };
        match self.legs.iter().find(would_be_covered) {
            None => Verdict::Charge(bill),
            Some(child) => Verdict::Refuse(Refusal::new(
                Reason::Conflict,
                format!(
                    "leg {} of the same call was charged alone before this one was told of: adjust by hand what differs \
                     (`curbe wallets adjust`), and discard the letter",
                    child.facts.key.leg
                ),
            )),
        }
    }

    /// The bill of a leg that was settled before and is to be priced anew; `None` where nobody can say whose it is.
    #[must_use]
    pub fn rebill(&self, leg: &LegRow, ended: &Ended) -> Option<Bill> {
        if leg.terms.is_some() || leg.refusal.is_some() {
            return match self.asked(leg, ended) {
                Verdict::Charge(bill) => Some(*bill),
                Verdict::Wait | Verdict::Cover | Verdict::Refuse(_) => None,
            };
        }
        if let Some(parent) = parent_key(&leg.facts) {
            return match self.child(leg, ended, self.find(&parent)) {
                Verdict::Charge(bill) => Some(*bill),
                Verdict::Wait | Verdict::Cover | Verdict::Refuse(_) => None,
            };
        }
        let owner = self.owner(leg, ended).ok()?;
        let number = number(leg.facts.to.as_deref()).or_else(|| self.number_reached(leg));
        Some(bill(&leg.facts, ended, owner, number))
    }

    /// How a leg ended and how long it lasted, as far as that is known now.
    ///
    /// # Errors
    /// As [`ended`].
    pub fn ended(&self, row: &LegRow) -> Result<Ended, Unknown> {
        ended(&row.facts, self.within(ANSWER_PATIENCE, row))
    }

    /// Whether less time went by since the end of a leg was heard of. By our own clock: a provider's may be wrong.
    pub(super) fn within(&self, patience: Duration, leg: &LegRow) -> bool {
        leg.heard_at.is_none_or(|heard_at| self.now < heard_at + patience)
    }

    pub(super) fn find(&self, key: &LegKey) -> Option<&LegRow> {
        self.legs.iter().find(|row| row.facts.key == *key)
    }

    /// A leg that asked before it began: it is settled on the terms that it was authorized on, whatever else is known of
    /// it; refused, it costs nothing.
    fn asked(&self, row: &LegRow, ended: &Ended) -> Verdict {
        // Whosever it is: what nobody knows must not be free either.
        if row.terms.is_none() && ended.seconds > REFUSED_SECONDS_MAX {
            let words = format!("it was refused before it began, and lasted {} s", ended.seconds);
            return Verdict::Refuse(Refusal::new(Reason::Conflict, words));
        }
        let Ok(owner) = self.owner(row, ended) else {
            // Nobody has a log that it could stand in.
            return Verdict::Cover;
        };
        let bill = match &row.terms {
            Some(terms) => Bill {
                rated_number: terms.number.clone(),
                basis: PriceBasis::Agreed(terms.rate.clone()),
                ..bill(&row.facts, ended, owner, None)
            },
            None => Bill { basis: PriceBasis::Refused, ..bill(&row.facts, ended, owner, None) },
        };
        Verdict::Charge(Box::new(bill))
    }

    fn root(&self, row: &LegRow, ended: &Ended) -> Verdict {
        let leg = &row.facts;
        if self.lacks_word(row, ended) {
            return Verdict::Wait;
        }
        let owner = match self.owner(row, ended) {
            Ok(owner) => owner,
            Err(error) => return Verdict::Refuse(refusal(&error)),
        };
        let own_number = number(leg.to.as_deref());
        let rated_number = match owner.direction {
            Direction::Inbound => own_number,
            Direction::Outbound => own_number.or_else(|| self.number_reached(row)),
        };
        let may_yet_be_told =
            owner.direction == Direction::Outbound && self.within(CHILD_PATIENCE, row);
        if rated_number.is_none() && ended.seconds > 0 && may_yet_be_told {
            return Verdict::Wait;
        }
        Verdict::Charge(Box::new(bill(leg, ended, owner, rated_number)))
    }

    pub(super) fn child(&self, row: &LegRow, ended: &Ended, parent: Option<&LegRow>) -> Verdict {
        let leg = &row.facts;
        let known = parent.and_then(|parent| Some((parent, self.ended(parent).ok()?)));
        let Some((parent, parent_ended)) = known else {
            return self.orphan(row, ended);
        };
        if !are_of_one_account(leg, &parent.facts) {
            let words = "the leg that it says has caused it is another account's";
            return Verdict::Refuse(Refusal::new(Reason::OwnerConflict, words));
        }
        let owner = match self.owner(parent, &parent_ended) {
            Ok(owner) => owner,
            Err(error) => return Verdict::Refuse(refusal(&error)),
        };
        match (owner.direction, number(leg.to.as_deref())) {
            // Nobody's minutes are bought for a leg to the customer's own softphone or SIP address.
            (_, None) => Verdict::Cover,
            (Direction::Outbound, Some(reached)) if pays_for_a_call_to(parent, &reached) => {
                Verdict::Cover
            }
            (Direction::Outbound | Direction::Inbound, reached @ Some(_)) => {
                let owner = Owner { direction: Direction::Outbound, ..owner };
                Verdict::Charge(Box::new(bill(leg, ended, owner, reached)))
            }
        }
    }

    fn orphan(&self, row: &LegRow, ended: &Ended) -> Verdict {
        if row.is_alone {
            return self.root(row, ended);
        }
        if self.within(PARENT_PATIENCE, row) {
            return Verdict::Wait;
        }
        Verdict::Refuse(Refusal::new(
            Reason::ParentMissing,
            "the leg that caused this one was never reported as ended",
        ))
    }

    /// Whose a leg is: as it was authorized, else by the directory.
    pub(super) fn owner(&self, row: &LegRow, ended: &Ended) -> Result<Owner, OwnershipError> {
        match &row.terms {
            Some(Terms { organization_id: Some(organization_id), user_id, direction, .. }) => {
                let (organization_id, user_id) = (*organization_id, *user_id);
                Ok(Owner { organization_id, user_id, direction: *direction })
            }
            Some(_) | None => self.directory.owner(&parties(&row.facts, ended)),
        }
    }

    /// Whether only the provider can say in which direction the call went, and may yet say so: Telnyx tells it with the
    /// beginning of a leg, not with its end.
    fn lacks_word(&self, row: &LegRow, ended: &Ended) -> bool {
        row.facts.key.provider == Provider::Telnyx
            && row.facts.direction.is_none()
            && self.within(ANSWER_PATIENCE, row)
            && self.directory.own_direction(&parties(&row.facts, ended)).is_none()
    }

    /// The number that a softphone's call reached: that of the leg, among those it caused, that talked longest.
    fn number_reached(&self, parent: &LegRow) -> Option<E164> {
        let talked = |row: &LegRow| {
            let ended = self.ended(row).ok();
            ended.filter(|ended| ended.outcome == Outcome::Completed).map_or(0, |e| e.seconds)
        };
        self.legs
            .iter()
            .filter(|row| {
                let is_child = parent_key(&row.facts).is_some_and(|key| key == parent.facts.key);
                (is_child || is_earlier(parent, row))
                    && are_of_one_account(&row.facts, &parent.facts)
            })
            .filter_map(|row| Some((talked(row), &row.facts.key, number(row.facts.to.as_deref())?)))
            .max_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)))
            .map(|(_, _, number)| number)
    }
}

/// The leg that caused this one.
#[must_use]
pub fn parent_key(leg: &LegFacts) -> Option<LegKey> {
    let parent = leg.parent.clone()?;
    Some(LegKey { provider: leg.key.provider, leg: parent })
}

fn bill(leg: &LegFacts, ended: &Ended, owner: Owner, rated_number: Option<E164>) -> Bill {
    Bill {
        key: leg.key.clone(),
        owner,
        from: leg.from.clone().unwrap_or_default(),
        to: leg.to.clone().unwrap_or_default(),
        rated_number,
        basis: PriceBasis::Deck,
        ended: ended.clone(),
    }
}

/// Whether a call that was paid for reaches this number. One that was authorized reaches whom it was authorized for; one
/// that was refused, nobody. Of any other one only the provider's word is known.
pub(super) fn pays_for_a_call_to(parent: &LegRow, reached: &E164) -> bool {
    match &parent.terms {
        Some(terms) => terms.number.as_ref() == Some(reached),
        None => parent.refusal.is_none(),
    }
}

fn parties<'a>(leg: &'a LegFacts, ended: &Ended) -> Parties<'a> {
    Parties {
        provider: leg.key.provider,
        account: leg.account.as_deref(),
        from: address(leg.from.as_deref()),
        to: address(leg.to.as_deref()),
        direction: leg.direction,
        at: ended.started_at(),
    }
}

fn address(text: Option<&str>) -> Address {
    text.map_or(Address::Other, Address::parse)
}

pub(super) fn number(text: Option<&str>) -> Option<E164> {
    address(text).number().cloned()
}

fn refusal(error: &OwnershipError) -> Refusal {
    let reason = match error {
        OwnershipError::Unknown => Reason::UnknownOwner,
        OwnershipError::Conflict { .. } => Reason::OwnerConflict,
    };
    Refusal::new(reason, error.to_string())
}

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
