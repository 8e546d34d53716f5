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
use crate::store::{call_legs, transaction};

/// The rest has its turn at another look.
const LEGS_MAX: i64 = 500;

/// Legs that were heard of so long ago, and how often they are looked at.
#[derive(Clone, Copy)]
struct Look {
    from: time::Duration,
    to: time::Duration,
    interval: Duration,
}

const LOOKS: [Look; 2] = [
    // News of an answer, and what else Telnyx may tell within seconds.
    Look { from: CHILD_PATIENCE, to: ANSWER_PATIENCE, interval: Duration::from_millis(500) },
    // The ends of other legs.
    Look {
        from: time::Duration::days(36_500),
        to: CHILD_PATIENCE,
        interval: Duration::from_secs(10),
    },
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
    let now = OffsetDateTime::now_utc();
    let (from, to) = (now - look.from, now - look.to);
    let keys = transaction::run(pool, move |tx| call_legs::waiting(tx, from, to, LEGS_MAX).boxed())
        .await?;
    if look.to == CHILD_PATIENCE {
        metrics::gauge!("curbe_legs_waiting").set(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    }
    if !keys.is_empty() {
        settler.settle_waiting(keys).await?;
    }
    Ok(())
}
