//! What the backend has set aside, for calls of its own and for everything else that costs.

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Tx;
use crate::store::wallets::money;

/// An authorization of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub wallet_id: Uuid,
    /// What for.
    pub action: String,
    /// How much is set aside.
    pub amount: Money,
    /// The backend's own name for it.
    pub reference: Option<String>,
    /// `authorized`, `captured`, `released`, `settled`, `expired`.
    pub status: String,
    /// When it ends by itself.
    pub due_at: OffsetDateTime,
    /// The name of its hold.
    pub hold: String,
}

struct Row {
    id: Uuid,
    wallet_id: Uuid,
    action: String,
    amount: Decimal,
    reference: Option<String>,
    status: String,
    due_at: OffsetDateTime,
    hold: String,
}

impl TryFrom<Row> for AuthorizationRow {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            wallet_id: row.wallet_id,
            action: row.action,
            amount: money(row.amount)?,
            reference: row.reference,
            status: row.status,
            due_at: row.due_at,
            hold: row.hold,
        })
    }
}

/// Writes an authorization of the backend.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    row: &AuthorizationRow,
    leg: Option<&LegKey>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into authorizations (
            id, wallet_id, action, amount, reference, authorized_at, due_at, hold, provider, leg
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        row.id,
        row.wallet_id,
        row.action,
        row.amount.to_decimal(),
        row.reference,
        now,
        row.due_at,
        row.hold,
        leg.map(|key| key.provider.as_str()),
        leg.map(|key| key.leg.as_str()),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// The authorization of that id, if it is the backend's.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<AuthorizationRow>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, wallet_id as "wallet_id!", action, amount, reference, status, due_at, hold
        from authorizations
        where id = $1 and reference is not null and wallet_id is not null
        "#,
        id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(AuthorizationRow::try_from).transpose()
}

/// The authorization under that reference that is open or was used.
///
/// # Errors
/// What the database says.
pub async fn by_reference(
    tx: &mut Tx,
    wallet_id: Uuid,
    action: &str,
    reference: &str,
) -> Result<Option<AuthorizationRow>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, wallet_id as "wallet_id!", action, amount, reference, status, due_at, hold
        from authorizations
        where wallet_id = $1 and action = $2 and reference = $3 and status in ('authorized', 'captured', 'settled')
        "#,
        wallet_id,
        action,
        reference,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(AuthorizationRow::try_from).transpose()
}

/// Closes an authorization whose wallet is locked. Returns whether it was open.
///
/// # Errors
/// What the database says.
pub async fn close(
    tx: &mut Tx,
    id: Uuid,
    status: &str,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update authorizations set status = $2, closed_at = $3 where id = $1 and status = 'authorized'",
        id,
        status,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
