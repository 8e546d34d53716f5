//! Whether the books add up: every wallet, every leg, every price, in one snapshot of the database.

use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use curbe_domain::rating::price::price;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use crate::store::audit::{self, DifferenceRow, Extent, Receipt};
use crate::store::corrections::CorrectedCall;
use crate::store::{self, Tx};

/// One of the things that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// A balance is the sum of its ledger.
    Balance,
    /// Each `balance_after` is the one before plus the amount.
    BalanceAfter,
    /// A settled leg has the rows that it says.
    SettledLeg,
    /// A logged call has a settled leg.
    CallLog,
    /// A charge has a leg settled as charged, and its call's own wallet paid.
    CallCharge,
    /// A wallet's numbers are 1 to its `seq`.
    Seq,
    /// A price follows from its receipt.
    CustomerPrice,
    /// A call that was corrected was paid for as it is known now.
    Correction,
}

impl Check {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 8] = [
        Self::Balance,
        Self::BalanceAfter,
        Self::SettledLeg,
        Self::CallLog,
        Self::CallCharge,
        Self::Seq,
        Self::CustomerPrice,
        Self::Correction,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::BalanceAfter => "balance after",
            Self::SettledLeg => "settled leg",
            Self::CallLog => "call log",
            Self::CallCharge => "call charge",
            Self::Seq => "seq",
            Self::CustomerPrice => "customer price",
            Self::Correction => "correction",
        }
    }
}

/// Something that does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What must hold and does not.
    pub check: Check,
    /// What it is about.
    pub subject: String,
    /// What is there and what should be.
    pub detail: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How much was looked at.
    pub extent: Extent,
    /// The first differences of each check.
    pub differences: Vec<Difference>,
    /// How many there are, those not named included.
    pub differences_total: i64,
}

/// Makes every check in one snapshot, naming at most `limit` differences of each; `told` of each check that begins.
///
/// # Errors
/// What the database says.
pub async fn run(
    pool: &PgPool,
    limit: i64,
    told: &(dyn Fn(Check) + Sync),
) -> Result<Report, sqlx::Error> {
    let mut tx = pool.begin_with("begin isolation level repeatable read read only").await?;
    audit::make_room(&mut tx).await?;
    let mut report = Report { extent: audit::extent(&mut tx).await?, ..Report::default() };
    for check in Check::ALL {
        told(check);
        let rows = differences(&mut tx, check, limit).await?;
        report.differences_total += rows.first().map_or(0, |row| row.total);
        report.differences.extend(rows.into_iter().map(|row| Difference {
            check,
            subject: row.subject,
            detail: row.detail,
        }));
    }
    Ok(report)
}

async fn differences(
    tx: &mut Tx,
    check: Check,
    limit: i64,
) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    match check {
        Check::Balance => audit::balances(tx, limit).await,
        Check::BalanceAfter => audit::balances_after(tx, limit).await,
        Check::SettledLeg => audit::settled_legs(tx, limit).await,
        Check::CallLog => audit::call_logs(tx, limit).await,
        Check::CallCharge => audit::call_charges(tx, limit).await,
        Check::Seq => audit::numbers(tx, limit).await,
        Check::CustomerPrice => customer_prices(tx, limit).await,
        Check::Correction => corrections(tx, limit).await,
    }
}

/// Prices every receipt again, each once however many calls have it.
async fn customer_prices(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    let mut total = 0;
    let mut wrong = Vec::new();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut receipts = audit::receipts(tx);
    while let Some(receipt) = receipts.try_next().await? {
        if let Some(detail) = fault(&receipt) {
            total += receipt.calls;
            if wrong.len() < most {
                wrong.push((receipt, detail));
            }
        }
    }
    drop(receipts);
    let mut rows = Vec::new();
    for (receipt, detail) in wrong {
        let room = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let calls = audit::calls_with(tx, &receipt, room).await?;
        let named = calls.into_iter();
        rows.extend(named.map(|subject| DifferenceRow { subject, detail: detail.clone(), total }));
    }
    Ok(rows)
}

