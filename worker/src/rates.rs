//! The decks in memory, read again whenever the revision in the database has moved.

use std::sync::Arc;

use curbe_domain::rating::deck::Decks;
use sqlx::PgConnection;
use tokio::sync::RwLock;

use crate::store;

/// The decks, shared by everything that prices.
#[derive(Clone, Default)]
pub struct RateCache {
    known: Arc<RwLock<Option<Known>>>,
}

struct Known {
    revision: i64,
    decks: Arc<Decks>,
}

impl RateCache {
    /// The decks as this connection sees them at this moment. Call it after the locks: a rate committed before them
    /// is in force.
    ///
    /// # Errors
    /// What the database says.
    pub async fn current(&self, connection: &mut PgConnection) -> Result<Arc<Decks>, sqlx::Error> {
        // Read before the decks: a change in between makes them look old, never new.
        let revision = store::rates::revision(connection).await?;
        if let Some(known) = &*self.known.read().await
            && known.revision == revision
        {
            return Ok(Arc::clone(&known.decks));
        }
        let decks = Arc::new(store::rates::decks(connection).await?);
        let mut known = self.known.write().await;
        if known.as_ref().is_none_or(|known| known.revision < revision) {
            *known = Some(Known { revision, decks: Arc::clone(&decks) });
            tracing::info!(revision, "rates read");
        }
        Ok(decks)
    }
}
