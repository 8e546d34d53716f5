//! Merging news of a leg into what is known of it. The rules commute: whatever order the news come in, and over how
//! many workers, the same facts stand, except where two events contradict each other; then the first merged stands.

use time::OffsetDateTime;

use super::{Billed, Hangup, LegFacts, Recording, RecordingStatus, Talk};

/// Takes over from `news` what `known` lacks. The same rules stand in SQL, in `worker/src/store/call_legs.rs`.
pub fn merge(known: &mut LegFacts, news: &LegFacts) {
    fill(&mut known.parent, &news.parent);
    fill(&mut known.session, &news.session);
    fill(&mut known.account, &news.account);
    fill(&mut known.from, &news.from);
    fill(&mut known.to, &news.to);
    fill(&mut known.direction, &news.direction);
    earliest(&mut known.initiated_at, news.initiated_at);
    earliest(&mut known.answered_at, news.answered_at);
    if is_taken_over(known.hangup.as_ref(), news.hangup.as_ref()) {
        known.hangup.clone_from(&news.hangup);
    }
    if let Some(billed) = &news.billed {
        merge_billed(&mut known.billed, billed);
    }
    if let Some(recording) = &news.recording {
        merge_recording(&mut known.recording, recording);
    }
}

/// Whether news of the end replace what stands: an end that says how long the leg lasted is worth more than one that
/// does not; else the first one stands.
#[must_use]
pub fn is_taken_over(known: Option<&Hangup>, news: Option<&Hangup>) -> bool {
    match (known, news) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(known), Some(news)) => {
            matches!((known.talk, news.talk), (Talk::Unstated { .. }, Talk::Stated(_)))
        }
    }
}

fn fill<T: Clone>(known: &mut Option<T>, news: &Option<T>) {
    if known.is_none() {
        known.clone_from(news);
    }
}

fn earliest(known: &mut Option<OffsetDateTime>, news: Option<OffsetDateTime>) {
    *known = match (*known, news) {
        (Some(known), Some(news)) => Some(known.min(news)),
        (known, news) => known.or(news),
    };
}

fn merge_billed(known: &mut Option<Billed>, news: &Billed) {
    let known = known.get_or_insert(*news);
    known.cost = known.cost.or(news.cost);
    known.seconds = known.seconds.or(news.seconds);
}

fn merge_recording(known: &mut Option<Recording>, news: &Recording) {
    let Some(stands) = known else {
        *known = Some(news.clone());
        return;
    };
    let id = if is_further(stands.status, news.status) {
        let before = std::mem::replace(stands, news.clone());
        before.id
    } else {
        news.id.clone()
    };
    fill(&mut stands.id, &id);
}

/// Whether a recording has come further than what is known of it.
#[must_use]
pub fn is_further(known: RecordingStatus, news: RecordingStatus) -> bool {
    rank(known) < rank(news)
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
/// provider's repeat may differ in them; nor do ends of which only one says how long the leg lasted, since a provider
/// that tells one leg in two forms has other words for its end in each. `None`: the same leg told again.
#[must_use]
pub fn contradiction(known: &LegFacts, news: &LegFacts) -> Option<String> {
    let (Some(stands), Some(told)) = (&known.hangup, &news.hangup) else {
        return None;
    };
    let seconds = match (stands.talk, told.talk) {
        (Talk::Stated(stands), Talk::Stated(told)) => {
            differs("seconds", &stands.to_string(), &told.to_string())
        }
        (Talk::Unstated { .. }, Talk::Unstated { .. }) => None,
        (Talk::Stated(_), Talk::Unstated { .. }) | (Talk::Unstated { .. }, Talk::Stated(_)) => {
            return None;
        }
    };
    let differences: Vec<String> = [
        differs("outcome", stands.outcome.as_str(), told.outcome.as_str()),
        seconds,
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
    use crate::legs::{LegKey, Outcome};
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
            hangup: Some(Hangup { outcome, talk: Talk::Stated(seconds), ended_at }),
            ..named()
        }
    }

    fn recording(status: RecordingStatus) -> LegFacts {
        LegFacts { recording: Some(Recording { status, url: None, id: None }), ..named() }
    }

    fn unstated() -> LegFacts {
        let talk = Talk::Unstated { was_answered: true };
        let ended_at = datetime!(2026-11-20 10:00:01 UTC);
        LegFacts {
            hangup: Some(Hangup { outcome: Outcome::Failed, talk, ended_at }),
            ..hangup(Outcome::Failed, 0)
        }
    }

    fn answered(second: u8) -> LegFacts {
        let at = datetime!(2026-11-20 09:59 UTC).replace_second(second).unwrap();
        LegFacts { answered_at: Some(at), initiated_at: Some(at), ..named() }
    }

    #[test]
    fn two_forms_of_one_end_are_no_contradiction() {
        let stated = hangup(Outcome::Completed, 61);
        assert_eq!(contradiction(&stated, &unstated()), None);
        assert_eq!(contradiction(&unstated(), &stated), None);
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
        fn order_does_not_matter(order in Just(vec![0, 1, 2, 3, 4, 5, 6, 7, 8]).prop_shuffle()) {
            let news = [
                hangup(Outcome::Completed, 61),
                recording(RecordingStatus::Processing),
                recording(RecordingStatus::Completed),
                recording(RecordingStatus::None),
                LegFacts { parent: Some("CA0".to_owned()), ..named() },
                unstated(),
                answered(30),
                answered(20),
                LegFacts {
                    billed: Some(Billed { cost: Some("0.01".parse().unwrap()), seconds: Some(60) }),
                    ..named()
                },
            ];
            let mut known = named();
            for index in order {
                merge(&mut known, &news[index]);
            }
            let expected = LegFacts {
                parent: Some("CA0".to_owned()),
                recording: recording(RecordingStatus::Completed).recording,
                answered_at: answered(20).answered_at,
                initiated_at: answered(20).answered_at,
                billed: Some(Billed { cost: Some("0.01".parse().unwrap()), seconds: Some(60) }),
                ..hangup(Outcome::Completed, 61)
            };
            prop_assert_eq!(known, expected);
        }
    }
}
