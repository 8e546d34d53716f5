//! Merging news of a leg into what is known of it. The rules commute: whatever order the news come in, and over how
//! many workers, the same facts stand, except where two events contradict each other; then the first merged stands.

use super::{LegFacts, Recording, RecordingStatus};

/// Takes over from `news` what `known` lacks. The same rules stand in SQL, in `worker/src/store/call_legs.rs`.
pub fn merge(known: &mut LegFacts, news: &LegFacts) {
    fill(&mut known.parent, &news.parent);
    fill(&mut known.account, &news.account);
    fill(&mut known.from, &news.from);
    fill(&mut known.to, &news.to);
    fill(&mut known.direction, &news.direction);
    fill(&mut known.hangup, &news.hangup);
    if let Some(recording) = &news.recording {
        merge_recording(&mut known.recording, recording);
    }
}

fn fill<T: Clone>(known: &mut Option<T>, news: &Option<T>) {
    if known.is_none() {
        known.clone_from(news);
    }
}

fn merge_recording(known: &mut Option<Recording>, news: &Recording) {
    let further = known.as_ref().is_none_or(|known| rank(known.status) < rank(news.status));
    if further {
        *known = Some(news.clone());
    }
}

/// How far a recording has come; it never goes back.
fn rank(status: RecordingStatus) -> u8 {
    match status {
        RecordingStatus::Processing => 0,
        RecordingStatus::None => 1,
        RecordingStatus::Failed => 2,
        RecordingStatus::Completed => 3,
    }
}

/// In what `news` contradicts what stands: outcome, seconds, from or to. Bytes and times do not count, since a
/// provider's repeat may differ in them. `None`: the same leg told again.
#[must_use]
pub fn contradiction(known: &LegFacts, news: &LegFacts) -> Option<String> {
    let (Some(stands), Some(told)) = (&known.hangup, &news.hangup) else {
        return None;
    };
    let differences: Vec<String> = [
        differs("outcome", stands.outcome.as_str(), told.outcome.as_str()),
        differs("seconds", &stands.seconds.to_string(), &told.seconds.to_string()),
        both_differ("from", &known.from, &news.from),
        both_differ("to", &known.to, &news.to),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}

fn differs(what: &str, stands: &str, told: &str) -> Option<String> {
    (stands != told).then(|| format!("{what}: {stands} stands, {told} was told later"))
}

fn both_differ(what: &str, stands: &Option<String>, told: &Option<String>) -> Option<String> {
    differs(what, stands.as_deref()?, told.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legs::{Hangup, LegKey, Outcome};
    use crate::providers::Provider;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn named() -> LegFacts {
        LegFacts::named(LegKey { provider: Provider::Twilio, leg: "CA1".to_owned() })
    }

    fn hangup(outcome: Outcome, seconds: u32) -> LegFacts {
        let ended_at = datetime!(2026-11-20 10:00 UTC);
        LegFacts {
            from: Some("+14158675309".to_owned()),
            to: Some("+525512345678".to_owned()),
            hangup: Some(Hangup { outcome, seconds, ended_at }),
            ..named()
        }
    }

    fn recording(status: RecordingStatus) -> LegFacts {
        LegFacts { recording: Some(Recording { status, url: None }), ..named() }
    }

    #[test]
    fn the_first_hangup_stands_and_the_other_is_a_contradiction() {
        let mut known = hangup(Outcome::Completed, 61);
        let other = hangup(Outcome::Completed, 62);
        merge(&mut known, &other);
        assert_eq!(known, hangup(Outcome::Completed, 61));
        let words = contradiction(&known, &other).unwrap();
        assert_eq!(words, "seconds: 61 stands, 62 was told later");
        assert!(contradiction(&known, &hangup(Outcome::Busy, 0)).unwrap().starts_with("outcome"));
    }

    #[test]
    fn a_repeat_and_other_times_are_no_contradiction() {
        let known = hangup(Outcome::Completed, 61);
        let mut repeat = known.clone();
        assert_eq!(contradiction(&known, &repeat), None);
        repeat.hangup.as_mut().unwrap().ended_at = datetime!(2026-11-20 10:00:01 UTC);
        repeat.from = None;
        assert_eq!(contradiction(&known, &repeat), None);
        assert_eq!(contradiction(&known, &recording(RecordingStatus::Completed)), None);
    }

    proptest! {
        #[test]
        fn order_does_not_matter(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle()) {
            let news = [
                hangup(Outcome::Completed, 61),
                recording(RecordingStatus::Processing),
                recording(RecordingStatus::Completed),
                recording(RecordingStatus::None),
                LegFacts { parent: Some("CA0".to_owned()), ..named() },
            ];
            let mut known = named();
            for index in order {
                merge(&mut known, &news[index]);
            }
            let expected = LegFacts {
                parent: Some("CA0".to_owned()),
                recording: recording(RecordingStatus::Completed).recording,
                ..hangup(Outcome::Completed, 61)
            };
            prop_assert_eq!(known, expected);
        }
    }
}
