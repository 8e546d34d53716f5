//! Everything that is known of one dead letter, and what would come of sending it through again now.

use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::payload::{self, Payload};
use super::preview;
use super::report::Report;
use super::republish;
use crate::rates::RateCache;
use crate::store::dead_letters::{self, DeadLetterRow, DecisionRow};
use crate::store::transaction::{self, TransactionError};

/// A dead letter, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterDetails)]
pub struct Details {
    /// What is said of it.
    #[serde(flatten)]
    pub letter: DeadLetterRow,
    /// The headers that it came with: a list of values for each name.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<String>>)]
    pub headers: Value,
    /// The provider's bytes.
    pub payload: Payload,
    /// What was decided about it so far.
    pub decisions: Vec<DecisionRow>,
    /// What would come of sending it through again now.
    pub now: Report,
}

/// Reads a letter; `None` where it is not there.
///
/// # Errors
/// What the database says.
pub async fn read(
    pool: &PgPool,
    rates: &RateCache,
    id: Uuid,
) -> Result<Option<Details>, TransactionError> {
    let found = transaction::run(pool, move |tx| {
        Box::pin(async move {
            let letter = dead_letters::letters(tx, &[id]).await?.pop();
            Ok((letter, dead_letters::decisions_of(tx, id).await?))
        })
    });
    let (Some(letter), decisions) = found.await? else { return Ok(None) };
    let now = preview::preview(pool, rates, &[id], &|_| {}).await?;
    let received = republish::message(&letter, 0).received;
    let payload = payload::read(received.content_type.as_deref(), &letter.payload);
    Ok(Some(Details { letter: letter.row, headers: letter.headers, payload, decisions, now }))
}
