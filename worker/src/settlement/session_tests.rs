use std::collections::HashMap;

use super::*;
use crate::settlement::family::Verdict;
use crate::store::authorizations::Terms;
use crate::store::call_legs::{Settled, SettledAs};
use curbe_domain::legs::duration::ANSWER_PATIENCE;
use curbe_domain::legs::{Direction, Hangup, LegFacts, Outcome, Talk};
use curbe_domain::ownership::{Directory, Member, NumberAssignment};
use curbe_domain::phone::E164;
use curbe_domain::preflight::Reason;
use curbe_domain::providers::Provider;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-20 10:00 UTC);
const OURS: &str = "+14150000001";

/// A leg of the one session that began so many seconds ago.
fn leg(name: &str, began: i64, seconds: Option<u32>) -> LegRow {
    let ended_at = NOW - Duration::seconds(1);
    let hangup =
        |seconds| Hangup { outcome: Outcome::Completed, talk: Talk::Stated(seconds), ended_at };
    LegRow {
        facts: LegFacts {
            session: Some("s".to_owned()),
            from: Some(OURS.to_owned()),
            to: Some("+525512345678".to_owned()),
            initiated_at: Some(NOW - Duration::seconds(began)),
            hangup: seconds.map(hangup),
            ..LegFacts::named(LegKey { provider: Provider::Telnyx, leg: name.to_owned() })
        },
        settled: None,
        heard_at: seconds.map(|_| ended_at),
        refusal: None,
        is_alone: false,
        terms: None,
    }
}

fn settled(row: LegRow, seconds: u32) -> LegRow {
    let settled = Settled { settled_as: SettledAs::Charged, seconds, basis: Basis::Stated };
    LegRow { settled: Some(settled), ..row }
}

