//! Taking messages off the queue: whatever waits, at once; never waiting for a batch to fill.
//!
//! Nothing is prefetched: a message that is not in hand cannot run out of its time while Postgres is away.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::Acker;
use curbe_platform::queue::message::Received;
use futures_util::StreamExt;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::settlement::message::{Message, headers_as_json};

/// How long the server holds a request when there is nothing.
const IDLE: Duration = Duration::from_secs(5);
/// The longest that an answer may take that the server gives at once; a server that died gives none, and the client
/// would wait for it forever.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A message and the means to answer for it.
pub(super) struct Delivery {
    /// The message.
    pub message: Message,
    /// Answers for it.
    pub acker: Acker,
}

/// The queue did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not give messages: {0}")]
pub(super) struct PullError(String);

/// Takes what waits, at most `max`; when nothing does, waits for one.
///
/// # Errors
/// [`PullError`] when the queue cannot be asked.
pub(super) async fn next_batch(
    consumer: &PullConsumer,
    max: usize,
) -> Result<Vec<Delivery>, PullError> {
    let failed = |error: &dyn std::fmt::Display| PullError(error.to_string());
    let waiting = consumer.fetch().max_messages(max).messages();
    let waiting =
        timeout(AT_ONCE, waiting).await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    let batch = collect(waiting, AT_ONCE).await?;
    if !batch.is_empty() {
        return Ok(batch);
    }
    let one = consumer.batch().max_messages(1).expires(IDLE).messages();
    let one = timeout(AT_ONCE, one).await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    collect(one, IDLE + AT_ONCE).await
}

async fn collect<S, E>(mut messages: S, within: Duration) -> Result<Vec<Delivery>, PullError>
where
    S: futures_util::Stream<Item = Result<async_nats::jetstream::Message, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut batch = Vec::new();
    let taken = timeout(within, async {
        while let Some(message) = messages.next().await {
            batch.push(delivery(message.map_err(|error| PullError(error.to_string()))?));
        }
        Ok(())
    })
    .await;
    match taken {
        // What is in hand is used, whatever became of the rest.
        Ok(Ok(())) | Ok(Err(_)) | Err(_) if !batch.is_empty() => Ok(batch),
        Ok(outcome) => outcome.map(|()| batch),
        Err(elapsed) => Err(PullError(elapsed.to_string())),
    }
}

fn delivery(message: async_nats::jetstream::Message) -> Delivery {
    let info = message.info().ok();
    let attempts = info.as_ref().map_or(1, |info| info.delivered);
    let stream_sequence = info.as_ref().map_or(0, |info| info.stream_sequence);
    let published = info.map(|info| info.published);
    let (message, acker) = message.split();
    let received = Received::from_headers(message.headers.as_ref());
    let received_at = received.received_at.or(published);
    let message = Message {
        subject: message.subject.to_string(),
        headers: headers_as_json(message.headers.as_ref()),
        received_at: received_at.unwrap_or_else(OffsetDateTime::now_utc),
        received,
        payload: message.payload,
        attempts,
        stream_sequence,
    };
    Delivery { message, acker }
}
