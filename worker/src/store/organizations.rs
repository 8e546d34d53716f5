//! `organizations`: the customers.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;

/// An organization as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Which.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// Its deck; `None` for the default one.
    pub rate_deck: Option<String>,
    /// `es` or `en`.
    pub language: String,
    /// As many calls may run at once; `None`: any number.
    pub concurrent_calls_max: Option<i32>,
    /// Prefixes that its people may not call.
    pub blocked_prefixes: Vec<String>,
}

/// Adds an organization. Returns whether it is new: one of that id stays as it is.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    organization: &OrganizationRow,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        insert into organizations (
            id, name, currency, rate_deck, created_at, language, concurrent_calls_max, blocked_prefixes
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (id) do nothing
        "#,
        organization.id,
        organization.name,
        organization.currency,
        organization.rate_deck,
        now,
        organization.language,
        organization.concurrent_calls_max,
        &organization.blocked_prefixes,
    )
    .execute(&mut *tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The organization of that id.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<OrganizationRow>, sqlx::Error> {
    sqlx::query_as!(
        OrganizationRow,
        r#"
        select id, name, currency, rate_deck, language, concurrent_calls_max, blocked_prefixes
        from organizations
        where id = $1
        "#,
        id
    )
    .fetch_optional(&mut *tx)
    .await
}

/// The organization of that id, locked against everybody who adds a user to it.
///
/// # Errors
/// What the database says.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<OrganizationRow>, sqlx::Error> {
    sqlx::query_as!(
        OrganizationRow,
        r#"
        select id, name, currency, rate_deck, language, concurrent_calls_max, blocked_prefixes
        from organizations
        where id = $1
        for no key update
        "#,
        id
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Writes a locked organization; its currency never changes.
///
/// # Errors
/// What the database says.
pub async fn update(tx: &mut Tx, organization: &OrganizationRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        update organizations
        set name = $2, rate_deck = $3, language = $4, concurrent_calls_max = $5, blocked_prefixes = $6
        where id = $1
        "#,
        organization.id,
        organization.name,
        organization.rate_deck,
        organization.language,
        organization.concurrent_calls_max,
        &organization.blocked_prefixes,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
