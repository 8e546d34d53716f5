//! The directory in the cache: whatever has changed since the revision that it has.

use anyhow::Context as _;
use curbe_platform::credit::{CreditCache, Epoch};
use sqlx::PgPool;

use crate::store::directory_changes;
use crate::store::transaction;

/// Tells the cache of a change at once, which the worker would find within a second.
///
/// # Errors
/// Postgres or Redis did not answer.
pub async fn tell(pool: &PgPool, cache: &CreditCache) -> anyhow::Result<()> {
    bring_up_to_date(pool, cache, &cache.epoch().await?).await
}

/// Writes what the cache lacks.
///
/// # Errors
/// Postgres or Redis did not answer.
pub async fn bring_up_to_date(
    pool: &PgPool,
    cache: &CreditCache,
    epoch: &Epoch,
) -> anyhow::Result<()> {
    let known = cache.directory_revision(epoch).await?;
    let changes = transaction::run(pool, move |tx| {
        Box::pin(async move { directory_changes::since(tx, known.unwrap_or_default()).await })
    });
    let changes = changes.await?;
    if known >= Some(changes.revision) {
        return Ok(());
    }
    cache
        .write_directory(epoch, changes.revision, &changes.fields)
        .await
        .context("the directory is not written")?;
    tracing::info!(revision = changes.revision, fields = changes.fields.len(), "directory written");
    Ok(())
}
