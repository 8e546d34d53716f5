//! Which leg of a call is charged: a pure decision about a leg, its parent and its children.
//!
//! The leg that the provider asked about is charged. The leg that it dialled on the customer's behalf is covered by
//! it, except where the first came in to the customer and was forwarded: then the forwarding is a call of its own.

use curbe_domain::legs::{Direction, Hangup, LegFacts, LegKey, Outcome};
use curbe_domain::ownership::{Directory, Owner, OwnershipError, Parties};
use curbe_domain::phone::{Address, E164};
use time::{Duration, OffsetDateTime};

use crate::dead_letters::{Reason, Refusal};
use crate::store::call_legs::LegRow;

/// The longest call there is (4 h), ten minutes more for its events to arrive.
pub const PARENT_PATIENCE: Duration = Duration::minutes(4 * 60 + 10);
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
    /// Its end.
    pub hangup: Hangup,
}

impl Bill {
    /// When it was answered: the end less the duration.
    #[must_use]
    pub fn started_at(&self) -> OffsetDateTime {
        self.hangup.ended_at - Duration::seconds(i64::from(self.hangup.seconds))
    }
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
    pub fn verdict(&self, leg: &LegRow, hangup: &Hangup) -> Verdict {
        match parent_key(&leg.facts) {
            None => self.root(leg, hangup),
            Some(parent) => self.child(leg, hangup, self.find(&parent)),
        }
    }

    /// Whether less time went by since the end of a leg was heard of. By our own clock: a provider's may be wrong.
    fn within(&self, patience: Duration, leg: &LegRow) -> bool {
        leg.heard_at.is_none_or(|heard_at| self.now < heard_at + patience)
    }

    fn find(&self, key: &LegKey) -> Option<&LegFacts> {
        self.legs.iter().map(|row| &row.facts).find(|facts| facts.key == *key)
    }

    fn root(&self, row: &LegRow, hangup: &Hangup) -> Verdict {
        let leg = &row.facts;
        let owner = match self.owner(leg, hangup) {
            Ok(owner) => owner,
            Err(error) => return Verdict::Refuse(refusal(&error)),
        };
        let own_number = number(leg.to.as_deref());
        let rated_number = match owner.direction {
            Direction::Inbound => own_number,
            Direction::Outbound => own_number.or_else(|| self.number_reached(&leg.key)),
        };
        let may_yet_be_told =
            owner.direction == Direction::Outbound && self.within(CHILD_PATIENCE, row);
        if rated_number.is_none() && hangup.seconds > 0 && may_yet_be_told {
            return Verdict::Wait;
        }
        Verdict::Charge(Box::new(bill(leg, hangup, owner, rated_number)))
    }

    fn child(&self, row: &LegRow, hangup: &Hangup, parent: Option<&LegFacts>) -> Verdict {
        let leg = &row.facts;
        let ended = parent.and_then(|parent| Some((parent, parent.hangup.as_ref()?)));
        let Some((parent, parent_hangup)) = ended else {
            return self.orphan(row);
        };
        let owner = match self.owner(parent, parent_hangup) {
            Ok(owner) => owner,
            Err(error) => return Verdict::Refuse(refusal(&error)),
        };
        match (owner.direction, number(leg.to.as_deref())) {
            // Nobody's minutes are bought for a leg to the customer's own softphone or SIP address.
            (Direction::Outbound, _) | (Direction::Inbound, None) => Verdict::Cover,
            (Direction::Inbound, reached @ Some(_)) => {
                let owner = Owner { direction: Direction::Outbound, ..owner };
                Verdict::Charge(Box::new(bill(leg, hangup, owner, reached)))
            }
        }
    }

    fn orphan(&self, row: &LegRow) -> Verdict {
        if self.within(PARENT_PATIENCE, row) {
            return Verdict::Wait;
        }
        Verdict::Refuse(Refusal::new(
            Reason::ParentMissing,
            "the leg that caused this one was never reported as ended",
        ))
    }

    fn owner(&self, leg: &LegFacts, hangup: &Hangup) -> Result<Owner, OwnershipError> {
        self.directory.owner(&Parties {
            provider: leg.key.provider,
            account: leg.account.as_deref(),
            from: address(leg.from.as_deref()),
            to: address(leg.to.as_deref()),
            direction: leg.direction,
            at: hangup.ended_at - Duration::seconds(i64::from(hangup.seconds)),
        })
    }

