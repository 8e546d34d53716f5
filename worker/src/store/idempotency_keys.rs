//! `idempotency_keys`: what was answered to requests that move money, to be answered again.

use serde_json::Value;
use time::OffsetDateTime;

use super::Tx;

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Method and path of the request.
    pub request: String,
    /// SHA-256 of its body.
    pub digest: Vec<u8>,
    /// The HTTP status.
    pub status: i16,
    /// The body of the answer.
    pub answer: Value,
}

/// What was answered under a key.
///
/// # Errors
/// What the database says.
pub async fn find(tx: &mut Tx, key: &str) -> Result<Option<Answered>, sqlx::Error> {
    sqlx::query_as!(
        Answered,
        "select request, digest, status, answer from idempotency_keys where key = $1",
        key,
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Keeps an answer under its key.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    key: &str,
    answered: &Answered,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into idempotency_keys (key, request, digest, status, answer, created_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        key,
        answered.request,
        answered.digest,
        answered.status,
        answered.answer,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Keeps another answer under a key.
///
/// # Errors
/// What the database says.
pub async fn replace(tx: &mut Tx, key: &str, answered: &Answered) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update idempotency_keys set status = $2, answer = $3 where key = $1",
        key,
        answered.status,
        answered.answer,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Forgets answers that nobody asks for any more.
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, before: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!("delete from idempotency_keys where created_at < $1", before)
        .execute(&mut *tx)
        .await?;
    Ok(done.rows_affected())
}
