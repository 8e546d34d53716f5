//! The books against the oracle: every leg, every balance, every dead letter. Nothing here asks the product.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::PgPool;
use uuid::Uuid;

use super::calls::Sent;
use super::people::{Organization, People, rates};
use crate::oracle::{Settled, books, text, units};

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

#[derive(sqlx::FromRow)]
struct Row {
    leg: String,
    settled_as: Option<String>,
    price: Option<String>,
    charge: Option<String>,
    wallet_id: Option<Uuid>,
    recording_url: Option<String>,
}

const LEGS: &str = "
    select l.leg, l.settled_as, g.customer_price::text as price, t.amount::text as charge, g.wallet_id, g.recording_url
    from call_legs l
    left join call_logs g on g.external_call_id = l.leg and g.provider = l.provider
    left join wallet_transactions t on t.reference_id = g.id";

/// Reads the books and compares them.
///
/// # Errors
/// The database does not answer.
pub async fn compare(pool: &PgPool, people: &People, sent: &Sent) -> Result<Found> {
    let mut found = Found::default();
    let rows: Vec<Row> = sqlx::query_as(LEGS).fetch_all(pool).await?;
    legs(&rows, sent, &mut found);
    let expected = books(&rates(), &sent.legs);
    for organization in [&people.acme, &people.globex] {
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

fn legs(rows: &[Row], sent: &Sent, found: &mut Found) {
    let rows: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.leg.as_str(), row)).collect();
    for row in rows.values() {
        *found.settled.entry(row.settled_as.clone().unwrap_or_default()).or_default() += 1;
    }
    let expected = books(&rates(), &sent.legs);
    for leg in &sent.legs {
        let sid = leg.call.sid.as_str();
        let settled = expected.legs.get(sid).copied().unwrap_or(Settled::NoRate);
        let should = (words(settled), leg.recording_url.as_deref());
        let row = rows.get(sid);
        let is = row.map(|row| (row_words(row), row.recording_url.as_deref()));
        if is.as_ref() != Some(&should) {
            found.differences.push(format!("{sid}: {is:?} instead of {should:?}"));
        }
        if row.and_then(|row| row.wallet_id).is_some_and(|wallet| wallet != leg.wallet) {
            found.differences.push(format!("{sid}: charged to the wrong wallet"));
        }
    }
    let unknown = rows.values().filter(|row| !expected.legs.contains_key(&row.leg));
    let settled = unknown.filter(|row| row.settled_as.is_some());
    found.differences.extend(settled.map(|row| format!("{}: nobody made this call", row.leg)));
}

fn words(settled: Settled) -> String {
    match settled {
        Settled::Charged(price) => format!("charged {}", text(price)),
        Settled::Free => "free".to_owned(),
        Settled::Covered => "covered".to_owned(),
        Settled::NoRate => "not settled".to_owned(),
    }
}

/// The same words for a row whose log and ledger say what its mark says; other words for any other.
fn row_words(row: &Row) -> String {
    let negated = row.charge.as_deref().map(|charge| text(-units(charge)));
    match (row.settled_as.as_deref(), row.price.as_deref(), negated) {
        (Some("charged"), Some(price), Some(charge)) if price == charge => {
            format!("charged {price}")
        }
        (Some("free"), Some("0.0000"), None) => "free".to_owned(),
        (Some("covered"), None, None) => "covered".to_owned(),
        (None, None, None) => "not settled".to_owned(),
        other => format!("{other:?}"),
    }
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