    /// The number that a softphone's call reached: that of the child that talked longest.
    fn number_reached(&self, parent: &LegKey) -> Option<E164> {
        let talked = |leg: &LegFacts| {
            let hangup = leg.hangup.as_ref();
            hangup.filter(|h| h.outcome == Outcome::Completed).map_or(0, |hangup| hangup.seconds)
        };
        self.legs
            .iter()
            .map(|row| &row.facts)
            .filter(|leg| {
                leg.key.provider == parent.provider && leg.parent.as_ref() == Some(&parent.leg)
            })
            .filter_map(|leg| Some((talked(leg), &leg.key, number(leg.to.as_deref())?)))
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

fn bill(leg: &LegFacts, hangup: &Hangup, owner: Owner, rated_number: Option<E164>) -> Bill {
    Bill {
        key: leg.key.clone(),
        owner,
        from: leg.from.clone().unwrap_or_default(),
        to: leg.to.clone().unwrap_or_default(),
        rated_number,
        hangup: hangup.clone(),
    }
}

fn address(text: Option<&str>) -> Address {
    text.map_or(Address::Other, Address::parse)
}

fn number(text: Option<&str>) -> Option<E164> {
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
mod tests {
    use super::*;
    use curbe_domain::ownership::{Member, NumberAssignment};
    use curbe_domain::providers::Provider;
    use std::collections::HashMap;
    use time::macros::datetime;
    use uuid::Uuid;

    const NOW: OffsetDateTime = datetime!(2026-11-20 10:00 UTC);
    const OURS: &str = "+14150000001";
    const THEIRS: &str = "+525512345678";
    const ALICE: Member =
        Member { user_id: Uuid::from_u128(11), organization_id: Uuid::from_u128(1) };

    fn directory() -> Directory {
        let assignment = NumberAssignment { member: ALICE, valid_from: None, valid_to: None };
        Directory {
            numbers: HashMap::from([(OURS.to_owned(), vec![assignment])]),
            ..Directory::default()
        }
    }

    fn key(leg: &str) -> LegKey {
        LegKey { provider: Provider::Twilio, leg: leg.to_owned() }
    }

    fn leg(name: &str, parent: Option<&str>, from: &str, to: &str, seconds: Option<u32>) -> LegRow {
        let hangup = |seconds| Hangup {
            outcome: Outcome::Completed,
            seconds,
            ended_at: NOW - Duration::seconds(1),
        };
        LegRow {
            facts: LegFacts {
                parent: parent.map(str::to_owned),
                from: Some(from.to_owned()),
                to: Some(to.to_owned()),
                hangup: seconds.map(hangup),
                ..LegFacts::named(key(name))
            },
            settled_as: None,
            heard_at: seconds.map(|_| NOW - Duration::seconds(1)),
        }
    }

    fn verdict(legs: &[LegRow], name: &str, now: OffsetDateTime) -> Verdict {
        let directory = directory();
        let row = legs.iter().find(|row| row.facts.key == key(name)).unwrap();
        Family { legs, directory: &directory, now }.verdict(row, row.facts.hangup.as_ref().unwrap())
    }

    fn charged(verdict: Verdict) -> (Direction, Option<String>) {
        match verdict {
            Verdict::Charge(bill) => {
                (bill.owner.direction, bill.rated_number.map(|n| n.to_string()))
            }
            other @ (Verdict::Wait | Verdict::Cover | Verdict::Refuse(_)) => {
                panic!("not charged but {other:?}")
            }
        }
    }

    #[test]
    fn a_call_of_one_leg_is_charged() {
        let legs = [leg("A", None, OURS, THEIRS, Some(61))];
        assert_eq!(
            charged(verdict(&legs, "A", NOW)),
            (Direction::Outbound, Some(THEIRS.to_owned()))
        );
    }

    #[test]
    fn the_child_of_an_outbound_call_is_covered_by_it() {
        let legs =
            [leg("A", None, OURS, THEIRS, Some(61)), leg("B", Some("A"), OURS, THEIRS, Some(50))];
        assert_eq!(verdict(&legs, "B", NOW), Verdict::Cover);
        assert!(matches!(verdict(&legs, "A", NOW), Verdict::Charge(_)));
    }

    #[test]
    fn a_child_waits_for_its_parent_but_not_forever() {
        for legs in [
            vec![leg("A", None, OURS, THEIRS, None), leg("B", Some("A"), OURS, THEIRS, Some(50))],
            vec![leg("B", Some("A"), OURS, THEIRS, Some(50))],
        ] {
            assert_eq!(verdict(&legs, "B", NOW), Verdict::Wait);
            assert_eq!(
                verdict(&legs, "B", NOW + PARENT_PATIENCE - Duration::seconds(2)),
                Verdict::Wait
            );
            let late = verdict(&legs, "B", NOW + PARENT_PATIENCE);
            assert!(matches!(late, Verdict::Refuse(Refusal { reason: Reason::ParentMissing, .. })));
        }
    }

    #[test]
    fn a_forwarded_call_is_two_calls() {
        let legs = [
            leg("A", None, THEIRS, OURS, Some(61)),
            leg("B", Some("A"), THEIRS, "+34911111111", Some(50)),
        ];
        assert_eq!(charged(verdict(&legs, "A", NOW)), (Direction::Inbound, Some(OURS.to_owned())));
        assert_eq!(
            charged(verdict(&legs, "B", NOW)),
            (Direction::Outbound, Some("+34911111111".to_owned()))
        );
    }

    #[test]
    fn an_inbound_call_to_the_customers_softphone_is_one_call() {
        let legs = [
            leg("A", None, THEIRS, OURS, Some(61)),
            leg("B", Some("A"), THEIRS, "client:alice", Some(50)),
        ];
        assert_eq!(verdict(&legs, "B", NOW), Verdict::Cover);
    }

    #[test]
    fn a_softphones_call_is_rated_by_the_number_that_it_reached() {
        let reached = |legs: &[LegRow]| verdict(legs, "A", NOW);
        let parent = leg("A", None, OURS, "", Some(61));
        assert_eq!(reached(std::slice::from_ref(&parent)), Verdict::Wait);
        let tried = LegRow { ..leg("B", Some("A"), OURS, "+34911111111", Some(0)) };
        let talked = leg("C", Some("A"), OURS, THEIRS, Some(50));
        let legs = [parent.clone(), tried, talked];
        assert_eq!(charged(reached(&legs)), (Direction::Outbound, Some(THEIRS.to_owned())));
        assert_eq!(
            charged(verdict(&[parent], "A", NOW + CHILD_PATIENCE)),
            (Direction::Outbound, None)
        );
    }

    #[test]
    fn nobodys_call_is_refused() {
        let legs = [
            leg("A", None, THEIRS, "+34911111111", Some(61)),
            leg("B", Some("A"), OURS, THEIRS, Some(5)),
        ];
        for name in ["A", "B"] {
            let refused = verdict(&legs, name, NOW);
            assert!(
                matches!(refused, Verdict::Refuse(Refusal { reason: Reason::UnknownOwner, .. })),
                "{name}"
            );
        }
    }
}
