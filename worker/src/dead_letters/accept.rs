//! Letting the word of a conflicting dead letter stand in place of the first: one transaction corrects what was paid,
//! marks the letter and writes down who decided so. Accepted once, it answers with what it posted then.

use serde::Serialize;
use serde_json::json;
use sqlx::{Acquire as _, PgPool};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::run::{Action, Operator, Run};
use super::{Reason, republish};
use crate::consumer::disposition::{Disposition, disposition};
use crate::rates::RateCache;
use crate::settlement::{self, NotAccepted, Settled};
use crate::store::Tx;
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::{self, Decision, Letter};
use crate::store::operator_runs::{self, PostedRow};
use crate::store::transaction::{self, TransactionError};

/// What came of it, or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterAcceptance)]
pub struct Acceptance {
    /// Which letter.
    pub id: Uuid,
    /// The run that it was accepted in; `null`: it is not accepted.
    #[schema(required)]
    pub run_id: Option<Uuid>,
    /// Nothing was changed.
    pub dry_run: bool,
    /// It was accepted before, and nothing moves now.
    pub repeated: bool,
    /// The rows that the ledger got for it, or would get.
    pub wallet_transactions: Vec<PostedRow>,
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

/// Lets the word of a letter stand, and commits. Accepted twice, nothing changes. Tell of what it leads to next.
///
/// # Errors
/// [`AcceptError`]. Then nothing of it has happened.
pub async fn accept(
    pool: &PgPool,
    rates: &RateCache,
    id: Uuid,
    operator: &Operator,
) -> Result<(Acceptance, Settled), AcceptError> {
    rates.refresh().await.map_err(TransactionError::Database)?;
    let (rates, operator) = (rates.clone(), operator.clone());
    transaction::attempt(pool, move |tx| {
        Box::pin(async move { accept_in(tx, &rates, id, &operator).await })
    })
    .await
}

/// What came of looking at one letter.
pub type Looked = (Uuid, Result<Acceptance, AcceptError>);

/// What would come of letting the words of these letters stand, one after the other: the real transaction, rolled back.
/// One that cannot stand keeps none of the others from being looked at.
///
/// # Errors
/// What the database says of anything but the letters themselves.
pub async fn look(
    pool: &PgPool,
    rates: &RateCache,
    ids: &[Uuid],
) -> Result<Vec<Looked>, TransactionError> {
    rates.refresh().await?;
    let (rates, ids) = (rates.clone(), ids.to_vec());
    transaction::rehearse(pool, move |tx| {
        Box::pin(async move {
            let mut seen = Vec::new();
            for id in ids {
                seen.push((id, look_in(tx, &rates, id).await?));
            }
            Ok(seen)
        })
    })
    .await
}

async fn look_in(
    tx: &mut Tx,
    rates: &RateCache,
    id: Uuid,
) -> Result<Result<Acceptance, AcceptError>, TransactionError> {
    let mut part = tx.begin().await?;
    let accepted = accept_in(&mut part, rates, id, &Operator::who_only_looks()).await;
    let seen = match transaction::end_part(part, accepted).await {
        Ok((seen, _)) => seen,
        Err(AcceptError::NotAccepted(NotAccepted::Transaction(failure)))
            if disposition(&failure, 1) == Disposition::Wait =>
        {
            return Err(failure);
        }
        Err(refused) => return Ok(Err(refused)),
    };
    if seen.repeated {
        return Ok(Ok(Acceptance { dry_run: true, ..seen }));
    }
    let rows = seen.wallet_transactions.into_iter();
    let wallet_transactions = rows.map(|row| PostedRow { id: None, ..row }).collect();
    Ok(Ok(Acceptance { run_id: None, dry_run: true, wallet_transactions, ..seen }))
}

/// Whether all of these letters have two words to choose from.
///
/// # Errors
/// One of them has not, or the database says so.
pub async fn are_conflicts(pool: &PgPool, ids: &[Uuid]) -> Result<(), AcceptError> {
    let wanted = ids.to_vec();
    let letters = transaction::run(pool, move |tx| {
        Box::pin(async move { dead_letters::fates(tx, &wanted).await })
    });
    letters.await?.iter().try_for_each(|letter| is_conflict(letter.id, &letter.reason))
}

fn is_conflict(id: Uuid, reason: &str) -> Result<(), AcceptError> {
    if reason == Reason::Conflict.as_str() {
        return Ok(());
    }
    Err(AcceptError::NoConflict { id, reason: reason.to_owned() })
}

async fn accept_in(
    tx: &mut Tx,
    rates: &RateCache,
    id: Uuid,
    operator: &Operator,
) -> Result<(Acceptance, Settled), AcceptError> {
    let letter = dead_letters::letters(tx, &[id]).await?.pop().ok_or(AcceptError::Unknown(id))?;
    if let Some(before) = accepted_before(tx, id).await? {
        return Ok((before, Settled::default()));
    }
    is_conflict(id, &letter.row.reason)?;
    let now = to_microseconds(OffsetDateTime::now_utc());
    let message = republish::message(&letter, 0);
    let accepted = match settlement::accept(tx, rates, &message, id, now).await {
        // Whoever accepted it at the same time held the leg's lock until now.
        Err(NotAccepted::Refused(words)) => match accepted_before(tx, id).await? {
            Some(before) => return Ok((before, Settled::default())),
            None => return Err(NotAccepted::Refused(words).into()),
        },
        accepted => accepted?,
    };
    let run = Run::begin_in(tx, Action::Accept, operator, json!({ "ids": [id] })).await?;
    let replaced = accepted.replaced.as_ref();
    dead_letters::decide(tx, &[id], run.id, Decision::Accepted, replaced, now).await?;
    close(tx, &letter).await?;
    let steps = &accepted.settled.steps;
    let charges = steps.calls().iter().filter_map(|call| call.posting.as_ref());
    let posted: Vec<Uuid> = charges.chain(steps.corrections()).map(|posting| posting.id).collect();
    run.end_in(tx, &json!({ "walletTransactions": posted })).await?;
    Ok((acceptance(tx, id, run.id, false).await?, accepted.settled))
}

async fn accepted_before(tx: &mut Tx, id: Uuid) -> Result<Option<Acceptance>, sqlx::Error> {
    let decisions = dead_letters::decisions_of(tx, id).await?;
    match decisions.iter().find(|made| made.decision == Decision::Accepted.as_str()) {
        Some(made) => Ok(Some(acceptance(tx, id, made.run_id, true).await?)),
        None => Ok(None),
    }
}

async fn acceptance(
    tx: &mut Tx,
    id: Uuid,
    run_id: Uuid,
    repeated: bool,
) -> Result<Acceptance, sqlx::Error> {
    let wallet_transactions = operator_runs::posted(tx, run_id).await?;
    Ok(Acceptance { id, run_id: Some(run_id), dry_run: false, repeated, wallet_transactions })
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
