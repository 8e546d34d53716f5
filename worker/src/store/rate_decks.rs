//! `rate_decks`: which price lists there are and from when on each is in force.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A deck as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckRow {
    /// Which.
    pub id: Uuid,
    /// The name under which organizations refer to it.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// From this instant on, included.
    pub effective_from: OffsetDateTime,
}

/// Waits until nobody else changes rates, and lets nobody else begin before this transaction is over. Returns the time
/// by the database's clock.
///
/// # Errors
/// What the database says.
pub async fn lock(connection: &mut PgConnection) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query!("select revision from rate_revision for update")
        .fetch_one(&mut *connection)
        .await?;
    now(connection).await
}

/// The time by the database's clock: what is in force is judged by it.
///
/// # Errors
/// What the database says.
pub async fn now(connection: &mut PgConnection) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(connection).await
}

/// Every deck of that name, the earliest first.
///
/// # Errors
/// What the database says.
pub async fn of_name(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Vec<DeckRow>, sqlx::Error> {
    sqlx::query_as!(
        DeckRow,
        r#"
        select id, name, currency, effective_from
        from rate_decks
        where name = $1
        order by effective_from
        "#,
        name,
    )
    .fetch_all(connection)
    .await
}

/// A deck and the revision of its rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisedDeck {
    /// Which.
    pub id: Uuid,
    /// The name under which organizations refer to it.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// From this instant on, included.
    pub effective_from: OffsetDateTime,
    /// Of the last change of its rates.
    pub revision: i64,
}

/// Every deck that a call may be rated by that started then or later: of each name the one in force then, and all
/// after it.
///
/// # Errors
/// What the database says.
pub async fn since(
    connection: &mut PgConnection,
    start: OffsetDateTime,
) -> Result<Vec<RevisedDeck>, sqlx::Error> {
    sqlx::query_as!(
        RevisedDeck,
        r#"
        select id, name, currency, effective_from, revision
        from rate_decks d
        where effective_from > $1 or effective_from = (
            select max(s.effective_from) from rate_decks s where s.name = d.name and s.effective_from <= $1
        )
        "#,
        start,
    )
    .fetch_all(connection)
    .await
}

/// Whether any deck of that name that has come into force by then has a rate.
///
/// # Errors
/// What the database says.
pub async fn has_rates_in_force(
    connection: &mut PgConnection,
    name: &str,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select from rate_decks d
            where d.name = $1 and d.effective_from <= $2
                and exists (select from call_rates r where r.deck_id = d.id)
        ) as "exists!"
        "#,
        name,
        now,
    )
    .fetch_one(connection)
    .await
}

/// Adds a deck.
///
/// # Errors
/// What the database says.
pub async fn insert(connection: &mut PgConnection, deck: &DeckRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into rate_decks (id, name, currency, effective_from) values ($1, $2, $3, $4)",
        deck.id,
        deck.name,
        deck.currency,
        deck.effective_from,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a deck into force at this very moment. Returns the moment.
///
/// # Errors
/// What the database says.
pub async fn start(connection: &mut PgConnection, id: Uuid) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar!(
        "update rate_decks set effective_from = clock_timestamp() where id = $1 returning effective_from",
        id,
    )
    .fetch_one(connection)
    .await
}
