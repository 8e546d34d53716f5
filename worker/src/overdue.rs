//! Legs that ended and wait for another leg: looked at again once their patience may be over.

use std::time::Duration;

use futures_util::FutureExt;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::settlement::family::CHILD_PATIENCE;
use crate::settler::Settler;
use crate::store::{call_legs, transaction};

const INTERVAL: Duration = Duration::from_secs(10);
/// Oldest first; the rest has its turn at the next look.
const LEGS_MAX: i64 = 500;

/// Looks every 10 s until `shutdown`.
pub async fn run(pool: PgPool, settler: Settler, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(INTERVAL) => {}
        }
        if let Err(error) = look(&pool, &settler).await {
            tracing::warn!(%error, "waiting legs not looked at");
        }
    }
}

async fn look(pool: &PgPool, settler: &Settler) -> anyhow::Result<()> {
    let heard_before = OffsetDateTime::now_utc() - CHILD_PATIENCE;
    let keys = transaction::run(pool, move |tx| {
        call_legs::waiting_since(tx, heard_before, LEGS_MAX).boxed()
    })
    .await?;
    metrics::gauge!("curbe_legs_waiting").set(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    if !keys.is_empty() {
        settler.settle_waiting(keys).await?;
    }
    Ok(())
}
