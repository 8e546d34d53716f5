//! What the books must say, worked out a second time and in another way than the product does: whole numbers of
//! 1/10,000 in 128 bits, prices in 120ths of them until the one rounding.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::simulator::flow::ExpectedLeg;

/// A rate in units of 1/10,000.
#[derive(Clone, Debug)]
pub struct Rate {
    prefix: String,
    per_minute: i128,
    fee: i128,
    initial: i128,
    step: i128,
}

/// How a leg must have been settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// One log, one ledger row, at this price in units of 1/10,000.
    Charged(i128),
    /// One log, no ledger row.
    Free,
    /// Neither: its parent pays.
    Covered,
    /// In the dead letters, `no_rate`.
    NoRate,
}

/// What must stand in the books, by leg and by wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Every leg.
    pub legs: BTreeMap<String, Settled>,
    /// What is taken from every wallet that a leg belongs to, in units of 1/10,000.
    pub wallets: BTreeMap<Uuid, i128>,
}

impl Rate {
    /// A rate by the full minute for numbers that begin with `prefix` (digits). Amounts as in a price list: `0.0132`.
    ///
    /// # Panics
    /// When an amount is not a decimal number with up to four places.
    #[must_use]
    pub fn new(prefix: &str, per_minute: &str, fee: &str) -> Self {
        let (per_minute, fee) = (units(per_minute), units(fee));
        Self { prefix: prefix.to_owned(), per_minute, fee, initial: 60, step: 60 }
    }

    /// The same, billed by other steps.
    #[must_use]
    pub fn increments(self, initial: u32, step: u32) -> Self {
        Self { initial: i128::from(initial), step: i128::from(step), ..self }
    }

    /// The price of so many seconds in units of 1/10,000, half a unit rounded up.
    #[must_use]
    pub fn price(&self, seconds: u32) -> i128 {
        let seconds = i128::from(seconds);
        if seconds == 0 {
            return 0;
        }
        let mut billed = self.initial;
        if seconds > billed {
            let rest = seconds - billed;
            billed += rest + (self.step - rest % self.step) % self.step;
        }
        let in_120ths = 2 * billed * self.per_minute + 120 * self.fee;
        (in_120ths + 60) / 120
    }
}

/// Works out what the books must say once all of `legs` are settled.
#[must_use]
pub fn books(rates: &[Rate], legs: &[ExpectedLeg]) -> Books {
    let mut books = Books::default();
    for leg in legs {
        let settled = settled(rates, leg);
        let price = match settled {
            Settled::Charged(price) => price,
            Settled::Free | Settled::Covered | Settled::NoRate => 0,
        };
        *books.wallets.entry(leg.wallet).or_default() += price;
        books.legs.insert(leg.call.sid.clone(), settled);
    }
    books
}

fn settled(rates: &[Rate], leg: &ExpectedLeg) -> Settled {
    if leg.covered {
        return Settled::Covered;
    }
    if leg.call.seconds == 0 {
        return Settled::Free;
    }
    let digits = leg.rated_number.trim_start_matches('+');
    let matching = rates.iter().filter(|rate| digits.starts_with(&rate.prefix));
    match matching.max_by_key(|rate| rate.prefix.len()).map(|rate| rate.price(leg.call.seconds)) {
        None => Settled::NoRate,
        Some(0) => Settled::Free,
        Some(price) => Settled::Charged(price),
    }
}

/// Units of 1/10,000 of a decimal text.
///
/// # Panics
/// When it is none, or has more than four places.
#[must_use]
pub fn units(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(places.len() <= 4, "{text} has more than four places");
    let units: i128 = format!("{whole}{places:0<4}").parse().expect("a decimal number");
    sign * units
}

/// The text of an amount, with four places.
#[must_use]
pub fn text(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let units = units.unsigned_abs();
    format!("{sign}{}.{:04}", units / 10_000, units % 10_000)
}

#[cfg(test)]
mod tests {
    use curbe_domain::money::Money;
    use curbe_domain::rating;
    use proptest::prelude::*;

    use super::*;

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
}
