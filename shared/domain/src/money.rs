//! Money as the database holds it, `DECIMAL(10,4)`: ten digits, four of them after the point.
//!
//! Counted in units of 1/10,000, so that no arithmetic rounds. Nothing wraps or saturates: what does not fit is [`Overflow`].

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const UNITS_PER_ONE: i64 = 10_000;
const UNITS_MAX: i64 = 9_999_999_999;

/// An amount between -999,999.9999 and 999,999.9999, exact to 1/10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// The amount does not fit `DECIMAL(10,4)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not fit between -999999.9999 and 999999.9999")]
pub struct Overflow;

/// Why a text or a decimal is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// More than four decimal places: rounding somebody's money silently is not ours to do.
    #[error("more than four decimal places")]
    TooPrecise,
    /// Larger than the database holds.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount there is, 999,999.9999.
    pub const MAX: Self = Self(UNITS_MAX);

    /// An amount from units of 1/10,000.
    ///
    /// # Errors
    /// [`Overflow`] outside `DECIMAL(10,4)`.
    pub fn from_units(units: i64) -> Result<Self, Overflow> {
        Self::from_wide_units(i128::from(units))
    }

    /// An amount from units computed in 128 bits.
    pub(crate) fn from_wide_units(units: i128) -> Result<Self, Overflow> {
        match i64::try_from(units) {
            Ok(units) if units.abs() <= UNITS_MAX => Ok(Self(units)),
            Ok(_) | Err(_) => Err(Overflow),
        }
    }

    /// The amount in units of 1/10,000.
    #[must_use]
    pub fn units(self) -> i64 {
        self.0
    }

    /// # Errors
    /// [`Overflow`] when the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, Overflow> {
        Self::from_wide_units(i128::from(self.0) + i128::from(other.0))
    }

    /// # Errors
    /// [`Overflow`] when the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
        Self::from_wide_units(i128::from(self.0) - i128::from(other.0))
    }

    /// The same amount with the other sign. The range is symmetric, so it always fits.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// As a decimal with four places, for the database.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 4)
    }

    /// # Errors
    /// [`ParseError::TooPrecise`] or [`ParseError::Overflow`]; trailing zeros do not count as places.
    pub fn from_decimal(value: Decimal) -> Result<Self, ParseError> {
        let value = value.normalize();
        if value.scale() > 4 {
            return Err(ParseError::TooPrecise);
        }
        let factor = 10_i128.pow(4 - value.scale());
        let units = value.mantissa().checked_mul(factor).ok_or(Overflow)?;
        Ok(Self::from_wide_units(units)?)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.abs();
        write!(f, "{sign}{}.{:04}", units / UNITS_PER_ONE, units % UNITS_PER_ONE)
    }
}

impl FromStr for Money {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let value = Decimal::from_str_exact(text).map_err(|_| ParseError::NotANumber)?;
        Self::from_decimal(value)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn texts_become_amounts_or_say_why_not() {
        for (text, units) in [
            ("0", 0),
            ("1", 10_000),
            ("-0.0001", -1),
            ("12.3400", 123_400),
            ("999999.9999", UNITS_MAX),
        ] {
            assert_eq!(text.parse::<Money>().map(Money::units), Ok(units), "{text}");
        }
        for text in ["", "1,5", "NaN", "0x10", "1e400", "--1"] {
            assert_eq!(text.parse::<Money>(), Err(ParseError::NotANumber), "{text}");
        }
        assert_eq!("0.00001".parse::<Money>(), Err(ParseError::TooPrecise));
        assert_eq!("0.10000000".parse::<Money>(), Ok(Money(1_000)));
        assert_eq!("1000000".parse::<Money>(), Err(ParseError::Overflow(Overflow)));
    }

    #[test]
    fn amounts_show_four_places_and_their_sign() {
        assert_eq!(money("-0.5").to_string(), "-0.5000");
        assert_eq!(money("12.34").to_string(), "12.3400");
        assert_eq!(serde_json::to_string(&money("7")).unwrap(), "\"7.0000\"");
    }

    #[test]
    fn one_unit_past_the_limit_is_an_overflow() {
        let unit = Money(1);
        assert_eq!(Money::MAX.checked_add(unit), Err(Overflow));
        assert_eq!(Money::MAX.negated().checked_sub(unit), Err(Overflow));
        assert_eq!(Money::MAX.checked_sub(unit).map(Money::units), Ok(UNITS_MAX - 1));
    }

    proptest! {
        #[test]
        fn text_decimal_and_units_agree(units in -UNITS_MAX..=UNITS_MAX) {
            let amount = Money(units);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            prop_assert_eq!(Money::from_decimal(amount.to_decimal()), Ok(amount));
        }

        #[test]
        fn a_sum_is_exact_or_an_overflow(a in -UNITS_MAX..=UNITS_MAX, b in -UNITS_MAX..=UNITS_MAX) {
            let expected = if (a + b).abs() <= UNITS_MAX { Ok(Money(a + b)) } else { Err(Overflow) };
            prop_assert_eq!(Money(a).checked_add(Money(b)), expected);
        }

        #[test]
        fn no_text_is_an_amount_out_of_range(text in r"\PC{0,12}|-?[0-9]{0,30}(\.[0-9]{0,30})?(e[0-9]{1,3})?") {
            if let Ok(amount) = text.parse::<Money>() {
                prop_assert!(amount.units().abs() <= UNITS_MAX, "{amount}");
                prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            }
            let in_json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&in_json).ok(), text.parse().ok());
        }
    }
}
