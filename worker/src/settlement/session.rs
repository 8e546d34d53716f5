//! Which leg of a session is charged: a pure decision. Telnyx groups the legs of one call into a session without saying
//! which of them caused the others; the first that was answered is charged, and covers those that began after it.

use curbe_domain::legs::LegKey;
use curbe_domain::legs::duration::{Basis, Ended, Unknown};
use time::OffsetDateTime;

use super::family::{Family, PARENT_PATIENCE, number, pays_for_a_call_to};
use crate::store::call_legs::LegRow;

/// The place of a leg in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is charged. A leg without a session, or with a parent, is always in this place.
    First,
    /// A leg that began before it was answered and is charged.
    Behind,
    /// A leg that began before it has not ended yet.
    Unknown,
}

impl Family<'_> {
    /// The place of an ended leg among those of its session. Patience is what a missing end costs: after it the leg is
    /// charged alone.
    pub(super) fn place(&self, leg: &LegRow, leg_ended: &Ended) -> Place {
        let mut place = Place::First;
        for earlier in self.legs.iter().filter(|other| is_earlier(other, leg)) {
            match self.ended(earlier) {
                Ok(ended) if self.pays_for(earlier, &ended, leg, leg_ended) => {
                    return Place::Behind;
                }
                Err(Unknown::Yet) if self.within(PARENT_PATIENCE, leg) => place = Place::Unknown,
                Ok(_) | Err(_) => {}
            }
        }
        place
    }

    /// An earlier leg pays for a later one that ran beside it, for the same customer, to whom it was authorized for: who is
    /// transferred elsewhere is no part of what was agreed. One of which it is only guessed that it was answered does not,
    /// for one of which that is known.
    fn pays_for(&self, earlier: &LegRow, ended: &Ended, leg: &LegRow, leg_ended: &Ended) -> bool {
        let is_beside = leg.facts.initiated_at.is_none_or(|at| at <= ended.ended_at);
        let is_guess = ended.basis == Basis::Guessed && leg_ended.basis > Basis::Guessed;
        let payer = self.owner(earlier, ended).map(|owner| owner.organization_id);
        let is_same = payer.is_ok_and(|payer| {
            self.owner(leg, leg_ended).map_or(true, |owner| owner.organization_id == payer)
        });
        let reached = number(leg.facts.to.as_deref());
        let is_agreed = reached.is_none_or(|reached| pays_for_a_call_to(earlier, &reached));
        let is_payer = earlier.terms.is_some() || !self.has_asked(leg);
        ended.seconds > 0 && is_beside && !is_guess && is_same && is_agreed && is_payer
    }

    /// Whether a leg of its session was authorized: then the others, which are covered by that one, cover nothing.
    fn has_asked(&self, leg: &LegRow) -> bool {
        self.legs.iter().any(|other| other.terms.is_some() && is_rival(other, leg))
    }
}

/// Whether a leg of the same session, which neither caused, comes before this one.
pub(super) fn is_earlier(other: &LegRow, leg: &LegRow) -> bool {
    is_rival(other, leg) && order(other) < order(leg)
}

fn is_rival(other: &LegRow, leg: &LegRow) -> bool {
    other.facts.key.provider == leg.facts.key.provider
        && leg.facts.session.is_some()
        && other.facts.session == leg.facts.session
        && other.facts.parent.is_none()
        && leg.facts.parent.is_none()
}

/// Whatever was authorized first; then by their beginnings, one whose beginning nobody told later than all.
fn order(leg: &LegRow) -> (bool, bool, Option<OffsetDateTime>, &LegKey) {
    let initiated_at = leg.facts.initiated_at;
    (leg.terms.is_none(), initiated_at.is_none(), initiated_at, &leg.facts.key)
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
