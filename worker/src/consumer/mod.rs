//! The consumers: lanes that each take a batch, settle it, announce it and acknowledge it. Events of calls wait for the
//! decisions that were made before them: a call is settled on what it was authorized on.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::PullConsumer;
use curbe_platform::queue::topology::ConsumerName;
use curbe_platform::queue::{STREAM, topology};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub mod disposition;
mod keepalive;
mod lane;
pub mod passing;
mod pull;

use crate::settler::Settler;
use passing::Passing;

/// Between two tries to reach a queue that does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs `lanes` lanes for events, and as many for decisions, until `shutdown`, each finishing what it has in hand.
pub async fn run(
    context: Context,
    settler: Arc<Settler>,
    decisions: Arc<Passing>,
    (lanes, batch_max): (usize, usize),
    shutdown: CancellationToken,
) {
    let mut running = JoinSet::new();
    for source in [Source::Events(decisions), Source::Decisions] {
        for _ in 0..lanes {
            let settler = Arc::clone(&settler);
            let lane = lane::Lane::new(settler, source.clone(), batch_max, shutdown.clone());
            let name = source.consumer();
            running.spawn(pull_until_shutdown(context.clone(), lane, name, shutdown.clone()));
        }
    }
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a lane ended");
        }
    }
}

/// What a lane takes.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// What providers tell of calls; settled once the decisions before it are known.
    Events(Arc<Passing>),
    /// What pre-flight has decided.
    Decisions,
}

impl Source {
    fn consumer(&self) -> ConsumerName {
        match self {
            Self::Events(_) => topology::BILLING,
            Self::Decisions => topology::CREDIT,
        }
    }
}

async fn pull_until_shutdown(
    context: Context,
    lane: lane::Lane,
    consumer: ConsumerName,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        match verified(&context, consumer).await {
            Ok(consumer) => lane.run(&consumer).await,
            Err(error) => {
                let consumer = consumer.name;
                tracing::warn!(dependency = "nats", consumer, %error, "no such consumer");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(PAUSE) => {}
        }
    }
}

/// The consumer as it is, verified: one that skips or forgets events is not read from.
async fn verified(context: &Context, consumer: ConsumerName) -> anyhow::Result<PullConsumer> {
    topology::verify(context).await?;
    let stream = context.get_stream(STREAM).await?;
    let consumer = stream.get_consumer(consumer.name).await;
    consumer.map_err(|error| anyhow::anyhow!(error))
}
