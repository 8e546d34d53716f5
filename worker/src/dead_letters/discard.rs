//! Discarding dead letters: nobody is asked about them any more. They stay, and can be sent through even so.

use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::replay::Selected;
use super::run::{Action, Operator, Run};
use crate::store::dead_letters::{self, Decision};
use crate::store::transaction::{self, TransactionError};

/// As many in one transaction, which holds their locks for as long as it takes.
const TOGETHER: usize = 1_000;

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
/// What the database says. What was discarded before it said so stays so.
pub async fn discard(
    pool: &PgPool,
    selected: Selected,
    operator: &Operator,
) -> Result<Discarded, TransactionError> {
    let Selected { ids, on_record, .. } = selected;
    let run = Run::begin(pool, Action::Discard, operator, on_record).await?;
    let mut letters = Vec::new();
    for chunk in ids.chunks(TOGETHER) {
        match together(pool, run, chunk.to_vec()).await {
            Ok(discarded) => letters.extend(discarded),
            Err(failure) => {
                let outcome = json!({ "failed": failure.to_string(), "discarded": letters.len() });
                // Without the database it is on record as cut off.
                run.end(pool, outcome).await.ok();
                return Err(failure);
            }
        }
    }
    run.end(pool, json!({ "discarded": letters.len() })).await?;
    Ok(Discarded { run_id: run.id, letters })
}

/// One transaction.
async fn together(pool: &PgPool, run: Run, ids: Vec<Uuid>) -> Result<Vec<Uuid>, TransactionError> {
    transaction::run(pool, move |tx| {
        Box::pin(async move {
            let discarded = dead_letters::discard(tx, &ids).await?;
            let (decision, now) = (Decision::Discarded, OffsetDateTime::now_utc());
            dead_letters::decide(tx, &discarded, run.id, decision, None, now).await?;
            Ok(discarded)
        })
    })
    .await
}
