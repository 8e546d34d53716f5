//! `rate_decks` and `call_rates`, and the revision that tells when the decks in memory are out of date.

use std::collections::HashMap;
use std::sync::Arc;

use curbe_domain::legs::Direction;
use curbe_domain::phone::E164;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::{Deck, Decks};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::wallets::money;

/// Rows sent at once.
const COPY_CHUNK: usize = 1_000;

/// The revision of all rates.
///
/// # Errors
/// What the database says.
pub async fn revision(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select revision from rate_revision").fetch_one(connection).await
}

struct RateRow {
    id: Uuid,
    deck_id: Uuid,
    prefix: String,
    rate_per_minute: Decimal,
    connection_fee: Decimal,
    direction: Option<String>,
    initial_increment_seconds: i32,
    increment_seconds: i32,
}

impl TryFrom<RateRow> for Rate {
    type Error = sqlx::Error;

    fn try_from(row: RateRow) -> Result<Self, sqlx::Error> {
        // The check constraint admits 1 to 3600.
        let seconds = |value: i32| u32::try_from(value).unwrap_or(60);
        Ok(Self {
            id: row.id,
            prefix: row.prefix,
            direction: row.direction.as_deref().and_then(Direction::parse),
            rate_per_minute: money(row.rate_per_minute)?,
            connection_fee: money(row.connection_fee)?,
            initial_increment_seconds: seconds(row.initial_increment_seconds),
            increment_seconds: seconds(row.increment_seconds),
        })
    }
}

fn by_deck(rows: Vec<RateRow>) -> Result<HashMap<Uuid, Vec<Rate>>, sqlx::Error> {
    let mut rates: HashMap<Uuid, Vec<Rate>> = HashMap::new();
    for row in rows {
        rates.entry(row.deck_id).or_default().push(Rate::try_from(row)?);
    }
    Ok(rates)
}

/// The rates of one deck.
///
/// # Errors
/// What the database says.
pub async fn of_deck(
    connection: &mut PgConnection,
    deck_id: Uuid,
) -> Result<Vec<Rate>, sqlx::Error> {
    let rows = sqlx::query_as!(
        RateRow,
        r#"
        select id, deck_id, prefix, rate_per_minute, connection_fee, direction::text, initial_increment_seconds,
            increment_seconds
        from call_rates
        where deck_id = $1
        "#,
        deck_id,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Rate::try_from).collect()
}

/// Some rates of one deck in the order of their prefixes, and how many there are in all.
///
/// # Errors
/// What the database says.
pub async fn list(
    connection: &mut PgConnection,
    deck_id: Uuid,
    prefix: &str,
    limit: i64,
) -> Result<(Vec<Rate>, i64), sqlx::Error> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from call_rates where deck_id = $1 and starts_with(prefix, $2)"#,
        deck_id,
        prefix,
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query_as!(
        RateRow,
        r#"
        select id, deck_id, prefix, rate_per_minute, connection_fee, direction::text, initial_increment_seconds,
            increment_seconds
        from call_rates
        where deck_id = $1 and starts_with(prefix, $2)
        order by prefix, direction nulls first
        limit $3
        "#,
        deck_id,
        prefix,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let rates: Result<_, sqlx::Error> = rows.into_iter().map(Rate::try_from).collect();
    Ok((rates?, total))
}

/// The decks of one name with only those rates that a number can be rated by.
///
/// # Errors
/// What the database says.
pub async fn decks_for_number(
    connection: &mut PgConnection,
    name: &str,
    number: &E164,
) -> Result<Decks, sqlx::Error> {
    let digits = number.digits();
    let prefixes: Vec<String> =
        (1..=digits.len()).map(|length| digits[..length].to_owned()).collect();
    let rows = sqlx::query_as!(
        RateRow,
        r#"
        select r.id, r.deck_id, r.prefix, r.rate_per_minute, r.connection_fee, r.direction::text,
            r.initial_increment_seconds, r.increment_seconds
        from rate_decks d join call_rates r on r.deck_id = d.id
        where d.name = $1 and r.prefix = any($2)
        "#,
        name,
        &prefixes,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rates = by_deck(rows)?;
    let decks = super::rate_decks::of_name(connection, name).await?;
    Ok(decks
        .into_iter()
        .map(|row| Deck {
            rates: Arc::new(rates.remove(&row.id).unwrap_or_default().into_iter().collect()),
            id: row.id,
            name: row.name,
            currency: row.currency,
            effective_from: row.effective_from,
        })
        .collect())
}

/// Adds rates to a deck, telling now and then how many it has written.
///
/// # Errors
/// What the database says.
pub async fn copy(
    connection: &mut PgConnection,
    deck_id: Uuid,
    rates: &[Rate],
    told: &(dyn Fn(usize) + Sync),
) -> Result<(), sqlx::Error> {
    let mut copy = connection
        .copy_in_raw(
            "copy call_rates (id, deck_id, prefix, rate_per_minute, connection_fee, direction, \
             initial_increment_seconds, increment_seconds) from stdin",
        )
        .await?;
    let mut written = 0;
    for chunk in rates.chunks(COPY_CHUNK) {
        let lines: String = chunk.iter().map(|rate| copy_line(deck_id, rate)).collect();
        copy.send(lines.into_bytes()).await?;
        written += chunk.len();
        told(written);
    }
    copy.finish().await?;
    Ok(())
}

/// A row as COPY reads it. Nothing in it needs quoting: prefixes are digits.
fn copy_line(deck_id: Uuid, rate: &Rate) -> String {
    let Rate { id, prefix, rate_per_minute, connection_fee, direction, .. } = rate;
    let direction = direction.map_or("\\N", Direction::as_str);
    let (initial, step) = (rate.initial_increment_seconds, rate.increment_seconds);
    format!(
        "{id}\t{deck_id}\t{prefix}\t{rate_per_minute}\t{connection_fee}\t{direction}\t{initial}\t{step}\n"
    )
}
