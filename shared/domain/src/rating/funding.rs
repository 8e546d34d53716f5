//! Credit before the call: how much of a wallet a call may take, and how long that lasts.
//!
//! A call never takes everything while there is plenty, so that several at once can connect; where little is left it
//! takes what there is.

use super::Rate;
use super::price::price;
use crate::money::Money;

const SECONDS_PER_MINUTE: i128 = 60;
const PERCENT: i128 = 100;
/// Within so many seconds a provider asks once more because it has not had its answer, and nobody has talked.
const REPEAT_SECONDS_MAX: u32 = 60;

/// How long calls may be, and what part of a wallet one of them may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A call that is funded for less does not start, in seconds.
    pub shortest: u32,
    /// What a call may always take, however little is left then, in seconds.
    pub usual: u32,
    /// The most that a call is funded for, in seconds.
    pub longest: u32,
    /// Above that, the part of what is available, in percent.
    pub share_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { shortest: 60, usual: 10 * 60, longest: 4 * 60 * 60, share_percent: 50 }
    }
}

/// What there is to fund a call with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// What the ledger adds up to.
    pub balance: Money,
    /// That, less what open calls hold of it.
    pub available: Money,
    /// Below this balance no call starts.
    pub minimum_threshold: Money,
}

/// A call that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funding {
    /// What is set aside for it.
    pub amount: Money,
    /// How long that lasts, in seconds.
    pub seconds: u32,
}

/// The wallet cannot pay for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{required} would be needed, {available} is available")]
pub struct Insufficient {
    /// What would be enough.
    pub required: Money,
    /// What is available.
    pub available: Money,
}

/// What a call at this rate may take of the purse, and how long it lasts.
///
/// # Errors
/// [`Insufficient`]: the balance is below its threshold, or what is available pays for less than the shortest call.
pub fn fund(rate: &Rate, purse: &Purse, limits: &Limits) -> Result<Funding, Insufficient> {
    let shortest = price_of(rate, limits.shortest);
    let refused = |required| Insufficient { required, available: purse.available };
    if purse.balance < purse.minimum_threshold {
        return Err(refused(shortest.max(purse.minimum_threshold)));
    }
    let amount = amount(rate, purse.available, limits);
    let seconds = seconds(rate, amount, limits.longest);
    if seconds < limits.shortest {
        return Err(refused(shortest));
    }
    Ok(Funding { amount, seconds })
}

/// What a call may take of what is available: the price of the longest call at most, and no more than its share, except
/// that the usual length is always granted as far as there is money for it.
#[must_use]
pub fn amount(rate: &Rate, available: Money, limits: &Limits) -> Money {
    let units = i128::from(available.units()) * i128::from(limits.share_percent) / PERCENT;
    let share = Money::from_wide_units(units).unwrap_or(Money::MAX);
    let wanted = share.max(price_of(rate, limits.usual));
    available.min(price_of(rate, limits.longest)).min(wanted)
}

/// The largest whole number of seconds, `longest` at most, whose price does not exceed the amount.
#[must_use]
pub fn seconds(rate: &Rate, amount: Money, longest: u32) -> u32 {
    // `price` rounds half away from zero: what is less than half a unit above the amount still costs no more.
    let sixtieths = (i128::from(amount.units()) - i128::from(rate.connection_fee.units()))
        * SECONDS_PER_MINUTE
        + SECONDS_PER_MINUTE / 2
        - 1;
    if sixtieths < 0 {
        return 0;
    }
    match sixtieths.checked_div(i128::from(rate.rate_per_minute.units())) {
        None => longest,
        Some(paid) => whole_increments(rate, u32::try_from(paid).unwrap_or(u32::MAX)).min(longest),
    }
}

/// What is left of the seconds that a call was funded for, when it asks once more so many seconds later. `None`: less than
/// the shortest call.
#[must_use]
pub fn remaining(funded: u32, since: u32, shortest: u32) -> Option<u32> {
    if since <= REPEAT_SECONDS_MAX {
        return Some(funded);
    }
    Some(funded.saturating_sub(since)).filter(|left| *left >= shortest)
}

/// The longest duration that is billed as no more than so many seconds.
fn whole_increments(rate: &Rate, paid: u32) -> u32 {
    let initial = rate.initial_increment_seconds.max(1);
    let step = rate.increment_seconds.max(1);
    paid.checked_sub(initial).map_or(0, |rest| initial + rest / step * step)
}

/// The price; where it does not fit, more than any wallet has is as good as the largest amount.
#[must_use]
pub fn price_of(rate: &Rate, seconds: u32) -> Money {
    price(rate, seconds).map_or(Money::MAX, |price| price.amount)
}
