//! The oracle by hand, and against the product.

use curbe_domain::money::Money;
use curbe_domain::rating;
use proptest::prelude::*;
use time::OffsetDateTime;

use super::*;
use crate::simulator::flow::{Length, Provider};

proptest! {
    #[test]
    fn the_product_prices_alike(per_minute in 0_i64..1_000_000, fee in 0_i64..1_000_000,
        initial in 1_u32..120, step in 1_u32..120, seconds in 0_u32..=86_400) {
        let amount = |units| Money::from_units(units).unwrap();
        let theirs = rating::Rate {
            id: Uuid::nil(),
            prefix: "52".to_owned(),
            direction: None,
            rate_per_minute: amount(per_minute),
            connection_fee: amount(fee),
            initial_increment_seconds: initial,
            increment_seconds: step,
        };
        let text = |units: i64| text(units.into());
        let ours = Rate::new("52", &text(per_minute), &text(fee)).increments(initial, step);
        let price = rating::price::price(&theirs, seconds).unwrap();
        prop_assert_eq!(i128::from(price.amount.units()), ours.price(seconds));
    }
}

#[test]
fn prices_by_hand() {
    let by_minute = Rate::new("52", "0.0132", "0.0010");
    let by_second = Rate::new("52", "0.0001", "0").increments(30, 1);
    for (rate, seconds, expected) in [
        (&by_minute, 61, "0.0274"),
        (&by_minute, 60, "0.0142"),
        (&by_minute, 1, "0.0142"),
        (&by_minute, 0, "0.0000"),
        (&by_minute, 3_601, "0.8062"),
        (&by_second, 1, "0.0001"),
        (&by_second, 89, "0.0001"),
        (&by_second, 90, "0.0002"),
    ] {
        assert_eq!(text(rate.price(seconds)), expected, "{rate:?} {seconds}");
    }
}

#[test]
fn amounts_as_texts() {
    for amount in ["0.0000", "-0.0001", "12.3400", "999999.9999"] {
        assert_eq!(text(units(amount)), amount);
    }
    assert_eq!(units("1"), 10_000);
    assert_eq!(units("0.5"), 5_000);
}

/// A leg begun after so many seconds, of so many; `None`: nobody answered.
fn leg(name: &str, session: Option<u128>, begun: i64, seconds: Option<u32>) -> ExpectedLeg {
    let ended_at = OffsetDateTime::UNIX_EPOCH + time::Duration::HOUR;
    let length = Length {
        stated: seconds,
        ends_as_answered: seconds.is_some(),
        started_at: Some(OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(begun)),
        ..Length::stated(0, ended_at)
    };
    let names = vec![name.to_owned()];
    let session = session.map(Uuid::from_u128);
    let leg = ExpectedLeg::outbound(Provider::Telnyx, names, Uuid::nil(), "+525512345678", length);
    ExpectedLeg { session, ..leg }
}

#[test]
fn of_a_session_the_first_that_was_answered_pays() {
    let rates = [Rate::new("52", "0.0132", "0.0010")];
    let one = Settled::Charged(142);
    let two = Settled::Charged(274);
    for (legs, expected) in [
        (
            vec![leg("a", Some(1), 0, Some(60)), leg("b", Some(1), 5, Some(61))],
            [one, Settled::Behind],
        ),
        (
            vec![leg("a", Some(1), 5, Some(60)), leg("b", Some(1), 0, Some(61))],
            [Settled::Behind, two],
        ),
        (vec![leg("a", Some(1), 0, None), leg("b", Some(1), 5, Some(61))], [Settled::Free, two]),
        (vec![leg("a", Some(1), 0, Some(0)), leg("b", Some(1), 5, Some(61))], [Settled::Free, two]),
        (vec![leg("a", Some(1), 0, Some(60)), leg("b", Some(1), 5, None)], [one, Settled::Behind]),
        (vec![leg("a", Some(1), 0, Some(60)), leg("b", Some(2), 5, Some(61))], [one, two]),
        (vec![leg("a", None, 0, Some(60)), leg("b", None, 5, Some(61))], [one, two]),
    ] {
        let books = books(&rates, &legs);
        assert_eq!([books.legs["a"], books.legs["b"]], expected, "{legs:?}");
        let spent: i128 = expected.iter().map(|settled| settled.price()).sum();
        assert_eq!(books.wallets[&Uuid::nil()], spent, "{legs:?}");
    }
}

#[test]
fn what_is_covered_free_or_without_a_rate_costs_nothing() {
    let rates = [Rate::new("52", "0.0132", "0.0010"), Rate::new("5233", "0.0000", "0.0000")];
    let to = |number: &str| ExpectedLeg {
        rated_number: number.to_owned(),
        ..leg("a", None, 0, Some(61))
    };
    for (leg, expected) in [
        (ExpectedLeg { covered: true, ..leg("a", None, 0, Some(61)) }, Settled::Covered),
        (leg("a", None, 0, None), Settled::Free),
        (to("+523312345678"), Settled::Free),
        (to("+8112345678"), Settled::NoRate),
    ] {
        let books = books(&rates, std::slice::from_ref(&leg));
        assert_eq!((books.legs["a"], books.wallets[&Uuid::nil()]), (expected, 0), "{leg:?}");
    }
}