fn family<T>(legs: &[LegRow], now: OffsetDateTime, look: impl FnOnce(&Family<'_>) -> T) -> T {
    let member = Member { user_id: Uuid::from_u128(11), organization_id: Uuid::from_u128(1) };
    let assignment = NumberAssignment { member, valid_from: None, valid_to: None };
    let directory = Directory {
        numbers: HashMap::from([(OURS.to_owned(), vec![assignment])]),
        ..Directory::default()
    };
    look(&Family { legs, directory: &directory, now })
}

/// The same, with an end that says nothing of its length.
fn unstated(mut row: LegRow, answered: bool) -> LegRow {
    if let Some(hangup) = &mut row.facts.hangup {
        hangup.talk = Talk::Unstated { was_answered: true };
        row.facts.answered_at = answered.then(|| hangup.ended_at - Duration::seconds(30));
    }
    row.heard_at = row.heard_at.map(|at| at - Duration::minutes(1));
    row
}

fn verdicts(legs: &[LegRow], now: OffsetDateTime) -> Vec<char> {
    let short = |verdict| match verdict {
        Verdict::Charge(_) => '$',
        Verdict::Cover => 'c',
        Verdict::Wait => 'w',
        Verdict::Refuse(_) => '!',
    };
    family(legs, now, |family| legs.iter().map(|leg| short(family.verdict(leg))).collect())
}

#[test]
fn what_was_authorized_covers_no_transfer_to_another_number() {
    let terms = Terms {
        organization_id: Some(Uuid::from_u128(1)),
        user_id: None,
        direction: Direction::Outbound,
        number: E164::parse("+525512345678"),
        rate: None,
    };
    let (mut asked, reached) = (leg("A", 60, Some(50)), leg("B", 40, Some(30)));
    asked.terms = Some(terms);
    let mut transferred = leg("C", 20, Some(10));
    transferred.facts.to = Some("+8821600000000".to_owned());
    assert_eq!(
        verdicts(&[asked.clone(), reached.clone(), transferred.clone()], NOW),
        ['$', 'c', '$']
    );
    let refused = LegRow { terms: None, refusal: Some(Reason::NoRate), ..asked };
    assert_eq!(verdicts(&[refused, transferred], NOW), ['$', '$']);
}

#[test]
fn the_first_answered_leg_is_charged_and_covers_the_others() {
    let (a, b, c) = (leg("A", 60, Some(50)), leg("B", 40, Some(30)), leg("C", 20, Some(10)));
    for legs in [[a.clone(), b.clone(), c.clone()], [a.clone(), c.clone(), b.clone()]] {
        assert_eq!(verdicts(&legs, NOW), ['$', 'c', 'c']);
    }
    // The one that nobody answered covers nothing, but is logged.
    assert_eq!(verdicts(&[leg("A", 60, Some(0)), b, c], NOW), ['$', '$', 'c']);
}

#[test]
fn a_leg_waits_for_the_end_of_an_earlier_one_but_not_forever() {
    let legs = [leg("A", 60, None), leg("B", 40, Some(30))];
    assert_eq!(verdicts(&legs, NOW), ['w', 'w']);
    assert_eq!(verdicts(&legs, NOW + PARENT_PATIENCE), ['w', '$']);
}

#[test]
fn legs_of_other_sessions_providers_or_families_are_no_rivals() {
    let b = leg("B", 40, Some(30));
    let mut other = leg("A", 60, Some(50));
    other.facts.session = Some("t".to_owned());
    assert_eq!(verdicts(&[other.clone(), b.clone()], NOW), ['$', '$']);
    other.facts.session = b.facts.session.clone();
    other.facts.key.provider = Provider::Twilio;
    assert_eq!(verdicts(&[other, b.clone()], NOW), ['$', '$']);
    let mut child = leg("A", 60, Some(50));
    child.facts.parent = Some("B".to_owned());
    assert_eq!(verdicts(&[child, b], NOW), ['c', '$']);
}

#[test]
fn a_leg_charged_before_an_earlier_one_was_heard_of_is_given_back_once() {
    let legs = [leg("A", 60, Some(50)), settled(leg("B", 40, Some(30)), 30)];
    let correction = family(&legs, NOW, |family| family.correction(&legs[1], None)).unwrap();
    assert_eq!((correction.settled.seconds, correction.settled.basis), (0, Basis::Session));
    let mut back = legs.clone();
    back[1].settled = Some(correction.settled);
    assert!(family(&back, NOW, |family| family.correction(&back[1], None)).is_none());
    // And the later one stays as it is where the earlier is charged already.
    let legs = [settled(leg("A", 60, Some(50)), 50), leg("B", 40, Some(30))];
    assert!(family(&legs, NOW, |family| family.correction(&legs[0], None)).is_none());
}

#[test]
fn a_covered_leg_is_charged_where_the_one_before_it_turns_out_unanswered() {
    let covered = Settled { settled_as: SettledAs::Covered, seconds: 0, basis: Basis::Stated };
    let b = LegRow { settled: Some(covered), ..leg("B", 40, Some(30)) };
    let uncovered = |a: LegRow| {
        let legs = [a, b.clone()];
        family(&legs, NOW, |family| family.is_uncovered(&legs[1]))
    };
    assert!(!uncovered(settled(leg("A", 60, Some(50)), 50)));
    assert!(uncovered(settled(leg("A", 60, Some(0)), 50)));
    assert!(uncovered(leg("A", 60, None)));
    // Where no session says so, what is covered stays covered.
    let mut alone = b;
    alone.facts.session = None;
    assert!(!family(&[], NOW, |family| family.is_uncovered(&alone)));
}

#[test]
fn a_leg_charged_before_it_had_a_parent_is_given_back_where_that_pays() {
    let mut child = settled(leg("B", 40, Some(30)), 30);
    child.facts.parent = Some("A".to_owned());
    let corrected = |parent: LegRow| {
        let legs = [parent, child.clone()];
        let correction = family(&legs, NOW, |family| family.correction(&legs[1], None));
        correction.map(|correction| (correction.settled.seconds, correction.settled.basis))
    };
    assert_eq!(corrected(leg("A", 60, Some(50))), Some((0, Basis::Session)));
    assert_eq!(corrected(leg("A", 60, None)), None);
    let mut inbound = leg("A", 60, Some(50));
    (inbound.facts.from, inbound.facts.to) = (inbound.facts.to, inbound.facts.from);
    assert_eq!(corrected(inbound), None);
}

#[test]
fn an_earlier_answer_corrects_once_more() {
    let longer = settled(leg("A", 60, Some(50)), 49);
    let legs = [longer];
    let correction = family(&legs, NOW, |family| family.correction(&legs[0], None)).unwrap();
    assert_eq!(correction.settled.seconds, 50);
    let legs = [settled(leg("A", 60, Some(50)), 50)];
    assert!(family(&legs, NOW, |family| family.correction(&legs[0], None)).is_none());
}

#[test]
fn a_guess_covers_a_guess_and_nothing_better() {
    let guessed = |name, began| unstated(leg(name, began, Some(1)), false);
    let answered = unstated(leg("B", 40, Some(1)), true);
    assert_eq!(verdicts(&[guessed("A", 60), guessed("B", 40)], NOW), ['$', 'c']);
    assert_eq!(verdicts(&[guessed("A", 60), answered.clone()], NOW), ['$', '$']);
    assert_eq!(verdicts(&[unstated(leg("A", 60, Some(1)), true), answered], NOW), ['$', 'c']);
}

#[test]
fn who_was_gone_before_or_pays_for_somebody_else_covers_nothing() {
    let b = leg("B", 40, Some(30));
    let mut gone = leg("A", 60, Some(10));
    gone.facts.hangup.as_mut().unwrap().ended_at = NOW - Duration::seconds(45);
    assert_eq!(verdicts(&[gone, b.clone()], NOW), ['$', '$']);
    let mut nobodys = leg("A", 60, Some(50));
    nobodys.facts.from = Some("+34911111111".to_owned());
    assert_eq!(verdicts(&[nobodys, b], NOW + ANSWER_PATIENCE), ['!', '$']);
}

#[test]
fn a_call_to_an_agent_first_is_rated_by_the_number_reached_next() {
    let mut agent = leg("A", 60, Some(50));
    agent.facts.to = Some("sip:alice@example.com".to_owned());
    let legs = [agent, leg("B", 40, Some(30))];
    assert_eq!(verdicts(&legs, NOW), ['$', 'c']);
    let verdict = family(&legs, NOW, |family| family.verdict(&legs[0]));
    let Verdict::Charge(bill) = verdict else { panic!("{verdict:?}") };
    assert_eq!(bill.rated_number.unwrap().to_string(), "+525512345678");
}

#[test]
fn what_was_given_back_is_charged_again_where_nobody_else_pays_after_all() {
    let back = Settled { settled_as: SettledAs::Charged, seconds: 0, basis: Basis::Session };
    let b = LegRow { settled: Some(back), ..leg("B", 40, Some(30)) };
    let corrected = |a: LegRow| {
        let legs = [a, b.clone()];
        let correction = family(&legs, NOW, |family| family.correction(&legs[1], None));
        correction.map(|correction| (correction.settled.seconds, correction.settled.basis))
    };
    assert_eq!(corrected(leg("A", 60, Some(50))), None);
    assert_eq!(corrected(leg("A", 60, Some(0))), Some((30, Basis::Stated)));
}
