//! Discarding dead letters: nobody is asked about them any more. They stay, and can be sent through even so.

use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::replay::{ReplayError, Selection};
use super::run::{Action, Operator, Run};
use crate::store::dead_letters::{self, Decision};
use crate::store::transaction;

/// What was discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discarded {
    /// The run.
    pub run_id: Uuid,
    /// The letters that were open.
    pub letters: Vec<Uuid>,
}

/// Discards those of these letters that are open.
///
/// # Errors
/// One that is named is not there, or the database says so. Then nothing was discarded.
pub async fn discard(
    pool: &PgPool,
    selection: &Selection,
    operator: &Operator,
) -> Result<Discarded, ReplayError> {
    let ids = selection.ids(pool).await?;
    let run = Run::begin(pool, Action::Discard, operator, selection.on_record()).await?;
    let letters = transaction::run(pool, move |tx| {
        Box::pin(async move {
            let discarded = dead_letters::discard(tx, &ids).await?;
            let (decision, now) = (Decision::Discarded, OffsetDateTime::now_utc());
            dead_letters::decide(tx, &discarded, run.id, decision, None, now).await?;
            Ok(discarded)
        })
    })
    .await?;
    run.end(pool, json!({ "discarded": letters.len() })).await?;
    Ok(Discarded { run_id: run.id, letters })
}
