//! Tests of what is decided about a new deck before anything is written.

use curbe_domain::legs::Direction;
use time::macros::datetime;

use super::*;

fn rate(prefix: &str, direction: Option<Direction>, per_minute: &str) -> Rate {
    Rate {
        id: Uuid::nil(),
        prefix: prefix.to_owned(),
        direction,
        rate_per_minute: per_minute.parse().unwrap(),
        connection_fee: "0".parse().unwrap(),
        initial_increment_seconds: 60,
        increment_seconds: 60,
    }
}

fn request(currency: Option<&str>) -> Request {
    Request {
        deck: "gold".to_owned(),
        currency: currency.map(str::to_owned),
        is_merge: false,
        effective_from: None,
    }
}

#[test]
fn the_file_lies_over_the_rates_before() {
    let before = [
        rate("1", None, "0.01"),
        rate("52", None, "0.05"),
        rate("52", Some(Direction::Inbound), "0.06"),
    ];
    let merged = merged(&before, vec![rate("52", None, "0.04"), rate("34", None, "0.02")]);
    let mut prices: Vec<_> = merged
        .iter()
        .map(|rate| (rate.prefix.as_str(), rate.rate_per_minute.to_string()))
        .collect();
    prices.sort();
    let expected = [("1", "0.0100"), ("34", "0.0200"), ("52", "0.0400"), ("52", "0.0600")];
    assert_eq!(prices, expected.map(|(prefix, price)| (prefix, price.to_owned())));
}

#[test]
fn a_deck_keeps_its_currency() {
    let deck = DeckRow {
        id: Uuid::nil(),
        name: "gold".to_owned(),
        currency: "EUR".to_owned(),
        effective_from: datetime!(2026-01-01 0:00 UTC),
    };
    assert_eq!(currency(&request(None), None).unwrap(), "USD");
    assert_eq!(currency(&request(Some("MXN")), None).unwrap(), "MXN");
    assert_eq!(currency(&request(None), Some(&deck)).unwrap(), "EUR");
    assert_eq!(currency(&request(Some("EUR")), Some(&deck)).unwrap(), "EUR");
    let error = currency(&request(Some("USD")), Some(&deck)).unwrap_err();
    assert!(error.to_string().contains("is in EUR, not USD"), "{error}");
}
