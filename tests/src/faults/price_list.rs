//! What calls cost in a lab.

use anyhow::Result;

use crate::demo::people;
use crate::oracle::Rate;
use crate::stack::Stack;

/// Prefix, price of a minute and fee of the one rate that leads to parts of a unit.
const BY_THE_SECOND: [&str; 3] = ["1415", "0.0133", "0.0005"];

/// The price list of a lab, for the oracle.
pub(super) fn rates() -> Vec<Rate> {
    let [prefix, per_minute, fee] = BY_THE_SECOND;
    let mut rates = people::rates();
    rates.push(Rate::new(prefix, per_minute, fee).increments(1, 1));
    rates
}

/// Brings it in before the first call ends.
///
/// # Errors
/// `curbe` refused, or the database did.
pub(super) async fn import(stack: &Stack) -> Result<()> {
    people::import_rates(stack).await?;
    let insert = "insert into call_rates
        (prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds)
        values ($1, $2::text::numeric, $3::text::numeric, 1, 1)";
    let [prefix, per_minute, fee] = BY_THE_SECOND;
    let insert = sqlx::query(insert).bind(prefix).bind(per_minute).bind(fee);
    insert.execute(stack.pool()).await?;
    Ok(())
}
