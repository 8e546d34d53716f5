//! The price of a duration at a rate. The one place where money is rounded.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Rate;
use crate::money::{Money, Overflow};

const SECONDS_PER_MINUTE: i128 = 60;

/// What a call costs and how that came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// What the customer pays.
    pub amount: Money,
    /// The duration rounded up to the increments, in seconds.
    pub billed_seconds: u32,
}

impl Price {
    /// A call that did not last: no minutes, no fee, no rate needed.
    pub const FREE: Self = Self { amount: Money::ZERO, billed_seconds: 0 };

    /// The billed duration in minutes with two places, half away from zero, as the call log shows it.
    #[must_use]
    pub fn billable_minutes(self) -> Decimal {
        let mut minutes = (Decimal::from(self.billed_seconds) / Decimal::from(60))
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        minutes.rescale(2);
        minutes
    }
}

/// Prices `seconds` at `rate`: the duration rounded up to the increments, times the rate, plus the connection fee.
/// Multiplied before divided and rounded once, half away from zero, to 1/10,000. With 60/60 increments this is
/// `ceil(seconds / 60) * rate + fee`. No seconds, no price.
///
/// # Errors
/// [`Overflow`] when the price does not fit `DECIMAL(10,4)`.
pub fn price(rate: &Rate, seconds: u32) -> Result<Price, Overflow> {
    if seconds == 0 {
        return Ok(Price::FREE);
    }
    let billed_seconds = billed_seconds(rate, seconds).ok_or(Overflow)?;
    let sixtieths = i128::from(billed_seconds) * i128::from(rate.rate_per_minute.units())
        + i128::from(rate.connection_fee.units()) * SECONDS_PER_MINUTE;
    let amount =
        Money::from_wide_units(divided_half_away_from_zero(sixtieths, SECONDS_PER_MINUTE))?;
    Ok(Price { amount, billed_seconds })
}

fn billed_seconds(rate: &Rate, seconds: u32) -> Option<u32> {
    let initial = rate.initial_increment_seconds.max(1);
    let step = rate.increment_seconds.max(1);
    match seconds.checked_sub(initial) {
        None | Some(0) => Some(initial),
        Some(rest) => rest.div_ceil(step).checked_mul(step)?.checked_add(initial),
    }
}

fn divided_half_away_from_zero(dividend: i128, divisor: i128) -> i128 {
    let half = if dividend < 0 { -divisor / 2 } else { divisor / 2 };
    (dividend + half) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(per_minute: &str, fee: &str, initial: u32, step: u32) -> Rate {
        Rate {
            id: uuid::Uuid::nil(),
            prefix: "1".to_owned(),
            direction: None,
            rate_per_minute: per_minute.parse().unwrap(),
            connection_fee: fee.parse().unwrap(),
            initial_increment_seconds: initial,
            increment_seconds: step,
        }
    }

    #[test]
    fn prices_by_example() {
        for (per_minute, fee, initial, step, seconds, expected) in [
            ("0.0132", "0.0010", 60, 60, 61, "0.0274"),
            ("0.0132", "0.0010", 60, 60, 60, "0.0142"),
            ("0.0132", "0.0010", 60, 60, 1, "0.0142"),
            ("0.0132", "0.0010", 60, 60, 0, "0.0000"),
            ("0.0100", "0.0000", 30, 6, 31, "0.0060"),
            ("0.0100", "0.0000", 1, 1, 37, "0.0062"),
            ("0.0001", "0.0000", 30, 30, 30, "0.0001"), // 0.00005 rounds away from zero
            ("0.0001", "0.0000", 29, 1, 29, "0.0000"),
            ("0.0000", "0.0000", 60, 60, 500, "0.0000"),
        ] {
            let price = price(&rate(per_minute, fee, initial, step), seconds).unwrap();
            assert_eq!(
                price.amount.to_string(),
                expected,
                "{per_minute} {fee} {initial}/{step} {seconds}"
            );
        }
    }

    #[test]
    fn the_largest_price_fits_and_the_next_does_not() {
        assert_eq!(price(&rate("999999.9999", "0", 60, 60), 60).unwrap().amount, Money::MAX);
        assert_eq!(price(&rate("999999.9999", "0.0001", 60, 60), 60), Err(Overflow));
        assert_eq!(price(&rate("999999.9999", "0", 60, 60), u32::MAX), Err(Overflow));
    }

    #[test]
    fn billable_minutes_have_two_places() {
        let minutes =
            |billed_seconds| Price { amount: Money::ZERO, billed_seconds }.billable_minutes();
        assert_eq!(minutes(120).to_string(), "2.00");
        assert_eq!(minutes(36).to_string(), "0.60");
        assert_eq!(minutes(37).to_string(), "0.62");
        assert_eq!(minutes(1).to_string(), "0.02");
    }

    proptest! {
        #[test]
        fn a_longer_call_never_costs_less(units in 0_i64..100_000, fee in 0_i64..100_000,
            initial in 1_u32..120, step in 1_u32..120, seconds in 0_u32..86_400) {
            let mut rate = rate("0", "0", initial, step);
            rate.rate_per_minute = Money::from_units(units).unwrap();
            rate.connection_fee = Money::from_units(fee).unwrap();
            let shorter = price(&rate, seconds).unwrap();
            let longer = price(&rate, seconds + 1).unwrap();
            prop_assert!(shorter.amount <= longer.amount);
            prop_assert!(longer.billed_seconds > seconds);
        }

        #[test]
        fn full_minutes_are_exact(units in 0_i64..100_000, fee in 0_i64..100_000, seconds in 1_u32..86_400) {
            let mut rate = rate("0", "0", 60, 60);
            rate.rate_per_minute = Money::from_units(units).unwrap();
            rate.connection_fee = Money::from_units(fee).unwrap();
            let expected = i64::from(seconds.div_ceil(60)) * units + fee;
            prop_assert_eq!(price(&rate, seconds).unwrap().amount.units(), expected);
        }
    }
}