/// Prices every corrected call again. One that was free when it was logged has no rate on its receipt: of it, only that
/// it was not given money can be said.
async fn corrections(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for CorrectedCall { seconds, paid } in store::corrections::corrected(tx).await? {
        let is_right = match &paid.rate {
            Some(rate) => price(rate, seconds).is_ok_and(|due| due.amount == paid.amount.negated()),
            None if seconds == 0 => paid.amount.is_zero(),
            None => paid.amount <= Money::ZERO,
        };
        if !is_right {
            rows.push(DifferenceRow {
                subject: format!("leg {} at {}", paid.key.leg, paid.key.provider),
                detail: format!("its charge and corrections are {} for {seconds} s", paid.amount),
                total: 0,
            });
        }
    }
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    rows.iter_mut().for_each(|row| row.total = total);
    Ok(rows)
}

/// What is wrong with a receipt.
fn fault(receipt: &Receipt) -> Option<String> {
    let shown = receipt.customer_price;
    let Some(rate) = rate(receipt) else {
        let is_free = shown.is_zero() && receipt.rate_per_minute.is_none();
        return (!is_free).then(|| format!("it cost {shown} and names no whole rate"));
    };
    let seconds = u32::try_from(receipt.duration_seconds).unwrap_or_default();
    match price(&rate, seconds) {
        Err(overflow) => Some(format!("it cost {shown}, by its receipt {overflow}")),
        Ok(due) if due.amount.to_decimal() != shown => {
            Some(format!("it cost {shown}, by its receipt {}", due.amount))
        }
        Ok(due) if due.billable_minutes() != receipt.billable_minutes => Some(format!(
            "it was {} minutes, by its receipt {}",
            receipt.billable_minutes,
            due.billable_minutes()
        )),
        Ok(_) => None,
    }
}

fn rate(receipt: &Receipt) -> Option<Rate> {
    let money = |value: Option<Decimal>| Money::from_decimal(value?).ok();
    let seconds = |value: Option<i32>| u32::try_from(value?).ok();
    Some(Rate {
        id: Uuid::nil(),
        prefix: String::new(),
        direction: None::<Direction>,
        rate_per_minute: money(receipt.rate_per_minute)?,
        connection_fee: money(receipt.connection_fee)?,
        initial_increment_seconds: seconds(receipt.initial_increment_seconds)?,
        increment_seconds: seconds(receipt.increment_seconds)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(seconds: i32, minutes: &str, price: &str) -> Receipt {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        Receipt {
            duration_seconds: seconds,
            billable_minutes: decimal(minutes),
            customer_price: decimal(price),
            rate_per_minute: Some(decimal("0.0132")),
            connection_fee: Some(decimal("0.0010")),
            initial_increment_seconds: Some(60),
            increment_seconds: Some(60),
            calls: 1,
        }
    }

    #[test]
    fn a_price_follows_from_its_receipt() {
        assert_eq!(fault(&receipt(61, "2.00", "0.0274")), None);
        for (wrong, words) in [
            (receipt(61, "2.00", "0.0275"), "cost 0.0275, by its receipt 0.0274"),
            (receipt(61, "1.00", "0.0274"), "was 1.00 minutes, by its receipt 2"),
            (Receipt { increment_seconds: None, ..receipt(61, "2.00", "0.0274") }, "no whole rate"),
        ] {
            let fault = fault(&wrong).unwrap();
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn a_call_without_a_rate_was_free() {
        let free = Receipt {
            rate_per_minute: None,
            connection_fee: None,
            initial_increment_seconds: None,
            increment_seconds: None,
            ..receipt(0, "0.00", "0.0000")
        };
        assert_eq!(fault(&free), None);
        let priced = Receipt { customer_price: "0.0001".parse().unwrap(), ..free };
        assert!(fault(&priced).is_some());
    }
}
