//! Rate decks: which price list is in force at an instant, and the longest prefix in it.

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Rate;
use crate::legs::Direction;
use crate::phone::E164;

/// The deck that customers without one of their own are rated by.
pub const DEFAULT_DECK: &str = "default";

/// A complete price list, in force from an instant until a later one of its name.
#[derive(Clone, Debug)]
pub struct Deck {
    /// The row in `rate_decks`.
    pub id: Uuid,
    /// The name under which organizations refer to it.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// From this instant on, included.
    pub effective_from: OffsetDateTime,
    /// Its rates, which may be many: shared by everybody who prices.
    pub rates: Arc<RateTable>,
}

/// Rates by prefix. A look-up probes the prefixes of a number, the longest first.
#[derive(Clone, Debug, Default)]
pub struct RateTable {
    by_prefix: HashMap<String, Vec<Rate>>,
}

impl FromIterator<Rate> for RateTable {
    fn from_iter<I: IntoIterator<Item = Rate>>(rates: I) -> Self {
        let mut by_prefix: HashMap<String, Vec<Rate>> = HashMap::new();
        for rate in rates {
            by_prefix.entry(rate.prefix.clone()).or_default().push(rate);
        }
        Self { by_prefix }
    }
}

impl RateTable {
    /// The rates of each prefix.
    pub fn by_prefix(&self) -> impl Iterator<Item = &[Rate]> {
        self.by_prefix.values().map(Vec::as_slice)
    }

    /// The rate of the longest prefix of `number` that applies to `direction`; at the same prefix a row with a
    /// direction wins over one without.
    #[must_use]
    pub fn longest_match(&self, number: &E164, direction: Direction) -> Option<&Rate> {
        let digits = number.digits();
        (1..=digits.len()).rev().find_map(|length| {
            let rates = self.by_prefix.get(&digits[..length])?;
            let of = |wanted| rates.iter().find(|rate| rate.direction == wanted);
            of(Some(direction)).or_else(|| of(None))
        })
    }
}

/// Every deck there is, past and future ones too.
#[derive(Clone, Debug, Default)]
pub struct Decks(Vec<Deck>);

impl FromIterator<Deck> for Decks {
    fn from_iter<I: IntoIterator<Item = Deck>>(decks: I) -> Self {
        let mut decks: Vec<Deck> = decks.into_iter().collect();
        decks.sort_by_key(|deck| deck.effective_from);
        Self(decks)
    }
}

/// A rate that was found, and where.
#[derive(Clone, Copy, Debug)]
pub struct RateMatch<'a> {
    /// The deck it is in.
    pub deck: &'a Deck,
    /// The row.
    pub rate: &'a Rate,
    /// The deck in force at the call's start lacked the prefix; this is from a later one.
    pub rated_late: bool,
}

impl Decks {
    /// The decks that are in force at an instant, one of each name, and those that will be.
    pub fn from_now_on(&self, now: OffsetDateTime) -> impl Iterator<Item = &Deck> {
        self.0.iter().filter(move |deck| {
            let is_replaced = |other: &Deck| {
                other.name == deck.name
                    && other.effective_from > deck.effective_from
                    && other.effective_from <= now
            };
            !self.0.iter().any(is_replaced)
        })
    }

    /// The rate for a call to `number` that started `at`: from the deck of that name in force then, else from the
    /// earliest later one that has a prefix for it. `None`: there is no price, which is never price zero.
    #[must_use]
    pub fn rate(
        &self,
        name: &str,
        at: OffsetDateTime,
        number: &E164,
        direction: Direction,
    ) -> Option<RateMatch<'_>> {
        let named = || self.0.iter().filter(move |deck| deck.name == name);
        let in_force = named().rev().find(|deck| deck.effective_from <= at);
        let later = named().filter(|deck| deck.effective_from > at);
        in_force
            .into_iter()
            .map(|deck| (deck, false))
            .chain(later.map(|deck| (deck, true)))
            .find_map(|(deck, rated_late)| {
                let rate = deck.rates.longest_match(number, direction)?;
                Some(RateMatch { deck, rate, rated_late })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

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

    fn deck(name: &str, effective_from: OffsetDateTime, rates: Vec<Rate>) -> Deck {
        Deck {
            id: Uuid::nil(),
            name: name.to_owned(),
            currency: "USD".to_owned(),
            effective_from,
            rates: Arc::new(rates.into_iter().collect()),
        }
    }

    fn found(
        decks: &Decks,
        at: OffsetDateTime,
        number: &str,
        direction: Direction,
    ) -> Option<(String, bool)> {
        let number = E164::parse(number).unwrap();
        let found = decks.rate(DEFAULT_DECK, at, &number, direction)?;
        Some((found.rate.rate_per_minute.to_string(), found.rated_late))
    }

    #[test]
    fn the_longest_prefix_wins_then_the_row_with_a_direction() {
        let january = datetime!(2026-01-01 0:00 UTC);
        let decks: Decks = [deck(
            DEFAULT_DECK,
            january,
            vec![
                rate("52", None, "0.05"),
                rate("5255", None, "0.01"),
                rate("5255", Some(Direction::Inbound), "0.02"),
                rate("1", Some(Direction::Outbound), "0.03"),
            ],
        )]
        .into_iter()
        .collect();
        let price =
            |number, direction| found(&decks, january, number, direction).map(|(price, _)| price);
        assert_eq!(price("+525512345678", Direction::Outbound).as_deref(), Some("0.0100"));
        assert_eq!(price("+525512345678", Direction::Inbound).as_deref(), Some("0.0200"));
        assert_eq!(price("+523312345678", Direction::Inbound).as_deref(), Some("0.0500"));
        assert_eq!(price("+14158675309", Direction::Outbound).as_deref(), Some("0.0300"));
        assert_eq!(price("+14158675309", Direction::Inbound), None);
        assert_eq!(price("+34911234567", Direction::Outbound), None);
    }

    #[test]
    fn the_deck_in_force_at_the_start_rates_the_call() {
        let decks: Decks = [
            deck(
                DEFAULT_DECK,
                datetime!(2026-02-01 0:00 UTC),
                vec![rate("1", None, "0.02"), rate("52", None, "0.09")],
            ),
            deck(DEFAULT_DECK, datetime!(2026-01-01 0:00 UTC), vec![rate("1", None, "0.01")]),
            deck("gold", datetime!(2026-01-01 0:00 UTC), vec![rate("34", None, "0.01")]),
        ]
        .into_iter()
        .collect();
        let outbound = |at, number| found(&decks, at, number, Direction::Outbound);
        let late = |price: &str, rated_late| Some((price.to_owned(), rated_late));
        assert_eq!(outbound(datetime!(2026-01-31 23:59:59 UTC), "+1415"), late("0.0100", false));
        assert_eq!(outbound(datetime!(2026-02-01 0:00 UTC), "+1415"), late("0.0200", false));
        assert_eq!(outbound(datetime!(2026-01-15 0:00 UTC), "+5255"), late("0.0900", true));
        assert_eq!(outbound(datetime!(2025-12-31 0:00 UTC), "+1415"), late("0.0100", true));
        assert_eq!(outbound(datetime!(2026-03-01 0:00 UTC), "+3491"), None);
    }
}
