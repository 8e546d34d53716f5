//! A run: what an operator does, on record with who and why before anything happens.

use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Tx;
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::storable;
use crate::store::operator_runs::{self, RunRow};
use crate::store::transaction::{self, TransactionError};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dead letters are sent through again.
    Replay,
    /// Dead letters are discarded.
    Discard,
    /// The word of a dead letter is let stand.
    Accept,
    /// What the stream holds is sent through again.
    ReplayEvents,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "dead_letters_replay",
            Self::Discard => "dead_letters_discard",
            Self::Accept => "dead_letters_accept",
            Self::ReplayEvents => "events_replay",
        }
    }
}

/// Who does it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    actor: String,
    why: String,
}

/// He does not say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody can tell later why it was done")]
pub struct NoReason;

impl Operator {
    /// Somebody with his reason.
    ///
    /// # Errors
    /// The reason is blank.
    pub fn new(actor: String, why: String) -> Result<Self, NoReason> {
        if why.trim().is_empty() { Err(NoReason) } else { Ok(Self { actor, why }) }
    }

    /// Nobody: what he does is rolled back.
    pub(super) fn who_only_looks() -> Self {
        Self { actor: "a dry run".to_owned(), why: String::new() }
    }
}

/// A run that is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub started_at: OffsetDateTime,
}

impl Run {
    /// Puts a run on record, and commits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(
        pool: &PgPool,
        action: Action,
        operator: &Operator,
        request: Value,
    ) -> Result<Self, TransactionError> {
        let operator = operator.clone();
        transaction::run(pool, move |tx| {
            Box::pin(async move { Self::begin_in(tx, action, &operator, request).await })
        })
        .await
    }

    /// Puts a run on record inside `tx`; the caller commits.
    pub(super) async fn begin_in(
        tx: &mut Tx,
        action: Action,
        operator: &Operator,
        request: Value,
    ) -> Result<Self, sqlx::Error> {
        let run =
            Self { id: Uuid::now_v7(), started_at: to_microseconds(OffsetDateTime::now_utc()) };
        let row = RunRow {
            id: run.id,
            action: action.as_str(),
            actor: storable(&operator.actor),
            why: storable(&operator.why),
            request,
            started_at: run.started_at,
        };
        operator_runs::begin(tx, &row).await?;
        Ok(run)
    }

    /// Puts on record what became of it, and commits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end(self, pool: &PgPool, outcome: Value) -> Result<(), TransactionError> {
        transaction::run(pool, move |tx| Box::pin(async move { self.end_in(tx, &outcome).await }))
            .await
    }

    /// Puts on record inside `tx` what became of it; the caller commits.
    pub(super) async fn end_in(self, tx: &mut Tx, outcome: &Value) -> Result<(), sqlx::Error> {
        operator_runs::end(tx, self.id, outcome, OffsetDateTime::now_utc()).await
    }
}
