//! A new rate deck from a file: compared with the one that it replaces, and put into force at one instant.

use std::collections::HashSet;

use curbe_domain::rating::Rate;
use sqlx::{PgConnection, PgPool};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::store::rate_decks::{self, DeckRow};
use crate::store::rates;

pub mod difference;
pub mod file;

use difference::{Difference, key};

/// Where a deck stands that is not in force yet.
const FAR_AWAY: Duration = Duration::days(36_500);
const CURRENCY: &str = "USD";

/// What is to become of a file's rates.
#[derive(Clone, Debug)]
pub struct Request {
    /// The deck's name.
    pub deck: String,
    /// ISO 4217; `None`: as the deck has been so far.
    pub currency: Option<String>,
    /// The rates that it replaces stay where the file has none for them.
    pub is_merge: bool,
    /// When it comes into force; `None`: at the commit.
    pub effective_from: Option<OffsetDateTime>,
}

/// What an import has done, or would do.
#[derive(Clone, Debug)]
pub struct Import {
    /// The new deck; `None`: the rates are those in force already, or it was a dry run.
    pub deck_id: Option<Uuid>,
    /// ISO 4217.
    pub currency: String,
    /// When it comes into force; `None`: at the commit of the import that this is the dry run of.
    pub effective_from: Option<OffsetDateTime>,
    /// When a deck of the same name that is there already takes over from it.
    pub until: Option<OffsetDateTime>,
    /// How many rates it has.
    pub rates: usize,
    /// How they differ from those in force at that time.
    pub difference: Difference,
}

/// Why there is no new deck.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Calls were rated already by what was in force then.
    #[error("rates in force never change: deck {deck} cannot start at {}, which is past", rfc3339(*at))]
    Past {
        /// The deck's name.
        deck: String,
        /// When it was to start.
        at: OffsetDateTime,
    },
    /// Two decks of one name cannot start at once.
    #[error("a deck {deck} that starts at {} is there already", rfc3339(*at))]
    Taken {
        /// The deck's name.
        deck: String,
        /// When both would start.
        at: OffsetDateTime,
    },
    /// The wallets rated by it are in the currency that it has had.
    #[error("deck {deck} is in {known}, not {wanted}: import another currency under another name")]
    Currency {
        /// The deck's name.
        deck: String,
        /// Its currency.
        known: String,
        /// The currency asked for.
        wanted: String,
    },
    /// The database could not do it; nothing was imported.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

fn rfc3339(at: OffsetDateTime) -> String {
    // Fails only for years beyond 9999.
    at.format(&Rfc3339).unwrap_or_default()
}

/// A deck that could be written.
struct Plan {
    currency: String,
    until: Option<OffsetDateTime>,
    rates: Vec<Rate>,
    difference: Difference,
    replaces_one: bool,
}

/// What an import would do. Nothing is written.
///
/// # Errors
/// [`Error`].
pub async fn dry_run(pool: &PgPool, request: &Request, rates: Vec<Rate>) -> Result<Import, Error> {
    let mut tx = pool.begin_with("begin isolation level repeatable read read only").await?;
    let now = rate_decks::now(&mut tx).await?;
    let plan = Plan::make(&mut tx, request, rates, now).await?;
    Ok(plan.import(None, request.effective_from))
}

/// Writes a new deck in one transaction, `told` how many of its rates are written. Settlements go on meanwhile, by the
/// rates in force.
///
/// # Errors
/// [`Error`]; then nothing was imported.
pub async fn import(
    pool: &PgPool,
    request: &Request,
    rates: Vec<Rate>,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Import, Error> {
    let mut tx = pool.begin().await?;
    let now = rate_decks::lock(&mut tx).await?;
    let plan = Plan::make(&mut tx, request, rates, now).await?;
    if plan.replaces_one && plan.difference.is_empty() {
        return Ok(plan.import(None, request.effective_from));
    }
    let deck = DeckRow {
        id: Uuid::now_v7(),
        name: request.deck.clone(),
        currency: plan.currency.clone(),
        effective_from: request.effective_from.unwrap_or(now + FAR_AWAY),
    };
    rate_decks::insert(&mut tx, &deck).await?;
    let total = plan.rates.len();
    rates::copy(&mut tx, deck.id, &plan.rates, &|written| told(written, total)).await?;
    // The last thing before the commit: calls that start while the rates are written are not rated by them.
    let effective_from = match request.effective_from {
        Some(at) => at,
        None => rate_decks::start(&mut tx, deck.id).await?,
    };
    tx.commit().await?;
    Ok(plan.import(Some(deck.id), Some(effective_from)))
}

impl Plan {
    async fn make(
        connection: &mut PgConnection,
        request: &Request,
        rates: Vec<Rate>,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let at = request.effective_from.unwrap_or(now);
        let has_rates = rate_decks::has_rates_in_force(connection, &request.deck, now).await?;
        if at < now && has_rates {
            return Err(Error::Past { deck: request.deck.clone(), at });
        }
        let decks = rate_decks::of_name(connection, &request.deck).await?;
        if decks.iter().any(|deck| deck.effective_from == at) {
            return Err(Error::Taken { deck: request.deck.clone(), at });
        }
        let replaced = decks.iter().rfind(|deck| deck.effective_from < at);
        let until = decks.iter().map(|deck| deck.effective_from).find(|from| *from > at);
        let before = match replaced {
            Some(deck) => rates::of_deck(connection, deck.id).await?,
            None => Vec::new(),
        };
        let known = decks.last().filter(|_| has_rates || !before.is_empty());
        let currency = currency(request, known)?;
        let mut rates = if request.is_merge { merged(&before, rates) } else { rates };
        // In the order of the index they are written much faster.
        rates.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix));
        for rate in &mut rates {
            rate.id = Uuid::now_v7();
        }
        let difference = Difference::between(&before, &rates);
        Ok(Self { currency, until, rates, difference, replaces_one: replaced.is_some() })
    }

    fn import(self, deck_id: Option<Uuid>, effective_from: Option<OffsetDateTime>) -> Import {
        Import {
            deck_id,
            currency: self.currency,
            effective_from,
            until: self.until,
            rates: self.rates.len(),
            difference: self.difference,
        }
    }
}

/// The currency of the new deck, given one of the same name that has rates.
fn currency(request: &Request, known: Option<&DeckRow>) -> Result<String, Error> {
    match (known, &request.currency) {
        (Some(deck), Some(wanted)) if deck.currency != *wanted => Err(Error::Currency {
            deck: request.deck.clone(),
            known: deck.currency.clone(),
            wanted: wanted.clone(),
        }),
        (Some(deck), _) => Ok(deck.currency.clone()),
        (None, wanted) => Ok(wanted.clone().unwrap_or_else(|| CURRENCY.to_owned())),
    }
}

/// The file's rates, and those before where the file has none.
fn merged(before: &[Rate], mut rates: Vec<Rate>) -> Vec<Rate> {
    let kept: Vec<Rate> = {
        let named: HashSet<_> = rates.iter().map(key).collect();
        before.iter().filter(|rate| !named.contains(&key(rate))).cloned().collect()
    };
    rates.extend(kept);
    rates
}

#[cfg(test)]
mod tests;
