//! The rates in the cache: those of decks in force and of decks to come. A deck that has changed is written beside its
//! former self, and all decks change at one instant.

use std::collections::BTreeMap;

use curbe_platform::credit::{CreditCache, DeckEntry, Epoch};
use time::OffsetDateTime;

use crate::rates::RateCache;

/// Writes what the cache lacks of the rates that were read last.
///
/// # Errors
/// Redis did not answer.
pub async fn bring_up_to_date(
    rates: &RateCache,
    cache: &CreditCache,
    epoch: &Epoch,
) -> anyhow::Result<()> {
    let (revision, decks) = rates.from_now_on(OffsetDateTime::now_utc()).await;
    if cache.rate_revision(epoch).await? >= Some(revision) {
        return Ok(());
    }
    let mut lists: BTreeMap<String, Vec<DeckEntry>> = BTreeMap::new();
    for (deck, revision) in &decks {
        let key = cache.write_rates(epoch, deck.id, *revision, deck.rates.by_prefix()).await?;
        let nanos = deck.effective_from.unix_timestamp_nanos();
        lists.entry(deck.name.clone()).or_default().push(DeckEntry {
            id: deck.id,
            currency: deck.currency.clone(),
            effective_from: i64::try_from(nanos / 1_000).unwrap_or(i64::MAX),
            key,
        });
    }
    let kept: Vec<String> = lists.values().flatten().map(|entry| entry.key.clone()).collect();
    let lists: Vec<(String, Vec<DeckEntry>)> = lists.into_iter().collect();
    cache.write_decks(epoch, revision, &lists).await?;
    tracing::info!(revision, decks = decks.len(), "rates written");
    cache.tidy(epoch, &kept).await?;
    Ok(())
}
