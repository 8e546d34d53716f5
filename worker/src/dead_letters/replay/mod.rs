//! Sending dead letters through again: by the queue and the worker's own lanes, under the charge keys of always.
//!
//! For each letter: that it is tried is written down, then it is published, and once the server has it, it is marked as
//! replayed. Cut off anywhere before the mark it is still open, and whatever it had settled it settles once. The mark
//! spares a letter that was put aside once more meanwhile; put aside later, it opens itself again.

mod reached;
mod selection;

use std::time::Duration;

use async_nats::jetstream::Context;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::interval;
use uuid::Uuid;

pub(crate) use self::reached::{Reached, is_read, nobody_reads};
pub use self::selection::{Selected, Selection};
use super::left_alone;
use super::report::{Fate, Outcome, Report};
use super::republish::{NotPublished, headers, message_id, publish};
use super::run::{Action, Operator, Run};
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::{self, Decision, FateRow, Letter, OPEN};
use crate::store::transaction::{self, TransactionError};
use crate::store::{Tx, call_legs};

/// Letters that are on their way at the same time.
const CHUNK: usize = 100;
/// Letters that are asked after in one statement.
const READ_TOGETHER: usize = 1_000;

/// How they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At most so many in a second.
    pub rate: u32,
    /// How long the worker may take to handle them before nothing more is said of the rest.
    pub patience: Duration,
}

/// Why letters are not, or not all, sent through.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No such letter.
    #[error("there is no dead letter {0}")]
    Unknown(Uuid),
    /// The queue did not take one; it, and those after it, are open as before.
    #[error("dead letter {letter}: {error}")]
    NotPublished {
        /// Which.
        letter: Uuid,
        /// Why.
        error: NotPublished,
    },
    /// The database could not be asked. What was sent and is not marked is open as before.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

/// Sends letters through again, and waits until the worker has handled them; `told` how many were sent.
///
/// # Errors
/// [`ReplayError`]: sent again, nothing of it happens twice.
pub async fn replay(
    pool: &PgPool,
    context: &Context,
    selected: Selected,
    pace: Pace,
    operator: &Operator,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Report, ReplayError> {
    let Selected { ids, are_named, on_record } = selected;
    let run = Run::begin(pool, Action::Replay, operator, on_record).await?;
    let sent = Sending { pool, context, run, pace, are_named }.send(&ids, told).await;
    let reached = match sent {
        Ok(reached) => reached,
        Err(failure) => {
            // Without the database it is on record as cut off.
            run.end(pool, json!({ "failed": failure.to_string() })).await.ok();
            return Err(failure);
        }
    };
    let is_handled = reached.is_passed(context, pace.patience).await;
    let report = report(pool, run, ids, is_handled).await?;
    run.end(pool, summary(&report)).await?;
    Ok(report)
}

fn summary(report: &Report) -> Value {
    json!({
        "total": report.total,
        "settled": report.settled,
        "taken": report.taken,
        "failing": report.failing,
        "pending": report.pending,
    })
}

async fn report(
    pool: &PgPool,
    run: Run,
    ids: Vec<Uuid>,
    is_handled: bool,
) -> Result<Report, TransactionError> {
    let mut outcomes = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(READ_TOGETHER) {
        let wanted = chunk.to_vec();
        let rows = transaction::run(pool, move |tx| {
            Box::pin(async move { dead_letters::fates(tx, &wanted).await })
        });
        outcomes.extend(rows.await?.into_iter().map(|row| outcome(row, is_handled)));
    }
    Ok(Report::new(Some(run.id), Vec::new(), outcomes))
}

fn outcome(row: FateRow, is_handled: bool) -> Outcome {
    if !is_read(&row.subject) {
        let (reason, detail) = (Some(row.reason), Some(nobody_reads(&row.subject)));
        return Outcome { id: row.id, fate: Fate::Failing, reason, detail };
    }
    let fate = match (row.status.as_str(), row.settled_as) {
        (OPEN, _) => Fate::Failing,
        (_, _) if !is_handled => Fate::Pending,
        (_, Some(_)) => Fate::Settled,
        (_, None) => Fate::Taken,
    };
    let is_failing = fate == Fate::Failing;
    let (reason, detail) = (Some(row.reason), Some(row.detail));
    Outcome {
        id: row.id,
        fate,
        reason: reason.filter(|_| is_failing),
        detail: detail.filter(|_| is_failing),
    }
}

struct Sending<'a> {
    pool: &'a PgPool,
    context: &'a Context,
    run: Run,
    pace: Pace,
    /// Whatever was decided about them before.
    are_named: bool,
}

