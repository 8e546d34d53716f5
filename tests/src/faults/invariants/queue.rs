//! I6: nothing waits in the queue, and nothing is in anybody's hands.

use anyhow::{Result, anyhow};
use async_nats::jetstream::consumer::pull;

use super::{Invariant, Violation, all};
use crate::faults::lab::Lab;

const CONSUMERS: [&str; 2] = ["credit", "billing"];

impl Lab {
    pub(super) async fn queue_is_done(&self) -> Result<Vec<Violation>> {
        let stream = self.queue().await?.get_stream("CURBE").await?;
        let mut waits = Vec::new();
        for name in CONSUMERS {
            let consumer = stream.get_consumer::<pull::Config>(name).await;
            let consumer = consumer.map_err(|error| anyhow!("{name}: {error}"))?;
            let info = consumer.cached_info();
            let (pending, in_hand) = (info.num_pending, info.num_ack_pending);
            if (pending, in_hand) != (0, 0) {
                waits.push(format!("{name}: {pending} wait, {in_hand} are in hand"));
            }
        }
        Ok(all(Invariant::Done, waits))
    }

    /// A client of the queue that goes to it directly.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn queue(&self) -> Result<async_nats::jetstream::Context> {
        Ok(async_nats::jetstream::new(async_nats::connect(self.stack.nats_url()).await?))
    }
}
