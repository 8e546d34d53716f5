use super::*;
use curbe_domain::legs::duration::{Basis, Ended};
use curbe_domain::legs::{Direction, Outcome};
use curbe_domain::money::Money;
use curbe_domain::ownership::Owner;
use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::{DEFAULT_DECK, Deck};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
const WALLET: Uuid = Uuid::from_u128(7);

fn decks(currency: &str) -> Decks {
    let rate = |prefix: &str, per_minute: &str, fee: &str| Rate {
        id: Uuid::nil(),
        prefix: prefix.to_owned(),
        direction: None,
        rate_per_minute: per_minute.parse().unwrap(),
        connection_fee: fee.parse().unwrap(),
        initial_increment_seconds: 60,
        increment_seconds: 60,
    };
    let rates =
        [rate("52", "0.0132", "0.0010"), rate("1", "999999.9999", "0.0001"), rate("44", "0", "0")];
    let deck = Deck {
        id: Uuid::nil(),
        name: DEFAULT_DECK.to_owned(),
        currency: currency.to_owned(),
        effective_from: OffsetDateTime::UNIX_EPOCH,
        rates: std::sync::Arc::new(rates.into_iter().collect()),
    };
    [deck].into_iter().collect()
}

fn account(balance: &str) -> Account {
    Account {
        wallet_id: WALLET,
        organization_id: Uuid::from_u128(8),
        holder_id: Uuid::from_u128(9),
        balance: balance.parse().unwrap(),
        currency: "USD".to_owned(),
        version: 1,
        seq: 0,
        status: "active".to_owned(),
        minimum_threshold: Money::ZERO,
    }
}

fn due(leg: &str, to: &str, seconds: u32, ended_after: i64) -> Due {
    let organization_id = Uuid::from_u128(8);
    let ended = Ended {
        outcome: Outcome::Completed,
        seconds,
        ended_at: NOON + Duration::seconds(ended_after),
        basis: Basis::Stated,
    };
    Due {
        bill: Bill {
            basis: PriceBasis::Deck,
            key: LegKey { provider: Provider::Twilio, leg: leg.to_owned() },
            owner: Owner { organization_id, user_id: None, direction: Direction::Outbound },
            from: "+14150000001".to_owned(),
            to: to.to_owned(),
            rated_number: E164::parse(to),
            ended,
        },
        wallet_id: WALLET,
        rate_deck: DEFAULT_DECK.to_owned(),
        provider_cost: None,
        recording: None,
    }
}

type Outcomes = Vec<(String, Result<(Option<i64>, i64, String), Reason>)>;

/// For each leg: the numbers of its ledger row and its log, and its price; or why it was refused.
fn charged(due: Vec<Due>, decks: &Decks, account: &mut Account) -> Outcomes {
    let mut accounts = HashMap::from([(WALLET, account.clone())]);
    let mut ids = 0;
    let outcomes = charge(due, decks, &mut accounts, &mut || {
        ids += 1;
        Uuid::from_u128(ids)
    });
    *account = accounts.remove(&WALLET).unwrap();
    outcomes
        .into_iter()
        .map(|(due, outcome)| {
            let told = outcome.map(|call| {
                let price = call.log.view.customer_price.to_string();
                (call.posting.map(|posting| posting.seq), call.log.seq, price)
            });
            (due.bill.key.leg, told.map_err(|refusal| refusal.reason))
        })
        .collect()
}

#[test]
fn calls_are_numbered_in_the_order_of_their_ends_each_its_ledger_row_first() {
    let mut account = account("10");
    let due = vec![
        due("B", "+525512345678", 61, 5),
        due("A", "+525512345678", 60, 5),
        due("C", "+525512345678", 0, 1),
        due("D", "+441234567890", 30, 9),
    ];
    let expected: Outcomes = vec![
        ("C".to_owned(), Ok((None, 1, "0.0000".to_owned()))),
        ("A".to_owned(), Ok((Some(2), 3, "0.0142".to_owned()))),
        ("B".to_owned(), Ok((Some(4), 5, "0.0274".to_owned()))),
        ("D".to_owned(), Ok((None, 6, "0.0000".to_owned()))),
    ];
    assert_eq!(charged(due, &decks("USD"), &mut account), expected);
    assert_eq!(account.balance.to_string(), "9.9584");
    assert_eq!(account.seq, 6);
}

#[test]
fn what_is_refused_leaves_wallet_and_numbers_as_they_were() {
    let mut account = account("-999999.9900");
    let mut nowhere = due("B", "+525512345678", 61, 1);
    nowhere.bill.rated_number = None;
    let due = vec![
        due("A", "+14158675309", 60, 0),
        nowhere,
        due("C", "+34911111111", 60, 2),
        due("D", "+525512345678", 60, 3),
    ];
    let reasons: Vec<_> =
        charged(due, &decks("USD"), &mut account).into_iter().map(|(_, told)| told).collect();
    let expected = [
        Err(Reason::AmountOverflow), // the price
        Err(Reason::NoRate),
        Err(Reason::NoRate),
        Err(Reason::AmountOverflow), // the balance
    ];
    assert_eq!(reasons, expected);
    assert_eq!((account.balance.to_string().as_str(), account.seq), ("-999999.9900", 0));
}

#[test]
fn a_deck_in_another_currency_has_no_price() {
    let mut account = account("10");
    let refused = charged(vec![due("A", "+525512345678", 60, 0)], &decks("MXN"), &mut account);
    assert_eq!(refused, [("A".to_owned(), Err(Reason::NoRate))]);
}

#[test]
fn a_recording_that_came_first_takes_the_number_after_its_log() {
    let mut accounts = HashMap::from([(WALLET, account("10"))]);
    let mut recorded = due("A", "+525512345678", 60, 0);
    recorded.recording =
        Some(Recording { status: RecordingStatus::Completed, url: None, id: None });
    let outcomes = charge(vec![recorded], &decks("USD"), &mut accounts, &mut Uuid::now_v7);
    let call = outcomes[0].1.as_ref().unwrap();
    assert_eq!((call.log.seq, call.log.recording_seq), (2, Some(3)));
}
