//! What the books must say, worked out a second time and in another way than the product does: whole numbers of
//! 1/10,000 in 128 bits, prices in 120ths of them until the one rounding.

pub mod cached;
pub mod contradictions;
pub mod found;
mod length;

use std::collections::BTreeMap;

use uuid::Uuid;

use self::length::is_guessed;
pub use self::length::seconds;
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

/// How a leg must have been settled, whatever the order of its events and however often it was corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// One log, with a charge and corrections that come to this price in units of 1/10,000.
    Charged(i128),
    /// One log; what was taken for it comes to nothing.
    Free,
    /// Neither log nor ledger row: its parent pays.
    Covered,
    /// Another leg of its session pays: covered, or free where it was logged before that was known.
    Behind,
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

impl Settled {
    /// What is taken for it in the end, in units of 1/10,000.
    #[must_use]
    pub fn price(self) -> i128 {
        match self {
            Self::Charged(price) => price,
            Self::Free | Self::Covered | Self::Behind | Self::NoRate => 0,
        }
    }
}

/// Works out what the books must say once all of `legs` are settled and nothing more is told of them. A leg is known by
/// the first of its names.
#[must_use]
pub fn books(rates: &[Rate], legs: &[ExpectedLeg]) -> Books {
    let mut books = Books::default();
    for leg in legs {
        let settled = if is_behind(leg, legs) { Settled::Behind } else { settled(rates, leg) };
        *books.wallets.entry(leg.wallet).or_default() += settled.price();
        books.legs.insert(leg.id().to_owned(), settled);
    }
    books
}

/// Of a session's legs the first that was answered pays for those that began while it ran; but nobody's guess pays for
/// what is known.
fn is_behind(leg: &ExpectedLeg, legs: &[ExpectedLeg]) -> bool {
    leg.session.is_some()
        && legs.iter().any(|other| {
            other.session == leg.session
                && other.length.started_at < leg.length.started_at
                && leg.length.started_at <= Some(other.length.ended_at)
                && seconds(&other.length) > 0
                && (is_guessed(&leg.length) || !is_guessed(&other.length))
        })
}

fn settled(rates: &[Rate], leg: &ExpectedLeg) -> Settled {
    if leg.covered {
        return Settled::Covered;
    }
    let seconds = seconds(&leg.length);
    if seconds == 0 || leg.refused {
        return Settled::Free;
    }
    let digits = leg.rated_number.trim_start_matches('+');
    let matching = rates.iter().filter(|rate| digits.starts_with(&rate.prefix));
    match matching.max_by_key(|rate| rate.prefix.len()).map(|rate| rate.price(seconds)) {
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
mod tests;
