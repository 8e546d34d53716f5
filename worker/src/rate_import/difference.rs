//! What a new deck changes: which prefixes come, go, become dearer or cheaper.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;

use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use serde::Serialize;

/// How many of the changes are worth naming.
const LARGEST: usize = 10;

/// How the rates of two decks differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Prefixes that had no rate.
    pub added: usize,
    /// Prefixes that have none any more.
    pub removed: usize,
    /// Dearer: by the rate, where that stays by the fee, where that stays by the increments.
    pub raised: usize,
    /// Cheaper, in the same order.
    pub lowered: usize,
    /// As before.
    pub unchanged: usize,
    /// Those that moved most, by rate and fee together.
    pub largest_changes: Vec<Change>,
}

/// A rate before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The digits.
    pub prefix: String,
    /// `None`: both.
    pub direction: Option<Direction>,
    /// As it was.
    pub before: Terms,
    /// As it will be.
    pub after: Terms,
}

/// What a rate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Price of one minute.
    pub rate_per_minute: Money,
    /// Added once.
    pub connection_fee: Money,
    /// The first step of the duration.
    pub initial_increment_seconds: u32,
    /// Every further step.
    pub increment_seconds: u32,
}

impl From<&Rate> for Terms {
    fn from(rate: &Rate) -> Self {
        Self {
            rate_per_minute: rate.rate_per_minute,
            connection_fee: rate.connection_fee,
            initial_increment_seconds: rate.initial_increment_seconds,
            increment_seconds: rate.increment_seconds,
        }
    }
}

impl Change {
    fn size(&self) -> u64 {
        let moved = |before: Money, after: Money| after.units().abs_diff(before.units());
        moved(self.before.rate_per_minute, self.after.rate_per_minute)
            + moved(self.before.connection_fee, self.after.connection_fee)
    }
}

impl Difference {
    /// From one deck's rates to another's.
    #[must_use]
    pub fn between(before: &[Rate], after: &[Rate]) -> Self {
        let known: HashMap<_, Terms> =
            before.iter().map(|rate| (key(rate), Terms::from(rate))).collect();
        let mut difference = Self::default();
        let mut changes = Vec::new();
        for rate in after {
            let terms = Terms::from(rate);
            let Some(&before) = known.get(&key(rate)) else {
                difference.added += 1;
                continue;
            };
            match before.cmp(&terms) {
                Ordering::Less => difference.raised += 1,
                Ordering::Greater => difference.lowered += 1,
                Ordering::Equal => {
                    difference.unchanged += 1;
                    continue;
                }
            }
            let prefix = rate.prefix.clone();
            changes.push(Change { prefix, direction: rate.direction, before, after: terms });
        }
        let kept = difference.raised + difference.lowered + difference.unchanged;
        difference.removed = known.len() - kept;
        changes.sort_by_cached_key(|change| (Reverse(change.size()), change.prefix.clone()));
        changes.truncate(LARGEST);
        Self { largest_changes: changes, ..difference }
    }

    /// Whether the two decks say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added + self.removed + self.raised + self.lowered == 0
    }
}

/// What no deck has twice.
pub(super) fn key(rate: &Rate) -> (&str, Option<Direction>) {
    (&rate.prefix, rate.direction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn rate(prefix: &str, per_minute: &str, fee: &str, step: u32) -> Rate {
        Rate {
            id: Uuid::nil(),
            prefix: prefix.to_owned(),
            direction: None,
            rate_per_minute: per_minute.parse().unwrap(),
            connection_fee: fee.parse().unwrap(),
            initial_increment_seconds: 60,
            increment_seconds: step,
        }
    }

    fn counts(d: &Difference) -> [usize; 5] {
        [d.added, d.removed, d.raised, d.lowered, d.unchanged]
    }

    #[test]
    fn each_prefix_counts_once() {
        let before =
            [rate("1", "0.01", "0", 60), rate("52", "0.05", "0", 60), rate("34", "0.02", "0", 60)];
        let after =
            [rate("1", "0.02", "0", 60), rate("52", "0.05", "0", 60), rate("44", "0.03", "0", 60)];
        let difference = Difference::between(&before, &after);
        assert_eq!(counts(&difference), [1, 1, 1, 0, 1]);
        assert_eq!(difference.largest_changes.len(), 1);
        assert_eq!(difference.largest_changes[0].prefix, "1");
        assert!(!difference.is_empty());
        assert!(Difference::between(&before, &before).is_empty());
        assert_eq!(counts(&Difference::between(&[], &after)), [3, 0, 0, 0, 0]);
    }

    #[test]
    fn rate_then_fee_then_increments_decide() {
        let before = [rate("1", "0.02", "0.10", 60)];
        for (after, expected) in [
            (rate("1", "0.03", "0", 60), [0, 0, 1, 0, 0]),
            (rate("1", "0.01", "9", 60), [0, 0, 0, 1, 0]),
            (rate("1", "0.02", "0.11", 6), [0, 0, 1, 0, 0]),
            (rate("1", "0.02", "0.10", 6), [0, 0, 0, 1, 0]),
            (
                Rate { direction: Some(Direction::Inbound), ..rate("1", "0.02", "0.10", 60) },
                [1, 1, 0, 0, 0],
            ),
        ] {
            assert_eq!(
                counts(&Difference::between(&before, std::slice::from_ref(&after))),
                expected,
                "{after:?}"
            );
        }
    }

    #[test]
    fn the_largest_changes_come_first() {
        let before: Vec<Rate> = (10..60).map(|n| rate(&n.to_string(), "1", "0", 60)).collect();
        let after: Vec<Rate> =
            (10..60).map(|n| rate(&n.to_string(), &format!("1.{n}"), "0", 60)).collect();
        let largest = Difference::between(&before, &after).largest_changes;
        assert_eq!(largest.len(), LARGEST);
        assert_eq!(largest[0].prefix, "59");
    }

    proptest! {
        #[test]
        fn the_way_back_is_the_opposite(a in decks(), b in decks()) {
            let there = Difference::between(&a, &b);
            let back = Difference::between(&b, &a);
            prop_assert_eq!([there.added, there.raised, there.unchanged], [back.removed, back.lowered, back.unchanged]);
            prop_assert_eq!(there.added + there.raised + there.lowered + there.unchanged, b.len());
        }
    }

    fn decks() -> impl Strategy<Value = Vec<Rate>> {
        proptest::collection::btree_map(1_u32..30, 0_i64..4, 0..20).prop_map(|rates| {
            let of = |(prefix, units): (u32, i64)| {
                rate(&prefix.to_string(), &Money::from_units(units).unwrap().to_string(), "0", 60)
            };
            rates.into_iter().map(of).collect()
        })
    }
}
