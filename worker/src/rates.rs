//! The decks in memory, read again where the revision in the database has moved.
//!
//! Only decks that a call of the last days may be rated by are kept; an older call has the older ones read too.

use std::collections::HashMap;
use std::sync::Arc;

use curbe_domain::rating::deck::{Deck, Decks, RateTable};
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, RwLock};
use uuid::Uuid;

use crate::store::{rate_decks, rates};

/// How late a call may be told of without older decks being read for it.
const LATE: Duration = Duration::days(7);

/// The decks, shared by everything that prices.
#[derive(Clone)]
pub struct RateCache {
    /// Without a statement timeout: a deck may have hundreds of thousands of rates.
    pool: PgPool,
    known: Arc<RwLock<Known>>,
    reading: Arc<Mutex<()>>,
}

struct Known {
    revision: i64,
    /// No call that started before this can be rated.
    since: OffsetDateTime,
    decks: Arc<Decks>,
    tables: HashMap<Uuid, (i64, Arc<RateTable>)>,
}

impl RateCache {
    /// Nothing read yet; `pool` is to have no statement timeout.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let known = Known {
            revision: 0,
            since: OffsetDateTime::UNIX_EPOCH,
            decks: Arc::default(),
            tables: HashMap::new(),
        };
        Self { pool, known: Arc::new(RwLock::new(known)), reading: Arc::default() }
    }

    /// The decks for calls that started at `earliest` or later, as this connection sees them at this moment. Call it
    /// after the locks: a rate committed before them is in force.
    ///
    /// # Errors
    /// What the database says.
    pub async fn current(
        &self,
        connection: &mut PgConnection,
        earliest: OffsetDateTime,
    ) -> Result<Arc<Decks>, sqlx::Error> {
        let revision = rates::revision(connection).await?;
        match self.known_at(revision, earliest).await {
            Some(decks) => Ok(decks),
            None => self.read(earliest).await,
        }
    }

    /// Reads ahead what has changed, so that a settlement need not wait for it while it holds locks.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refresh(&self) -> Result<(), sqlx::Error> {
        let revision = rates::revision(&mut *self.pool.acquire().await?).await?;
        let earliest = OffsetDateTime::now_utc();
        if self.known_at(revision, earliest).await.is_none() {
            self.read(earliest).await?;
        }
        Ok(())
    }

    /// The decks that calls which begin from `now` on are rated by, as they were last read: those in force and those after
    /// them, each with the revision of its rates; and the revision of all.
    pub async fn from_now_on(&self, now: OffsetDateTime) -> (i64, Vec<(Deck, i64)>) {
        let known = self.known.read().await;
        let revision = |deck: &Deck| known.tables.get(&deck.id).map(|(revision, _)| *revision);
        let decks = known.decks.from_now_on(now);
        let decks = decks.filter_map(|deck| Some((deck.clone(), revision(deck)?)));
        (known.revision, decks.collect())
    }

    async fn known_at(&self, revision: i64, earliest: OffsetDateTime) -> Option<Arc<Decks>> {
        let known = self.known.read().await;
        (known.revision >= revision && known.since <= earliest).then(|| Arc::clone(&known.decks))
    }

    /// In a task of its own: a settlement that runs out of time leaves what was read behind for its next try.
    async fn read(&self, earliest: OffsetDateTime) -> Result<Arc<Decks>, sqlx::Error> {
        let this = self.clone();
        let reading = tokio::spawn(async move { this.read_one_at_a_time(earliest).await });
        reading.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    async fn read_one_at_a_time(
        &self,
        earliest: OffsetDateTime,
    ) -> Result<Arc<Decks>, sqlx::Error> {
        let _turn = self.reading.lock().await;
        let connection = &mut *self.pool.acquire().await?;
        // Read before the decks: a change in between makes them look old, never new.
        let revision = rates::revision(connection).await?;
        if let Some(decks) = self.known_at(revision, earliest).await {
            return Ok(decks);
        }
        let since = earliest.min(OffsetDateTime::now_utc() - LATE);
        let mut tables = HashMap::new();
        let mut decks = Vec::new();
        for row in rate_decks::since(connection, since).await? {
            let rates = match self.table(row.id, row.revision).await {
                Some(table) => table,
                None => Arc::new(rates::of_deck(connection, row.id).await?.into_iter().collect()),
            };
            tables.insert(row.id, (row.revision, Arc::clone(&rates)));
            decks.push(Deck {
                id: row.id,
                name: row.name,
                currency: row.currency,
                effective_from: row.effective_from,
                rates,
            });
        }
        let decks: Arc<Decks> = Arc::new(decks.into_iter().collect());
        tracing::info!(revision, decks = tables.len(), "rates read");
        *self.known.write().await = Known { revision, since, decks: Arc::clone(&decks), tables };
        Ok(decks)
    }

    async fn table(&self, deck: Uuid, revision: i64) -> Option<Arc<RateTable>> {
        let known = self.known.read().await;
        let (found, table) = known.tables.get(&deck)?;
        (*found == revision).then(|| Arc::clone(table))
    }
}
