//! Sending dead letters through again: by the queue and the worker's own lanes, under the charge keys of always.
//!
//! For each letter: that it is tried is written down, then it is published, and once the server has it, it is marked as
//! replayed. Cut off anywhere before the mark it is still open, and whatever it had settled it settles once. The mark
//! spares a letter that was put aside once more meanwhile; put aside later, it opens itself again.

use std::time::Duration;

use async_nats::jetstream::Context;
use bytes::Bytes;
use curbe_platform::queue::topology::{BILLING, CREDIT, ConsumerName};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::{Instant, interval, timeout_at};
use uuid::Uuid;

use super::left_alone;
use super::report::{Fate, Outcome, Report};
use super::republish::{NotPublished, headers, message_id, publish};
use super::run::{Action, Operator, Run};
use crate::consumer::passing::Passing;
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::{self, Decision, FateRow, Filter, Letter};
use crate::store::transaction::{self, TransactionError};
use crate::store::{Tx, call_legs};

const OPEN: &str = "open";
/// Letters that are on their way at the same time.
const CHUNK: usize = 100;

/// Which letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These, whatever was decided about them before.
    Ids(Vec<Uuid>),
    /// Open ones that the filter wants, the oldest first.
    Open {
        /// Which of them.
        filter: Filter,
        /// At most so many.
        most: i64,
    },
}

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

impl Selection {
    /// As it is kept on record.
    #[must_use]
    pub fn on_record(&self) -> Value {
        match self {
            Self::Ids(ids) => json!({ "ids": ids }),
            Self::Open { filter, most } => json!({ "filter": filter, "most": most }),
        }
    }

    /// The letters, the oldest first. What is put aside from now on is not among them.
    ///
    /// # Errors
    /// One that is named is not there, or the database says so.
    pub async fn ids(&self, pool: &PgPool) -> Result<Vec<Uuid>, ReplayError> {
        match self {
            Self::Open { filter, most } => {
                let filter = Filter { status: Some(OPEN.to_owned()), ..filter.clone() };
                let most = *most;
                let found = transaction::run(pool, move |tx| {
                    Box::pin(async move { dead_letters::oldest(tx, &filter, most).await })
                });
                Ok(found.await?)
            }
            Self::Ids(ids) => {
                let wanted = ids.clone();
                let found = transaction::run(pool, move |tx| {
                    Box::pin(async move { dead_letters::fates(tx, &wanted).await })
                });
                let found: Vec<Uuid> = found.await?.into_iter().map(|row| row.id).collect();
                match ids.iter().find(|id| !found.contains(id)) {
                    Some(missing) => Err(ReplayError::Unknown(*missing)),
                    None => Ok(found),
                }
            }
        }
    }
}

/// Sends letters through again, and waits until the worker has handled them; `told` how many were sent.
///
/// # Errors
/// [`ReplayError`]: sent again, nothing of it happens twice.
pub async fn replay(
    pool: &PgPool,
    context: &Context,
    selection: &Selection,
    pace: Pace,
    operator: &Operator,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Report, ReplayError> {
    let ids = selection.ids(pool).await?;
    let run = Run::begin(pool, Action::Replay, operator, selection.on_record()).await?;
    let are_named = matches!(selection, Selection::Ids(_));
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
    let rows = transaction::run(pool, move |tx| {
        Box::pin(async move { dead_letters::fates(tx, &ids).await })
    });
    let outcomes = rows.await?.into_iter().map(|row| outcome(row, is_handled)).collect();
    Ok(Report::new(Some(run.id), Vec::new(), outcomes))
}

fn outcome(row: FateRow, is_handled: bool) -> Outcome {
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

/// How far each consumer has to come until all that was sent is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    billing: Option<u64>,
    credit: Option<u64>,
}

impl Reached {
    /// Notes a message that was sent.
    pub(crate) fn note(&mut self, subject: &str, sequence: u64) {
        let is_read_by = |consumer: ConsumerName| {
            consumer.subjects.strip_suffix('>').is_some_and(|tree| subject.starts_with(tree))
        };
        for (consumer, reached) in [(BILLING, &mut self.billing), (CREDIT, &mut self.credit)] {
            if is_read_by(consumer) {
                *reached = (*reached).max(Some(sequence));
            }
        }
    }

    /// Waits until the workers have handled what was sent. Returns whether they have.
    pub(crate) async fn is_passed(self, context: &Context, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        for (consumer, reached) in [(CREDIT, self.credit), (BILLING, self.billing)] {
            let Some(sequence) = reached else { continue };
            let passing = Passing::new(context.clone(), consumer);
            if timeout_at(until, passing.wait(sequence)).await.is_err() {
                return false;
            }
        }
        true
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

    #[test]
    fn each_message_is_waited_for_at_whoever_reads_it() {
        let mut reached = Reached::default();
        for (subject, sequence) in
            [("voice.twilio.hangup", 7), ("credit.twilio.authorized", 9), ("voice.telnyx.cost", 5)]
        {
            reached.note(subject, sequence);
        }
        reached.note("payments.stripe", 11);
        assert_eq!(reached, Reached { billing: Some(7), credit: Some(9) });
    }
}
