//! `/api/dead-letters`: the same as the operators' `curbe dead-letters`, for the backend's own pages. Nothing here needs an
//! `Idempotency-Key`: whatever moves, moves under the charge keys of the legs, or once for the letter that is accepted.

pub(crate) mod bulk;
pub(crate) mod list;
pub(crate) mod requests;

use std::time::Duration;

use async_nats::jetstream::Context;
use curbe_platform::credit::CreditCache;
use hyper::StatusCode;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use self::bulk::{DiscardAllRequest, ReplayAllRequest};
use self::requests::{AcceptRequest, DiscardRequest, ReplayRequest};
use super::Refusal;
use super::answer::Answer;
use crate::announcer;
use crate::dead_letters::accept::{self, AcceptError};
use crate::dead_letters::replay::{Pace, ReplayError, Selection};
use crate::dead_letters::report::Report;
use crate::dead_letters::run::Operator;
use crate::dead_letters::{detail, discard, preview, replay};
use crate::rates::RateCache;
use crate::settlement::NotAccepted;
use crate::store::transaction::TransactionError;

/// A request is answered while whoever asked still waits; what the worker has not come to by then is told as such.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of a letter alone.
const ONE: u32 = 1;

/// What is asked, as far as the path says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    List,
    Details(Uuid),
    Decision(Decision),
}

/// What somebody decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    ReplayAll,
    Replay(Uuid),
    Accept(Uuid),
    DiscardAll,
    Discard(Uuid),
}

/// What was discarded.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLettersDiscarded)]
pub(crate) struct Discarded {
    /// The run that it is on record under.
    run_id: Uuid,
    /// The letters that were open until now.
    letters: Vec<Uuid>,
}

/// What it works with.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    pool: PgPool,
    rates: RateCache,
    cache: CreditCache,
    context: Context,
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeadLetters")
    }
}

impl DeadLetters {
    pub(crate) fn new(
        pool: PgPool,
        rates: RateCache,
        cache: CreditCache,
        context: Context,
    ) -> Self {
        Self { pool, rates, cache, context }
    }

    /// A page of them.
    pub(crate) async fn list(&self, query: &str) -> Result<Answer, Refusal> {
        list::page(&self.pool, query).await
    }

    /// One whole.
    pub(crate) async fn show(&self, id: Uuid) -> Result<Answer, Refusal> {
        let details = detail::read(&self.pool, &self.rates, id).await.map_err(unavailable)?;
        let details = details.ok_or_else(Refusal::not_found)?;
        Ok(Answer::new(StatusCode::OK, &details))
    }

    /// Does what somebody has decided. A caller that hangs up changes nothing: it goes on to its end.
    pub(crate) async fn decide(&self, decision: Decision, body: &[u8]) -> Result<Answer, Refusal> {
        let (this, body) = (self.clone(), body.to_vec());
        let deciding = tokio::spawn(async move { this.act(decision, &body).await });
        deciding.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request panicked");
            Err(Refusal::internal())
        })
    }

    async fn act(&self, decision: Decision, body: &[u8]) -> Result<Answer, Refusal> {
        match decision {
            Decision::ReplayAll => {
                let (selection, rate, operator) = ReplayAllRequest::read(body)?;
                self.replay(&selection, rate, operator).await
            }
            Decision::Replay(id) => {
                let operator = ReplayRequest::read(body)?;
                self.replay(&Selection::Ids(vec![id]), ONE, operator).await
            }
            Decision::Accept(id) => self.accept(id, AcceptRequest::read(body)?).await,
            Decision::DiscardAll => {
                let (selection, operator) = DiscardAllRequest::read(body)?;
                self.discard(&selection, &operator).await
            }
            Decision::Discard(id) => {
                let operator = DiscardRequest::read(body)?;
                self.discard(&Selection::Ids(vec![id]), &operator).await
            }
        }
    }

    async fn accept(&self, id: Uuid, operator: Option<Operator>) -> Result<Answer, Refusal> {
        let acceptance = match operator {
            None => {
                let looked = accept::look(&self.pool, &self.rates, &[id]).await;
                let (_, seen) =
                    looked.map_err(unavailable)?.pop().ok_or_else(Refusal::not_found)?;
                seen?
            }
            Some(operator) => {
                let (acceptance, settled) =
                    accept::accept(&self.pool, &self.rates, id, &operator).await?;
                settled.steps.tell();
                announcer::announce(&self.cache, &settled.announcement).await;
                acceptance
            }
        };
        Ok(Answer::new(StatusCode::OK, &acceptance))
    }

    async fn discard(&self, selection: &Selection, operator: &Operator) -> Result<Answer, Refusal> {
        let selected = selection.select(&self.pool).await?;
        let done = discard::discard(&self.pool, selected, operator).await.map_err(unavailable)?;
        let discarded = Discarded { run_id: done.run_id, letters: done.letters };
        Ok(Answer::new(StatusCode::OK, &discarded))
    }

    async fn replay(
        &self,
        selection: &Selection,
        rate: u32,
        operator: Option<Operator>,
    ) -> Result<Answer, Refusal> {
        let selected = selection.select(&self.pool).await?;
        let report: Report = match operator {
            None => {
                let looked = preview::preview(&self.pool, &self.rates, &selected.ids, &|_| {});
                looked.await.map_err(unavailable)?
            }
            Some(operator) => {
                let (pace, told) = (Pace { rate, patience: PATIENCE }, |_, _| {});
                replay::replay(&self.pool, &self.context, selected, pace, &operator, &told).await?
            }
        };
        Ok(Answer::new(StatusCode::OK, &report))
    }
}

impl From<AcceptError> for Refusal {
    fn from(error: AcceptError) -> Self {
        let words = error.to_string();
        match error {
            AcceptError::Unknown(_) => Self::not_found().with_detail(words),
            AcceptError::NoConflict { .. } | AcceptError::NotAccepted(NotAccepted::Refused(_)) => {
                Self::conflict("not_accepted", words)
            }
            AcceptError::NotAccepted(NotAccepted::Transaction(error)) => unavailable(error),
        }
    }
}

impl From<ReplayError> for Refusal {
    fn from(error: ReplayError) -> Self {
        let words = error.to_string();
        match error {
            ReplayError::Unknown(_) => Self::not_found().with_detail(words),
            ReplayError::NotPublished { .. } => {
                tracing::error!(dependency = "nats", error = words, "a request is not answered");
                Self::unavailable()
            }
            ReplayError::Transaction(error) => unavailable(error),
        }
    }
}

fn unavailable(error: TransactionError) -> Refusal {
    tracing::error!(?error, "a request is not answered");
    Refusal::unavailable()
}
