//! Legs that ended and wait: for another leg, or for news of their answer. They are looked at again once their patience
//! may be over.

use std::time::Duration;

use curbe_domain::legs::duration::ANSWER_PATIENCE;
use futures_util::FutureExt;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::settlement::family::CHILD_PATIENCE;
use crate::settler::Settler;
use crate::store::call_legs::Wait;
use crate::store::{call_legs, transaction};

/// Oldest first; the rest has its turn at the next look.
const LEGS_MAX: i64 = 500;

/// One kind of patience, and how often it is looked whether it is over.
#[derive(Clone, Copy)]
struct Look {
    wait: Wait,
    patience: time::Duration,
    interval: Duration,
}

const LOOKS: [Look; 2] = [
    Look { wait: Wait::Anything, patience: CHILD_PATIENCE, interval: Duration::from_secs(10) },
    Look { wait: Wait::Answer, patience: ANSWER_PATIENCE, interval: Duration::from_millis(500) },
];

/// Looks until `shutdown`.
pub async fn run(pool: PgPool, settler: Settler, shutdown: CancellationToken) {
    let looking = LOOKS.map(|look| repeated(pool.clone(), settler.clone(), look));
    let looking = futures_util::future::join_all(looking);
    shutdown.run_until_cancelled(looking).await;
}

async fn repeated(pool: PgPool, settler: Settler, look: Look) {
    loop {
        sleep(look.interval).await;
        if let Err(error) = settle_waiting(&pool, &settler, look).await {
            tracing::warn!(%error, "waiting legs not looked at");
        }
    }
}

async fn settle_waiting(pool: &PgPool, settler: &Settler, look: Look) -> anyhow::Result<()> {
    let heard_before = OffsetDateTime::now_utc() - look.patience;
    let keys = transaction::run(pool, move |tx| {
        call_legs::waiting_since(tx, heard_before, look.wait, LEGS_MAX).boxed()
    })
    .await?;
    if look.wait == Wait::Anything {
        metrics::gauge!("curbe_legs_waiting").set(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    }
    if !keys.is_empty() {
        settler.settle_waiting(keys).await?;
    }
    Ok(())
}