impl Sending<'_> {
    async fn send(
        &self,
        ids: &[Uuid],
        told: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Reached, ReplayError> {
        let mut reached = Reached::default();
        let mut clock = interval(Duration::from_secs(1) / self.pace.rate.max(1));
        let mut sent = 0;
        // No more than are sent in a second: what was prepared is under way at once.
        let rate = usize::try_from(self.pace.rate).unwrap_or(CHUNK);
        for chunk in ids.chunks(rate.clamp(1, CHUNK)) {
            let letters = self.prepare(chunk.to_vec()).await?;
            let mut under_way = Vec::with_capacity(letters.len());
            for letter in &letters {
                clock.tick().await;
                under_way.push(async move { (letter, self.publish(letter).await) });
            }
            let mut results = futures_util::stream::iter(under_way).buffered(CHUNK);
            let (mut taken, mut failure) = (Vec::new(), None);
            while let Some((letter, published)) = results.next().await {
                match published {
                    Ok(sequence) => {
                        reached.note(&letter.row.subject, sequence);
                        taken.push((letter.row.id, letter.row.attempts));
                    }
                    Err(error) => {
                        let letter = letter.row.id;
                        failure = failure.or(Some(ReplayError::NotPublished { letter, error }));
                    }
                }
            }
            transaction::run(self.pool, move |tx| {
                Box::pin(async move { dead_letters::mark_replayed(tx, &taken).await })
            })
            .await?;
            if let Some(failure) = failure {
                return Err(failure);
            }
            sent += chunk.len();
            told(sent, ids.len());
        }
        Ok(reached)
    }

    /// Writes down that these letters are tried, and reads them.
    async fn prepare(&self, ids: Vec<Uuid>) -> Result<Vec<Letter>, TransactionError> {
        let (run_id, are_named) = (self.run.id, self.are_named);
        transaction::run(self.pool, move |tx| {
            Box::pin(async move { prepare(tx, ids, are_named, run_id).await })
        })
        .await
    }

    async fn publish(&self, letter: &Letter) -> Result<u64, NotPublished> {
        let id = message_id(self.run.id, letter.row.id);
        let (headers, payload) = (headers(&letter.headers), Bytes::from(letter.payload.clone()));
        publish(self.context, &letter.row.subject, headers, &id, payload).await
    }
}

/// Legs first, then letters, as they are locked when letters are written.
async fn prepare(
    tx: &mut Tx,
    ids: Vec<Uuid>,
    are_named: bool,
    run_id: Uuid,
) -> Result<Vec<Letter>, sqlx::Error> {
    let now = to_microseconds(OffsetDateTime::now_utc());
    let mut letters = dead_letters::letters(tx, &ids).await?;
    // Somebody may have decided about it meanwhile.
    letters.retain(|letter| are_named || letter.row.status == OPEN);
    letters.retain(|letter| is_read(&letter.row.subject));
    let ids: Vec<Uuid> = letters.iter().map(|letter| letter.row.id).collect();
    call_legs::leave_alone(tx, &left_alone(&letters), now).await?;
    if are_named {
        dead_letters::reopen(tx, &ids).await?;
    }
    dead_letters::decide(tx, &ids, run_id, Decision::Replayed, None, now).await?;
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_was_put_aside_again_is_never_told_as_settled() {
        let row = |status: &str, settled_as: Option<&str>| FateRow {
            id: Uuid::nil(),
            subject: "voice.twilio.hangup".to_owned(),
            status: status.to_owned(),
            reason: "no_rate".to_owned(),
            detail: "no prefix".to_owned(),
            settled_as: settled_as.map(str::to_owned),
        };
        for (row, is_handled, fate) in [
            (row("replayed", Some("charged")), true, Fate::Settled),
            (row("replayed", None), true, Fate::Taken),
            (row("replayed", Some("charged")), false, Fate::Pending),
            (row("open", Some("charged")), true, Fate::Failing),
            (row("open", None), false, Fate::Failing),
        ] {
            assert_eq!(outcome(row.clone(), is_handled).fate, fate, "{row:?} {is_handled}");
        }
    }
}
