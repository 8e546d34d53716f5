//! The order in which the legs of a batch are merged and locked. Pure.

use std::collections::{BTreeMap, HashMap};

use curbe_domain::legs::{LegFacts, LegKey, merge};

use super::family::parent_key;
use crate::store::call_legs::LegNews;

/// All news, one of a leg, every parent before its children, families by their parents' keys. An event that names its
/// parent locks the parent's row too, so that whichever of two transactions comes second sees both legs.
pub(super) fn in_family_order<'n>(news: impl Iterator<Item = &'n LegNews>) -> Vec<LegNews> {
    let mut families: BTreeMap<LegKey, BTreeMap<LegKey, LegNews>> = BTreeMap::new();
    for told in news {
        let key = &told.facts.key;
        let root = parent_key(&told.facts).unwrap_or_else(|| key.clone());
        let family = families
            .entry(root.clone())
            .or_insert_with_key(|root| BTreeMap::from([(root.clone(), stub(root))]));
        take_over(family.entry(key.clone()).or_insert_with(|| stub(key)), told);
    }
    let mut ordered: Vec<LegNews> = Vec::new();
    let mut places: HashMap<LegKey, usize> = HashMap::new();
    for (root, mut family) in families {
        let first = family.remove(&root);
        for told in first.into_iter().chain(family.into_values()) {
            match places.get(&told.facts.key) {
                // One family's parent is another's child.
                Some(&place) => take_over(&mut ordered[place], &told),
                None => {
                    places.insert(told.facts.key.clone(), ordered.len());
                    ordered.push(told);
                }
            }
        }
    }
    ordered
}

fn stub(key: &LegKey) -> LegNews {
    LegNews { facts: LegFacts::named(key.clone()), hangup_bytes: None }
}

fn take_over(known: &mut LegNews, told: &LegNews) {
    if merge::is_taken_over(known.facts.hangup.as_ref(), told.facts.hangup.as_ref()) {
        known.hangup_bytes.clone_from(&told.hangup_bytes);
    }
    merge::merge(&mut known.facts, &told.facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::call_legs::HangupBytes;
    use curbe_domain::legs::{Hangup, Outcome, Talk};
    use curbe_domain::providers::Provider;
    use time::macros::datetime;

    fn told(leg: &str, parent: Option<&str>, seconds: u32) -> LegNews {
        let at = datetime!(2026-11-20 10:00 UTC);
        let key = LegKey { provider: Provider::Twilio, leg: leg.to_owned() };
        LegNews {
            facts: LegFacts {
                parent: parent.map(str::to_owned),
                hangup: Some(Hangup {
                    outcome: Outcome::Completed,
                    talk: Talk::Stated(seconds),
                    ended_at: at,
                }),
                ..LegFacts::named(key)
            },
            hangup_bytes: Some(HangupBytes {
                body: seconds.to_string().into_bytes(),
                content_type: None,
                received_at: at,
            }),
        }
    }

    fn order(news: &[LegNews]) -> Vec<String> {
        in_family_order(news.iter()).into_iter().map(|told| told.facts.key.leg).collect()
    }

    #[test]
    fn parents_come_before_their_children_and_families_by_their_parents() {
        let news = [told("A", Some("Z"), 1), told("C", None, 1), told("B", Some("C"), 1)];
        assert_eq!(order(&news), ["C", "B", "Z", "A"]);
        let reversed: Vec<LegNews> = news.into_iter().rev().collect();
        assert_eq!(order(&reversed), ["C", "B", "Z", "A"]);
    }

    #[test]
    fn a_leg_stands_once_however_often_it_is_told() {
        let news = [
            told("A", None, 61),
            told("A", None, 62),
            told("B", Some("A"), 5),
            told("A", Some("Y"), 63),
        ];
        assert_eq!(order(&news), ["A", "B", "Y"]);
        let merged = in_family_order(news.iter());
        assert_eq!(merged[0].facts.hangup.as_ref().unwrap().talk, Talk::Stated(61));
        assert_eq!(merged[0].hangup_bytes.as_ref().unwrap().body, b"61");
        assert_eq!(merged[0].facts.parent.as_deref(), Some("Y"));
        assert_eq!(merged[2].hangup_bytes, None);
    }
}
