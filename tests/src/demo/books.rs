//! The books against the oracle: every leg, every balance, every dead letter. Nothing here asks the product.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::PgPool;
use uuid::Uuid;

use super::calls::Sent;
use super::people::{Organization, People, rates};
use crate::oracle::{books, found, text, units};

/// What stands in the database.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How many legs were settled in each way.
    pub settled: BTreeMap<String, usize>,
    /// How many dead letters there are of each reason.
    pub dead_letters: BTreeMap<String, i64>,
    /// Whatever is not as the oracle says.
    pub differences: Vec<String>,
    /// Name, balance and what the oracle says of it.
    pub balances: Vec<(&'static str, String, String)>,
}

/// Reads the books and compares them.
///
/// # Errors
/// The database does not answer.
pub async fn compare(pool: &PgPool, people: &People, sent: &Sent) -> Result<Found> {
    let mut found = Found::default();
    let legs = found::legs(pool).await?;
    for leg in &legs {
        *found.settled.entry(leg.settled_as.clone().unwrap_or_default()).or_default() += 1;
    }
    let expected = books(&rates(), &sent.legs);
    let differences = found::differences(&legs, &sent.legs, &expected);
    found.differences.extend(differences.iter().map(|(leg, wrong)| format!("{leg}: {wrong}")));
    for organization in [&people.acme, &people.globex, &people.initech] {
        let spent = expected.wallets.get(&organization.wallet).copied().unwrap_or_default();
        balance(pool, organization, spent, &mut found).await?;
    }
    let letters = "select reason, count(*) from dead_letters group by reason";
    let letters: Vec<(String, i64)> = sqlx::query_as(letters).fetch_all(pool).await?;
    found.dead_letters = letters.into_iter().collect();
    if found.dead_letters != sent.dead_letters {
        let (is, should) = (&found.dead_letters, &sent.dead_letters);
        found.differences.push(format!("dead letters: {is:?} instead of {should:?}"));
    }
    Ok(found)
}

async fn balance(
    pool: &PgPool,
    organization: &Organization,
    spent: i128,
    found: &mut Found,
) -> Result<()> {
    let is: String = sqlx::query_scalar("select balance::text from wallets where id = $1")
        .bind(organization.wallet)
        .fetch_one(pool)
        .await?;
    let should = text(units(organization.paid) - spent);
    if is != should {
        found.differences.push(format!("{}: {is} instead of {should}", organization.name));
    }
    found.balances.push((organization.name, is, should));
    Ok(())
}

/// The calls that the books show to this user.
///
/// # Errors
/// The database does not answer.
pub async fn calls_of(pool: &PgPool, user: Uuid) -> Result<Vec<String>> {
    let calls = sqlx::query_scalar("select external_call_id from call_logs where user_id = $1");
    Ok(calls.bind(user).fetch_all(pool).await?)
}
