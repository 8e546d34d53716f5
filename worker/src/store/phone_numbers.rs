//! `phone_numbers`: whose a number was, and when. A row ends and another begins; none is given to another user.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;

/// An assignment as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRow {
    /// The row.
    pub id: Uuid,
    /// The number with its `+`.
    pub e164: String,
    /// To whom.
    pub user_id: Uuid,
    /// Who carries it.
    pub provider: String,
    /// Where its calls go.
    pub inbound_target: Option<String>,
    /// From this instant on; `None` for all time before the end.
    pub valid_from: Option<OffsetDateTime>,
    /// Until just before this instant; `None` while it lasts.
    pub valid_to: Option<OffsetDateTime>,
}

/// Every assignment of a number, the one that lasts first.
///
/// # Errors
/// What the database says.
pub async fn of_number(tx: &mut Tx, e164: &str) -> Result<Vec<NumberRow>, sqlx::Error> {
    sqlx::query_as!(
        NumberRow,
        r#"
        select id, e164, user_id, provider, inbound_target, valid_from, valid_to
        from phone_numbers
        where e164 = $1
        order by valid_to desc nulls first
        "#,
        e164
    )
    .fetch_all(&mut *tx)
    .await
}

/// Adds an assignment.
///
/// # Errors
/// What the database says.
pub async fn insert(tx: &mut Tx, number: &NumberRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into phone_numbers (id, e164, user_id, provider, inbound_target, valid_from, valid_to)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        number.id,
        number.e164,
        number.user_id,
        number.provider,
        number.inbound_target,
        number.valid_from,
        number.valid_to,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Writes who carries an assigned number, where its calls go, and when it ends.
///
/// # Errors
/// What the database says.
pub async fn update(tx: &mut Tx, number: &NumberRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update phone_numbers set provider = $2, inbound_target = $3, valid_to = $4 where id = $1",
        number.id,
        number.provider,
        number.inbound_target,
        number.valid_to,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
