//! Sending through again what the stream still holds: for a database that was restored from an older copy. Whatever that
//! copy knows already changes nothing, by the charge keys of always.

mod span;

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::header::{HeaderMap, NATS_MESSAGE_ID};
use async_nats::jetstream::Context;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError, Stream};
use curbe_platform::queue::STREAM;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{interval, sleep};
use uuid::Uuid;

pub use self::span::{Span, span};
use crate::dead_letters::replay::{Pace, Reached};
use crate::dead_letters::republish::{NotPublished, PAUSE, TRIES, is_the_servers, publish};
use crate::dead_letters::run::{Action, Operator, Run};
use crate::store::dead_letters;
use crate::store::transaction::{self, TransactionError};

/// Messages that are read ahead of the one that is sent.
const AHEAD: usize = 64;
/// What the message ids of these copies begin with.
const COPY: &str = "events";
/// How often progress is told.
const TOLD_EVERY: u64 = 100;

/// What came of it, or would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The run; `None`: nothing was sent.
    pub run_id: Option<Uuid>,
    /// Messages that were sent, by subject.
    pub subjects: BTreeMap<String, u64>,
    /// Messages that were sent.
    pub sent: u64,
    /// Copies of an earlier run whose originals are sent too.
    pub copies: u64,
    /// Messages that were purged before they could be read.
    pub gone: u64,
    /// The workers have handled all of it.
    pub handled: bool,
    /// Dead letters that are open and were put aside since the run began, by reason.
    pub failing: BTreeMap<String, i64>,
}

impl Report {
    /// Whether nothing is left to be looked at.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_sent_well = self.handled && self.failing.is_empty();
        self.gone == 0 && (self.run_id.is_none() || is_sent_well)
    }
}

