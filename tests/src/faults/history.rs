//! What was sent and how it was answered: what the books are held against.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::asking::Asked;
use crate::oracle::found::Found;
use crate::simulator::flow::{ExpectedLeg, Traffic};

/// How a webhook was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// With a 2xx: it must be in the books.
    Accepted,
    /// With a refusal that asks for another try: it may be in the books.
    Refused,
    /// Not at all: it may be in the books.
    Unknown,
}

/// Everything since the lab was opened.
#[derive(Debug, Default)]
pub struct History {
    /// Calls of which every event was accepted at last, and forged ones with what cannot be charged.
    pub(super) told: Traffic,
    /// Calls that were told of once, whatever came of it.
    pub(super) once: HashMap<String, (ExpectedLeg, Answered)>,
    /// Webhooks that were accepted.
    pub accepted: usize,
    /// Webhooks that were refused.
    pub refused: usize,
    /// Webhooks without an answer.
    pub unknown: usize,
    /// The longest that an accepted one took.
    pub slowest: Duration,
    /// Calls that asked before they began.
    pub asked: Asked,
    /// How often everybody has paid something in since.
    pub(super) paydays: usize,
    /// Answers that nobody must get, in words.
    pub wrong: Vec<String>,
}

impl History {
    pub(super) fn count(&mut self, answered: Answered, after: Duration) {
        match answered {
            Answered::Accepted => {
                self.accepted += 1;
                self.slowest = self.slowest.max(after);
            }
            Answered::Refused => self.refused += 1,
            Answered::Unknown => self.unknown += 1,
        }
    }

    /// A call that was told of so far; told of again, the better answer counts.
    pub(super) fn told_once(&mut self, leg: ExpectedLeg, answered: Answered) {
        let (_, best) = self.once.entry(leg.id().to_owned()).or_insert((leg, answered));
        if answered == Answered::Accepted {
            *best = answered;
        }
    }

    pub(super) fn told(&mut self, traffic: Traffic) {
        self.told.legs.extend(traffic.legs);
        self.told.forged.extend(traffic.forged);
        self.told.unusable.extend(traffic.unusable);
    }

    /// What must stand in the books: what was accepted, and of the rest what got there all the same, which must be right
    /// as well.
    pub(super) fn legs(&self, found: &[Found]) -> Vec<ExpectedLeg> {
        let known: HashSet<&str> = found.iter().map(|found| found.leg.as_str()).collect();
        let once = self
            .once
            .values()
            .filter(|(leg, answered)| *answered == Answered::Accepted || known.contains(leg.id()));
        self.told.legs.iter().chain(once.map(|(leg, _)| leg)).cloned().collect()
    }
}
