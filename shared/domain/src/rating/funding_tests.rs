//! How much of a wallet a call takes, by example and by property.

use proptest::prelude::*;

use super::Rate;
use super::funding::{Limits, Purse, fund, remaining, seconds};
use super::price::price;
use crate::money::Money;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn rate(per_minute: &str, fee: &str, initial: u32, step: u32) -> Rate {
    Rate {
        id: uuid::Uuid::nil(),
        prefix: "1".to_owned(),
        direction: None,
        rate_per_minute: money(per_minute),
        connection_fee: money(fee),
        initial_increment_seconds: initial,
        increment_seconds: step,
    }
}

fn purse(balance: &str, available: &str) -> Purse {
    let minimum_threshold = money("1");
    Purse { balance: money(balance), available: money(available), minimum_threshold }
}

#[test]
fn seconds_by_example() {
    for (per_minute, fee, initial, step, amount, expected) in [
        ("0.0500", "0.0000", 60, 60, "5.0000", 6_000),
        ("0.0500", "0.0000", 60, 60, "0.0999", 60),
        ("0.0500", "0.0000", 60, 60, "0.0499", 0),
        ("0.0500", "0.0100", 60, 60, "0.0599", 0),
        ("0.0500", "0.0100", 60, 60, "0.0600", 60),
        ("0.0500", "0.0100", 60, 60, "0.0050", 0),
        ("0.0100", "0.0000", 30, 6, "0.0059", 30),
        ("0.0100", "0.0000", 30, 6, "0.0060", 36),
        ("0.0001", "0.0000", 29, 1, "0.0000", 29), // rounds to nothing
        ("0.0001", "0.0000", 30, 1, "0.0000", 0),
        ("0.0000", "0.0000", 60, 60, "0.0000", 14_400),
        ("0.0000", "0.0500", 60, 60, "0.0499", 0),
        ("0.0000", "0.0500", 60, 60, "0.0500", 14_400),
        ("0.0100", "0.0000", 1, 1, "-0.0001", 0),
        ("0.0100", "0.0000", 7, 7, "9.0000", 14_400),
        ("999999.9999", "0.0000", 60, 60, "999999.9999", 60),
    ] {
        let rate = rate(per_minute, fee, initial, step);
        let seconds = seconds(&rate, money(amount), 14_400);
        assert_eq!(seconds, expected, "{per_minute} {fee} {initial}/{step} {amount}");
    }
}

#[test]
fn a_call_takes_half_of_plenty_and_all_of_little() {
    let rate = rate("0.0500", "0.0000", 60, 60);
    for (available, expected) in [
        ("100.0000", ("12.0000", 14_400)), // no more than the longest call
        ("10.0000", ("5.0000", 6_000)),
        ("1.0000", ("0.5000", 600)),
        ("0.6000", ("0.5000", 600)), // the usual length, though it is more than half
        ("0.4000", ("0.4000", 480)),
        ("0.0500", ("0.0500", 60)),
    ] {
        let funding = fund(&rate, &purse("100", available), &Limits::default()).unwrap();
        let amount = funding.amount.to_string();
        assert_eq!((amount.as_str(), funding.seconds), expected, "{available}");
    }
}

#[test]
fn five_calls_at_once_on_ten_all_connect() {
    let rate = rate("0.0500", "0.0000", 60, 60);
    let mut left = money("10");
    for _ in 0..5 {
        let purse = Purse { balance: money("10"), available: left, minimum_threshold: money("1") };
        let funding = fund(&rate, &purse, &Limits::default()).unwrap();
        assert!(funding.seconds >= 360, "{funding:?}");
        left = left.checked_sub(funding.amount).unwrap();
    }
}

#[test]
fn a_refusal_says_what_would_be_enough() {
    let cheap = rate("0.0500", "0.0000", 60, 60);
    let dear = rate("3.0000", "0.5000", 60, 60);
    let huge = rate("999999.9999", "999999.9999", 60, 60);
    for (rate, balance, available, required) in [
        (&cheap, "0.9999", "0.9999", "1.0000"),
        (&dear, "0.9999", "0.9999", "3.5000"),
        (&cheap, "1.0000", "0.0499", "0.0500"),
        (&cheap, "5.0000", "-0.5000", "0.0500"),
        (&dear, "3.4999", "3.4999", "3.5000"),
        (&huge, "999999.9999", "999999.9999", "999999.9999"),
    ] {
        let refused = fund(rate, &purse(balance, available), &Limits::default()).unwrap_err();
        assert_eq!(refused.required, money(required), "{balance} {available}");
        assert_eq!(refused.available, money(available));
    }
    assert!(fund(&cheap, &purse("1.0000", "1.0000"), &Limits::default()).is_ok());
}

prop_compose! {
    fn any_rate()(units in 0_i64..200_000, fee in 0_i64..50_000, initial in 1_u32..120, step in 1_u32..120)
        -> Rate {
        let mut rate = rate("0", "0", initial, step);
        rate.rate_per_minute = Money::from_units(units).unwrap();
        rate.connection_fee = Money::from_units(fee).unwrap();
        rate
    }
}

proptest! {
    #[test]
    fn the_amount_pays_for_those_seconds_and_for_no_more(rate in any_rate(), units in 0_i64..5_000_000) {
        let amount = Money::from_units(units).unwrap();
        let longest = Limits::default().longest;
        let seconds = seconds(&rate, amount, longest);
        prop_assert!(price(&rate, seconds).unwrap().amount <= amount);
        prop_assert!(seconds == longest || price(&rate, seconds + 1).unwrap().amount > amount);
    }

    #[test]
    fn a_funded_call_can_be_paid(rate in any_rate(), balance in -5_000_000_i64..5_000_000,
        held in 0_i64..5_000_000) {
        let amount = |units| Money::from_units(units).unwrap();
        let limits = Limits::default();
        let purse = Purse {
            balance: amount(balance),
            available: amount(balance - held),
            minimum_threshold: amount(10_000),
        };
        match fund(&rate, &purse, &limits) {
            Ok(funding) => {
                prop_assert!(funding.amount <= purse.available);
                prop_assert!((limits.shortest..=limits.longest).contains(&funding.seconds));
                prop_assert!(price(&rate, funding.seconds).unwrap().amount <= funding.amount);
            }
            Err(short) => prop_assert!(short.required > short.available),
        }
    }
}

#[test]
fn who_asks_once_more_has_what_is_left() {
    for (funded, since, left) in [
        (600, 0, Some(600)),
        (600, 60, Some(600)),
        (600, 61, Some(539)),
        (600, 540, Some(60)),
        (600, 541, None),
        (600, 4000, None),
        (60, u32::MAX, None),
    ] {
        assert_eq!(remaining(funded, since, 60), left, "{funded} s, {since} s ago");
    }
}
