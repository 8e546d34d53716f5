//! The billing consumer: lanes that each take a batch, settle it, announce it and acknowledge it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::PullConsumer;
use curbe_platform::queue::{STREAM, topology};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub mod disposition;
mod keepalive;
mod lane;
mod pull;

use crate::settler::Settler;

/// Between two tries to reach a queue that does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs `lanes` lanes until `shutdown`, each finishing what it has in hand.
pub async fn run(
    context: Context,
    settler: Arc<Settler>,
    lanes: usize,
    batch_max: usize,
    shutdown: CancellationToken,
) {
    let mut running = JoinSet::new();
    for _ in 0..lanes {
        let lane = lane::Lane::new(Arc::clone(&settler), batch_max, shutdown.clone());
        running.spawn(pull_until_shutdown(context.clone(), lane, shutdown.clone()));
    }
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a lane ended");
        }
    }
}

async fn pull_until_shutdown(context: Context, lane: lane::Lane, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match billing_consumer(&context).await {
            Ok(consumer) => lane.run(&consumer).await,
            Err(error) => tracing::warn!(dependency = "nats", %error, "no billing consumer"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(PAUSE) => {}
        }
    }
}

/// The consumer as it is, verified: one that skips or forgets events is not read from.
async fn billing_consumer(context: &Context) -> anyhow::Result<PullConsumer> {
    topology::verify(context).await?;
    let stream = context.get_stream(STREAM).await?;
    let consumer = stream.get_consumer(topology::BILLING.name).await;
    consumer.map_err(|error| anyhow::anyhow!(error))
}
