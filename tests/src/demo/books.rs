//! The books against the oracle: every leg, every balance, every dead letter. Nothing here asks the product.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::PgPool;
use uuid::Uuid;

use super::calls::Sent;
use super::people::{Organization, People, rates};
use crate::oracle::{Settled, books, text, units};
use crate::simulator::flow::{ExpectedLeg, Provider};

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
    /// The price in the log.
    price: Option<String>,
    /// What was charged by that price, and what corrected it later.
    charge: Option<String>,
    corrections: Option<String>,
    wallet_id: Option<Uuid>,
    recording_url: Option<String>,
}

const LEGS: &str = "
    select l.leg, l.settled_as, g.customer_price::text as price, t.charge, t.corrections, g.wallet_id, g.recording_url
    from call_legs l
    left join call_logs g on g.external_call_id = l.leg and g.provider = l.provider
    left join lateral (
        select sum(amount) filter (where type = 'call_charge')::text as charge,
            sum(amount) filter (where type <> 'call_charge')::text as corrections
        from wallet_transactions where reference_id = g.id
    ) t on true";

/// Reads the books and compares them.
///
/// # Errors
/// The database does not answer.
pub async fn compare(pool: &PgPool, people: &People, sent: &Sent) -> Result<Found> {
    let mut found = Found::default();
    let rows: Vec<Row> = sqlx::query_as(LEGS).fetch_all(pool).await?;
    legs(&rows, sent, &mut found);
    let expected = books(&rates(), &sent.legs);
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

fn legs(rows: &[Row], sent: &Sent, found: &mut Found) {
    for row in rows {
        *found.settled.entry(row.settled_as.clone().unwrap_or_default()).or_default() += 1;
    }
    let mut rows: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.leg.as_str(), row)).collect();
    let expected = books(&rates(), &sent.legs);
    for leg in &sent.legs {
        let rows: Vec<&Row> = leg.names.iter().filter_map(|name| rows.remove(&**name)).collect();
        let settled = expected.legs.get(leg.id()).copied().unwrap_or(Settled::NoRate);
        if let Some(difference) = difference(leg, settled, &rows) {
            found.differences.push(format!("{}: {difference}", leg.id()));
        }
    }
    let settled = rows.values().filter(|row| row.settled_as.is_some());
    found.differences.extend(settled.map(|row| format!("{}: nobody made this call", row.leg)));
}

/// What is wrong with a leg, in words.
fn difference(leg: &ExpectedLeg, should: Settled, rows: &[&Row]) -> Option<String> {
    let [row] = rows else {
        return Some(format!("stands in the books {} times", rows.len()));
    };
    if row.wallet_id.is_some_and(|wallet| wallet != leg.wallet) {
        return Some("charged to the wrong wallet".to_owned());
    }
    let is = row.words(leg.provider);
    let should = match should {
        Settled::Charged(price) => format!("charged {}", text(price)),
        Settled::Behind if is == "covered" => is.clone(),
        Settled::Free | Settled::Behind => "free".to_owned(),
        Settled::Covered => "covered".to_owned(),
        Settled::NoRate => "not settled".to_owned(),
    };
    if is != should {
        return Some(format!("{is} instead of {should}"));
    }
    let has_log = row.price.is_some();
    (has_log && row.recording_url != leg.recording_url)
        .then(|| format!("recording {:?} instead of {:?}", row.recording_url, leg.recording_url))
}

impl Row {
    /// How the leg was settled, if its mark, its log and its ledger say the same.
    fn words(&self, provider: Provider) -> String {
        let taken = |amount: &Option<String>| -amount.as_deref().map_or(0, units);
        let (charge, corrected) = (taken(&self.charge), taken(&self.corrections));
        let price = self.price.as_deref().map(units);
        let is_final = self.corrections.is_none() || provider == Provider::Telnyx;
        match (self.settled_as.as_deref(), price) {
            (None, None) => "not settled".to_owned(),
            (Some("covered"), None) => "covered".to_owned(),
            (Some("charged" | "free"), Some(price)) if price == charge && is_final => {
                match charge + corrected {
                    0 => "free".to_owned(),
                    taken => format!("charged {}", text(taken)),
                }
            }
            other => format!("{other:?} with {charge} and {corrected}"),
        }
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
