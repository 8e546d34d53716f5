//! `operator_runs`: what operators did, who and why.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;

/// Something that an operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Which.
    pub id: Uuid,
    /// What, by its name.
    pub action: &'static str,
    /// Who.
    pub actor: String,
    /// Why.
    pub why: String,
    /// What was asked for.
    pub request: Value,
    /// When it began.
    pub started_at: OffsetDateTime,
}

/// Notes that a run begins.
///
/// # Errors
/// What the database says.
pub async fn begin(tx: &mut Tx, run: &RunRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into operator_runs (id, action, actor, why, request, started_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        run.id,
        run.action,
        run.actor,
        run.why,
        run.request,
        run.started_at,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Notes what became of a run.
///
/// # Errors
/// What the database says.
pub async fn end(
    tx: &mut Tx,
    id: Uuid,
    outcome: &Value,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update operator_runs set outcome = $2, ended_at = $3 where id = $1",
        id,
        outcome,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