/// Why not all of it was sent.
#[derive(Debug, thiserror::Error)]
pub enum EventReplayError {
    /// The queue cannot be read.
    #[error("the queue cannot be read: {0}")]
    Queue(anyhow::Error),
    /// The copies would fill the stream so far that it is purged, of their originals too.
    #[error(
        "no room: the stream holds {held} bytes, {messages} messages more are about {more}, and from {full} on it is purged \
         of what is processed, which these are: take fewer by --until, or let it grow (QUEUE_MAX_BYTES and \
         `curbe migrate`)"
    )]
    NoRoom {
        /// Bytes in the stream.
        held: u64,
        /// Messages that were asked for.
        messages: u64,
        /// Bytes of their copies, about.
        more: u64,
        /// Bytes from which on the stream is purged.
        full: u64,
    },
    /// The queue did not take a message; what came before it was sent.
    #[error("message {sequence}: {error}")]
    NotPublished {
        /// Which.
        sequence: u64,
        /// Why.
        error: NotPublished,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

/// What would be sent.
///
/// # Errors
/// The queue does not answer.
pub async fn look(
    context: &Context,
    span: Span,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, EventReplayError> {
    let sending = Sending { context, span, run: None, told };
    Ok(sending.send(u32::MAX).await?.0)
}

/// Sends a part of the stream through again, in its order, and waits until the workers have handled it; `told` how many
/// messages were sent.
///
/// # Errors
/// [`EventReplayError`]: sent again, nothing of it happens twice.
pub async fn replay(
    pool: &PgPool,
    context: &Context,
    span: Span,
    pace: Pace,
    operator: &Operator,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, EventReplayError> {
    let request = json!({ "firstSequence": span.first, "lastSequence": span.last });
    let run = Run::begin(pool, Action::ReplayEvents, operator, request).await?;
    let sending = Sending { context, span, run: Some(run.id), told };
    let (mut report, reached) = match sending.send(pace.rate).await {
        Ok(sent) => sent,
        Err(failure) => {
            // Without the database it is on record as cut off.
            run.end(pool, json!({ "failed": failure.to_string() })).await.ok();
            return Err(failure);
        }
    };
    report.handled = reached.is_passed(context, pace.patience).await;
    let failing = transaction::run(pool, move |tx| {
        Box::pin(async move { dead_letters::open_since(tx, run.started_at).await })
    });
    report.failing = failing.await?.into_iter().collect();
    run.end(pool, summary(&report)).await?;
    Ok(report)
}

fn summary(report: &Report) -> Value {
    json!({
        "sent": report.sent,
        "gone": report.gone,
        "handled": report.handled,
        "failing": report.failing.values().sum::<i64>(),
    })
}

struct Sending<'a> {
    context: &'a Context,
    span: Span,
    /// `None`: nothing is sent.
    run: Option<Uuid>,
    told: &'a (dyn Fn(u64) + Sync),
}

impl Sending<'_> {
    /// One message after the other, each acknowledged before the next: a decision of pre-flight never comes behind the
    /// call's end, and the first word on a leg stays the first.
    async fn send(&self, rate: u32) -> Result<(Report, Reached), EventReplayError> {
        let stream = self.context.get_stream(STREAM).await;
        let stream = stream.map_err(|error| EventReplayError::Queue(error.into()))?;
        let mut report = Report { run_id: self.run, ..Report::default() };
        let mut reached = Reached::default();
        let mut clock = interval((Duration::from_secs(1) / rate).max(Duration::from_nanos(1)));
        let sequences = self.span.first..=self.span.last;
        let messages = sequences.map(|sequence| read(&stream, sequence));
        let mut messages = futures_util::stream::iter(messages).buffered(AHEAD);
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| EventReplayError::Queue(error.into()))?;
            // Purged since: every consumer had passed it, and it was old, or the stream full.
            let Some(message) = message else {
                report.gone += 1;
                continue;
            };
            if self.is_copy(&message.headers) {
                report.copies += 1;
                continue;
            }
            if let Some(run) = self.run {
                clock.tick().await;
                let sequence = self.publish(run, &message).await?;
                reached.note(&message.subject, sequence);
            }
            report.sent += 1;
            *report.subjects.entry(message.subject.to_string()).or_default() += 1;
            if report.sent.is_multiple_of(TOLD_EVERY) {
                (self.told)(report.sent + report.copies);
            }
        }
        Ok((report, reached))
    }

    async fn publish(&self, run: Uuid, message: &StreamMessage) -> Result<u64, EventReplayError> {
        let sequence = message.sequence;
        let id = format!("{COPY}:{run}:{sequence}");
        let mut headers = HeaderMap::new();
        for (name, values) in message.headers.iter() {
            if !is_the_servers(name.as_ref()) {
                values.iter().for_each(|value| headers.append(name.clone(), value.clone()));
            }
        }
        let payload = message.payload.clone();
        let published = publish(self.context, &message.subject, headers, &id, payload).await;
        published.map_err(|error| EventReplayError::NotPublished { sequence, error })
    }

    /// Whether it is an earlier run's copy of a message that is sent itself.
    fn is_copy(&self, headers: &HeaderMap) -> bool {
        let id = headers.get(NATS_MESSAGE_ID).map(|id| id.as_str());
        let original = id.and_then(original);
        original.is_some_and(|original| (self.span.first..=self.span.last).contains(&original))
    }
}

/// The sequence of the message that this id is of a copy of.
fn original(message_id: &str) -> Option<u64> {
    let (run, sequence) = message_id.strip_prefix(COPY)?.strip_prefix(':')?.split_once(':')?;
    Uuid::try_parse(run).ok()?;
    sequence.parse().ok()
}

/// Reads a message; `None` where it is gone. A server that is slow, or restarts, is asked again.
async fn read(stream: &Stream, sequence: u64) -> Result<Option<StreamMessage>, RawMessageError> {
    let mut tried = 0;
    loop {
        let error = match stream.get_raw_message(sequence).await {
            Ok(message) => return Ok(Some(message)),
            Err(error) => error,
        };
        if error.kind() == LastRawMessageErrorKind::NoMessageFound {
            return Ok(None);
        }
        tried += 1;
        if tried == TRIES {
            return Err(error);
        }
        sleep(PAUSE * tried).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_well() {
        let sent = Report { run_id: Some(Uuid::now_v7()), handled: true, ..Report::default() };
        assert!(sent.is_well() && Report::default().is_well());
        for report in [sent, Report::default()] {
            assert!(!Report { gone: 1, ..report }.is_well());
        }
    }

    #[test]
    fn a_copy_names_its_original() {
        let run = Uuid::now_v7();
        assert_eq!(original(&format!("events:{run}:17")), Some(17));
        for other in ["events:17", "events:x:17", "twilio:CA1:hangup:ab", "events::", ""] {
            assert_eq!(original(other), None, "{other}");
        }
        assert_eq!(original(&format!("replay:{run}:17")), None);
    }
}
