//! Whose calls begin, and where they go.

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::plan::{Fundable, Known, Organization, OwnNumber, Plan, Policy, plan};
use super::{Language, Reason, Target};
use crate::legs::{Direction, LegFacts, LegKey};
use crate::ownership::{Directory, IdentityAssignment, Member, NumberAssignment};
use crate::providers::Provider;
use crate::rating::Rate;
use crate::rating::deck::Deck;

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);
const ACME: Uuid = Uuid::from_u128(1);
const POOR: Uuid = Uuid::from_u128(2);
const WALLET: Uuid = Uuid::from_u128(3);
const ALICE: Member = Member { user_id: Uuid::from_u128(11), organization_id: ACME };
const BOB: Member = Member { user_id: Uuid::from_u128(12), organization_id: POOR };
const OWN: &str = "+15005550001";
const MEXICO: &str = "+525512345678";

fn rate(prefix: &str) -> Rate {
    Rate {
        id: Uuid::nil(),
        prefix: prefix.to_owned(),
        direction: None,
        rate_per_minute: "0.01".parse().unwrap(),
        connection_fee: "0".parse().unwrap(),
        initial_increment_seconds: 60,
        increment_seconds: 60,
    }
}

fn deck(currency: &str, effective_from: OffsetDateTime, prefix: &str) -> Deck {
    Deck {
        id: Uuid::nil(),
        name: currency.to_lowercase(),
        currency: currency.to_owned(),
        effective_from,
        rates: Arc::new([rate(prefix)].into_iter().collect()),
    }
}

fn organization(wallet_id: Option<Uuid>, rate_deck: &str) -> Organization {
    Organization {
        wallet_id,
        rate_deck: rate_deck.to_owned(),
        currency: "USD".to_owned(),
        language: Language::English,
        calls_max: Some(5),
        blocked_prefixes: vec!["5290".to_owned()],
    }
}

fn known(target: Option<&str>) -> Known {
    let number = |member| vec![NumberAssignment { member, valid_from: None, valid_to: None }];
    let identity = |member| vec![IdentityAssignment { member, provider: None, account: None }];
    Known {
        directory: Directory {
            numbers: HashMap::from([
                (OWN.to_owned(), number(ALICE)),
                ("+15005550002".to_owned(), number(BOB)),
            ]),
            identities: HashMap::from([
                ("client:alice".to_owned(), identity(ALICE)),
                ("sip:bob@pbx.example".to_owned(), identity(BOB)),
            ]),
            accounts: HashMap::from([((Provider::Twilio, "AC9".to_owned()), POOR)]),
        },
        organizations: HashMap::from([
            (ACME, organization(Some(WALLET), "usd")),
            (POOR, organization(None, "eur")),
        ]),
        targets: target.map(|target| (OWN.to_owned(), target.to_owned())).into_iter().collect(),
        numbers: HashMap::from([(
            ALICE.user_id,
            vec![
                OwnNumber { number: "+13125550000".to_owned(), provider: Provider::Telnyx },
                OwnNumber { number: OWN.to_owned(), provider: Provider::Twilio },
            ],
        )]),
        decks: [
            deck("USD", datetime!(2026-01-01 0:00 UTC), "52"),
            deck("USD", datetime!(2027-01-01 0:00 UTC), "34"),
        ]
        .into_iter()
        .collect(),
    }
}

fn leg(account: &str, from: &str, to: &str, direction: Option<Direction>) -> LegFacts {
    LegFacts {
        account: Some(account.to_owned()),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        direction,
        ..LegFacts::named(LegKey { provider: Provider::Twilio, leg: "CA1".to_owned() })
    }
}

fn planned(from: &str, to: &str, target: Option<&str>) -> Plan {
    let policy = Policy { blocked_prefixes: vec!["882".to_owned()], language: Language::Spanish };
    plan(&leg("AC1", from, to, None), &known(target), &policy, NOW)
}

fn funded(plan: Plan) -> Fundable {
    let Plan::Fund(fundable) = plan else { panic!("{plan:?}") };
    *fundable
}

#[test]
fn a_customers_call_is_funded_by_his_wallet() {
    for (from, caller_id) in [(OWN, Some(OWN)), ("client:alice", Some(OWN))] {
        let call = funded(planned(from, MEXICO, None));
        assert_eq!((call.wallet_id, call.user_id), (WALLET, Some(ALICE.user_id)));
        assert_eq!(call.target, Target::Number(MEXICO.to_owned()));
        assert_eq!(call.caller_id.as_deref(), caller_id, "{from}");
        assert_eq!((call.rate.prefix.as_str(), call.calls_max), ("52", Some(5)));
    }
}

#[test]
fn who_cannot_be_told_apart_may_not_call() {
    for (account, from, language) in [
        ("AC1", "+34911111111", Language::Spanish),
        ("AC1", "anonymous", Language::Spanish),
        ("AC1", "client:eve", Language::Spanish),
        // The account is another organization's.
        ("AC9", OWN, Language::Spanish),
        // Nobody has paid for it yet.
        ("AC1", "sip:bob@pbx.example", Language::English),
    ] {
        let asked = plan(&leg(account, from, MEXICO, None), &known(None), &Policy::default(), NOW);
        let refused = Plan::Refuse { reason: Reason::UnknownCaller, language };
        assert_eq!(asked, refused, "{account} {from}");
    }
}

#[test]
fn what_has_no_price_or_is_blocked_does_not_begin() {
    for (to, reason) in [
        ("+4412345678", Reason::NoRate),
        // Its deck is not in force yet.
        ("+34911111111", Reason::NoRate),
        ("client:bob", Reason::NoRate),
        ("sip:x@pbx.example", Reason::NoRate),
        ("", Reason::NoRate),
        ("+5290123456", Reason::DestinationBlocked),
        ("+8821234567", Reason::DestinationBlocked),
    ] {
        let refused = Plan::Refuse { reason, language: Language::English };
        assert_eq!(planned("client:alice", to, None), refused, "{to}");
    }
    let mut foreign = known(None);
    foreign.organizations.get_mut(&ACME).unwrap().currency = "EUR".to_owned();
    let asked = plan(&leg("AC1", OWN, MEXICO, None), &foreign, &Policy::default(), NOW);
    assert_eq!(asked, Plan::Refuse { reason: Reason::NoRate, language: Language::English });
}

#[test]
fn a_call_for_a_customer_goes_where_its_number_leads() {
    let stranger = "+34911111111";
    assert_eq!(planned(stranger, OWN, None), Plan::Reject);
    for (target, expected) in [
        ("client:alice", Target::Client("alice".to_owned())),
        ("sip:a@pbx.example", Target::Sip("sip:a@pbx.example".to_owned())),
    ] {
        assert_eq!(planned(stranger, OWN, Some(target)), Plan::Connect(expected));
    }
}

#[test]
fn a_forwarded_call_is_funded_as_one_to_where_it_is_forwarded() {
    for (from, shown) in [("+34911111111", "+34911111111"), ("anonymous", OWN)] {
        let call = funded(planned(from, OWN, Some(MEXICO)));
        assert_eq!((call.wallet_id, call.number.as_str()), (WALLET, MEXICO));
        assert_eq!(call.caller_id.as_deref(), Some(shown));
    }
    // A stranger is not told what the customer lacks.
    assert_eq!(planned("anonymous", OWN, Some("+4412345678")), Plan::Reject);
}
