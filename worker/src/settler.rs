//! Runs settlements against the pool, and tells of them once they are committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use curbe_domain::legs::LegKey;
use curbe_platform::credit::CreditCache;
use curbe_platform::kill_point;
use futures_util::FutureExt as _;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::announcer;
use crate::dead_letters::DeadLetter;
use crate::rates::RateCache;
use crate::settlement::message::Message;
use crate::settlement::step::Steps;
use crate::settlement::{self, Settled};
use crate::store;
use crate::store::transaction::{self, TransactionError};

/// Everything that a settlement needs.
#[derive(Clone)]
pub struct Settler {
    pool: PgPool,
    rates: RateCache,
    cache: CreditCache,
    /// Whether the database answered when it was last asked.
    is_answered: Arc<AtomicBool>,
}

impl Settler {
    /// Over this pool, with these decks and this cache.
    #[must_use]
    pub fn new(pool: PgPool, rates: RateCache, cache: CreditCache) -> Self {
        Self { pool, rates, cache, is_answered: Arc::default() }
    }

    /// Whether messages can be settled at all. The database is asked at first, and after each time that it was doubted: as a
    /// settlement would, since one that takes no writes answers too.
    ///
    /// # Errors
    /// As [`Settler::settle`].
    pub async fn is_ready(&self) -> Result<(), TransactionError> {
        if !self.is_answered.load(Ordering::Relaxed) {
            transaction::run(&self.pool, |tx| store::wallets::lock(tx, &[]).boxed()).await?;
            self.is_answered.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// A settlement failed, and its messages were not at fault.
    pub fn doubt(&self) {
        self.is_answered.store(false, Ordering::Relaxed);
    }

    /// Settles messages, commits, and announces.
    ///
    /// # Errors
    /// [`TransactionError`]: nothing was acknowledged, and trying again changes nothing that was committed.
    pub async fn settle(&self, messages: Arc<[Message]>) -> Result<(), TransactionError> {
        let rates = self.rates.clone();
        let settled = transaction::run(&self.pool, move |tx| {
            Box::pin(async move {
                settlement::settle(tx, &rates, &messages, OffsetDateTime::now_utc()).await
            })
        });
        let settled = settled.await?;
        kill_point!("committed");
        self.tell(&settled).await;
        Ok(())
    }

    /// Merges decisions of pre-flight, commits, and announces.
    ///
    /// # Errors
    /// As [`Settler::settle`].
    pub async fn authorize(&self, messages: Arc<[Message]>) -> Result<(), TransactionError> {
        let rates = self.rates.clone();
        let settled = transaction::run(&self.pool, move |tx| {
            Box::pin(async move {
                settlement::authorize(tx, &rates, &messages, OffsetDateTime::now_utc()).await
            })
        });
        self.tell(&settled.await?).await;
        Ok(())
    }

    /// Settles legs that have waited for another one, commits, and announces.
    ///
    /// # Errors
    /// As [`Settler::settle`].
    pub async fn settle_waiting(&self, keys: Vec<LegKey>) -> Result<(), TransactionError> {
        let rates = self.rates.clone();
        let settled = transaction::run(&self.pool, move |tx| {
            Box::pin(async move {
                settlement::settle_waiting(tx, &rates, &keys, OffsetDateTime::now_utc()).await
            })
        });
        self.tell(&settled.await?).await;
        Ok(())
    }

    /// Writes one dead letter.
    ///
    /// # Errors
    /// As [`Settler::settle`].
    pub async fn bury(&self, letter: DeadLetter) -> Result<(), TransactionError> {
        let letters = [letter];
        let written = letters.clone();
        transaction::run(&self.pool, move |tx| {
            Box::pin(async move {
                store::dead_letters::insert(tx, &written, OffsetDateTime::now_utc()).await
            })
        })
        .await?;
        let mut steps = Steps::default();
        steps.dead_lettered(letters.to_vec());
        steps.tell();
        Ok(())
    }

    async fn tell(&self, settled: &Settled) {
        settled.steps.tell();
        announcer::announce(&self.cache, &settled.announcement).await;
    }
}
