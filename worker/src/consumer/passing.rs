//! How far a consumer has come. A filtered consumer's floor does not move with the messages of others, so one that has
//! nothing left, asked after a sequence was read, has passed that sequence.
//!
//! The consumer is asked each time: what it had passed says nothing of a stream that was made anew, whose sequences begin
//! at 1 again.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{Info, PullConsumer};
use curbe_platform::queue::STREAM;
use curbe_platform::queue::topology::ConsumerName;
use tokio::time::sleep;

const PAUSE_FIRST: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// One consumer's progress.
#[derive(Debug)]
pub struct Passing {
    context: Context,
    consumer: ConsumerName,
}

impl Passing {
    /// Of a consumer.
    #[must_use]
    pub fn new(context: Context, consumer: ConsumerName) -> Self {
        Self { context, consumer }
    }

    /// The last sequence of the stream at this moment.
    ///
    /// # Errors
    /// The queue does not answer.
    pub async fn last_sequence(&self) -> anyhow::Result<u64> {
        let stream = self.context.get_stream(STREAM).await?;
        Ok(stream.cached_info().state.last_sequence)
    }

    /// Whether it has passed a sequence that was read before.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn has_passed(&self, sequence: u64) -> anyhow::Result<bool> {
        let consumer: PullConsumer = self
            .context
            .get_consumer_from_stream(self.consumer.name, STREAM)
            .await
            .map_err(|error| anyhow::anyhow!("{}: {error}", self.consumer.name))?;
        Ok(has_passed(consumer.cached_info(), sequence))
    }

    /// Waits until it has passed a sequence, however long the queue may be away. Dropping the future loses nothing.
    pub async fn wait(&self, sequence: u64) {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.has_passed(sequence).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(dependency = "nats", %error, "not known how far the consumer is")
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// What a consumer's own words say.
#[must_use]
pub fn has_passed(info: &Info, sequence: u64) -> bool {
    info.ack_floor.stream_sequence >= sequence
        || (info.num_pending == 0 && info.num_ack_pending == 0)
}
