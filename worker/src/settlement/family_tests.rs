use super::*;
use crate::store::call_legs::Settled;
use curbe_domain::legs::duration::Basis;
use curbe_domain::legs::{Hangup, Talk};
use curbe_domain::ownership::{Member, NumberAssignment};
use std::collections::HashMap;
use time::macros::datetime;
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-20 10:00 UTC);
const OURS: &str = "+14150000001";
const THEIRS: &str = "+525512345678";
const ALICE: Member = Member { user_id: Uuid::from_u128(11), organization_id: Uuid::from_u128(1) };

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
        talk: Talk::Stated(seconds),
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
        settled: None,
        heard_at: seconds.map(|_| NOW - Duration::seconds(1)),
        refusal: None,
        is_alone: false,
        terms: None,
    }
}

fn verdict(legs: &[LegRow], name: &str, now: OffsetDateTime) -> Verdict {
    let directory = directory();
    let row = legs.iter().find(|row| row.facts.key == key(name)).unwrap();
    Family { legs, directory: &directory, now }.verdict(row)
}

fn charged(verdict: Verdict) -> (Direction, Option<String>) {
    match verdict {
        Verdict::Charge(bill) => (bill.owner.direction, bill.rated_number.map(|n| n.to_string())),
        other @ (Verdict::Wait | Verdict::Cover | Verdict::Refuse(_)) => {
            panic!("not charged but {other:?}")
        }
    }
}

#[test]
fn a_call_of_one_leg_is_charged() {
    let legs = [leg("A", None, OURS, THEIRS, Some(61))];
    assert_eq!(charged(verdict(&legs, "A", NOW)), (Direction::Outbound, Some(THEIRS.to_owned())));
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
fn a_parent_is_not_charged_beside_its_child_that_was_charged_alone() {
    let settled = |settled_as| Settled { settled_as, seconds: 50, basis: Basis::Stated };
    let child = |from, is_alone, settled_as| LegRow {
        is_alone,
        settled: Some(settled(settled_as)),
        ..leg("B", Some("A"), from, "+34911111111", Some(50))
    };
    let of = |parent: LegRow, child| verdict(&[parent, child], "A", NOW);
    let outbound = leg("A", None, OURS, "+34911111111", Some(61));
    let late = of(outbound.clone(), child(OURS, true, SettledAs::Charged));
    assert!(
        matches!(&late, Verdict::Refuse(Refusal { reason: Reason::Conflict, detail }) if detail.contains("leg B")),
        "{late:?}"
    );
    for child in [child(OURS, true, SettledAs::Free), child(OURS, false, SettledAs::Charged)] {
        charged(of(outbound.clone(), child));
    }
    // A forwarding is a call of its own, alone or not.
    let inbound = leg("A", None, THEIRS, OURS, Some(61));
    charged(of(inbound, child(THEIRS, true, SettledAs::Charged)));
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
    assert_eq!(charged(verdict(&[parent], "A", NOW + CHILD_PATIENCE)), (Direction::Outbound, None));
}

#[test]
fn a_refused_leg_is_free_as_long_as_a_refusal_may_last() {
    let refused = |from, seconds| LegRow {
        refusal: Some(curbe_domain::preflight::Reason::UnknownCaller),
        ..leg("A", None, from, THEIRS, Some(seconds))
    };
    let of = |from, seconds| verdict(&[refused(from, seconds)], "A", NOW);
    let known = of(OURS, 300);
    assert!(
        matches!(&known, Verdict::Charge(bill) if bill.basis == PriceBasis::Refused),
        "{known:?}"
    );
    assert_eq!(of("+34911111111", 300), Verdict::Cover);
    // Somebody has talked, whoever it was.
    for from in [OURS, "+34911111111"] {
        let told = of(from, 301);
        assert!(
            matches!(told, Verdict::Refuse(Refusal { reason: Reason::Conflict, .. })),
            "{told:?}"
        );
    }
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

#[test]
fn where_only_the_providers_word_decides_telnyx_may_yet_say_it() {
    let mut both = leg("A", None, OURS, OURS, Some(61));
    both.facts.key.provider = Provider::Telnyx;
    let verdict = |leg: &LegRow, now| {
        let directory = directory();
        Family { legs: std::slice::from_ref(leg), directory: &directory, now }.verdict(leg)
    };
    assert_eq!(verdict(&both, NOW), Verdict::Wait);
    let patient = NOW + ANSWER_PATIENCE;
    assert_eq!(charged(verdict(&both, patient)).0, Direction::Outbound);
    both.facts.direction = Some(Direction::Inbound);
    assert_eq!(charged(verdict(&both, NOW)).0, Direction::Inbound);
}

#[test]
fn a_leg_of_another_account_speaks_for_nobody() {
    let of = |account: &str, row: LegRow| {
        let facts = LegFacts { account: Some(account.to_owned()), ..row.facts };
        LegRow { facts, ..row }
    };
    let inbound = of("AC1", leg("A", None, THEIRS, OURS, Some(61)));
    let forged = of("AC2", leg("B", Some("A"), THEIRS, "+34911111111", Some(3_600)));
    let refused = verdict(&[inbound, forged], "B", NOW);
    assert!(matches!(refused, Verdict::Refuse(Refusal { reason: Reason::OwnerConflict, .. })));
    let softphone = of("AC1", leg("A", None, OURS, "", Some(61)));
    let cheap = of("AC2", leg("B", Some("A"), OURS, "+14150000009", Some(60)));
    let dear = of("AC1", leg("C", Some("A"), OURS, THEIRS, Some(50)));
    let legs = [softphone, cheap, dear];
    assert_eq!(charged(verdict(&legs, "A", NOW)), (Direction::Outbound, Some(THEIRS.to_owned())));
}
