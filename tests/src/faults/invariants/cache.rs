//! I7: in the end the cache is where the database is.

use anyhow::{Context, Result};
use uuid::Uuid;

use super::{Invariant, Violation, all};
use crate::faults::cache_watch::versions;
use crate::faults::lab::Lab;

impl Lab {
    pub(super) async fn cache_differences(&self) -> Result<Vec<Violation>> {
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as("select id, version from wallets").fetch_all(self.stack.pool()).await?;
        let wallets: Vec<Uuid> = rows.iter().map(|(wallet, _)| *wallet).collect();
        let cached = versions(self.stack.redis_url(), &wallets).await.context("the cache")?;
        let behind =
            rows.iter().zip(cached).filter(|((_, version), cached)| *cached != Some(*version));
        let differences = behind.map(|((wallet, version), cached)| {
            format!("{wallet}: cached {cached:?}, written {version}")
        });
        Ok(all(Invariant::Cache, differences))
    }
}
