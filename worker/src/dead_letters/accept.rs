//! Letting the word of a conflicting dead letter stand in place of the first: one transaction corrects what was paid,
//! marks the letter and writes down who decided so.

use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::run::{Action, Operator, Run};
use super::{Reason, republish};
use crate::ledger::Posting;
use crate::rates::RateCache;
use crate::settlement::{self, NotAccepted, Settled};
use crate::store::Tx;
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::{self, Decision, Letter};
use crate::store::transaction::{self, TransactionError};

/// What came of it.
#[derive(Debug)]
pub struct Acceptance {
    /// The run; `None`: it was accepted before, and nothing changed.
    pub run_id: Option<Uuid>,
    /// What it leads to.
    pub settled: Settled,
}

impl Acceptance {
    /// The rows that the ledger got for it.
    pub fn postings(&self) -> impl Iterator<Item = &Posting> {
        let charges = self.settled.steps.calls().iter().filter_map(|call| call.posting.as_ref());
        charges.chain(self.settled.steps.corrections())
    }
}

/// Why it is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// No such letter.
    #[error("there is no dead letter {0}")]
    Unknown(Uuid),
    /// It is no conflict.
    #[error(
        "dead letter {id} is put aside for {reason}: only a conflict has two words to choose from"
    )]
    NoConflict {
        /// Which.
        id: Uuid,
        /// Why it was put aside.
        reason: String,
    },
    /// It cannot stand.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
}

impl From<TransactionError> for AcceptError {
    fn from(error: TransactionError) -> Self {
        Self::NotAccepted(error.into())
    }
}

impl From<sqlx::Error> for AcceptError {
    fn from(error: sqlx::Error) -> Self {
        Self::NotAccepted(error.into())
    }
}

/// Lets the word of a letter stand, and commits. Accepted twice, nothing changes. Announce it next.
///
/// # Errors
/// [`AcceptError`]. Then nothing of it has happened.
pub async fn accept(
    pool: &PgPool,
    rates: &RateCache,
    id: Uuid,
    operator: &Operator,
) -> Result<Acceptance, AcceptError> {
    rates.refresh().await.map_err(TransactionError::Database)?;
    let (rates, operator) = (rates.clone(), operator.clone());
    transaction::attempt(pool, move |tx| {
        Box::pin(async move { accept_in(tx, &rates, id, &operator).await })
    })
    .await
}

async fn accept_in(
    tx: &mut Tx,
    rates: &RateCache,
    id: Uuid,
    operator: &Operator,
) -> Result<Acceptance, AcceptError> {
    let letter = dead_letters::letters(tx, &[id]).await?.pop().ok_or(AcceptError::Unknown(id))?;
    if is_accepted(tx, id).await? {
        return Ok(Acceptance { run_id: None, settled: Settled::default() });
    }
    if letter.row.reason != Reason::Conflict.as_str() {
        return Err(AcceptError::NoConflict { id, reason: letter.row.reason });
    }
    let now = to_microseconds(OffsetDateTime::now_utc());
    let message = republish::message(&letter, 0);
    let accepted = match settlement::accept(tx, rates, &message, id, now).await {
        // Whoever accepted it at the same time held the leg's lock until now.
        Err(NotAccepted::Refused(_)) if is_accepted(tx, id).await? => {
            return Ok(Acceptance { run_id: None, settled: Settled::default() });
        }
        accepted => accepted?,
    };
    let run = Run::begin_in(tx, Action::Accept, operator, json!({ "ids": [id] })).await?;
    let replaced = accepted.replaced.as_ref();
    dead_letters::decide(tx, &[id], run.id, Decision::Accepted, replaced, now).await?;
    close(tx, &letter).await?;
    let acceptance = Acceptance { run_id: Some(run.id), settled: accepted.settled };
    let posted: Vec<_> = acceptance.postings().map(|posting| posting.id).collect();
    run.end_in(tx, &json!({ "walletTransactions": posted })).await?;
    Ok(acceptance)
}

async fn is_accepted(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let decisions = dead_letters::decisions_of(tx, id).await?;
    Ok(decisions.iter().any(|made| made.decision == Decision::Accepted.as_str()))
}

/// Whatever was decided about it before, and however often it was told meanwhile: its word stands now.
async fn close(tx: &mut Tx, letter: &Letter) -> Result<(), sqlx::Error> {
    let id = letter.row.id;
    dead_letters::reopen(tx, &[id]).await?;
    let attempts = dead_letters::letters(tx, &[id]).await?;
    let attempts: Vec<_> = attempts.iter().map(|letter| (id, letter.row.attempts)).collect();
    dead_letters::mark_replayed(tx, &attempts).await?;
    Ok(())
}
