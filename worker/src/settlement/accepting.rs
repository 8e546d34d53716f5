//! A person lets another word on a leg stand in place of the first: the difference is posted as a row of its own, as for
//! every correction; the call's log stays as it is.

use curbe_domain::legs::duration::ended;
use curbe_domain::legs::{LegFacts, merge};
use curbe_platform::queue::message::digest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::message::Message;
use super::{Settled, Settlement, order};
use crate::rates::RateCache;
use crate::store::call_legs::{LegNews, LegRow};
use crate::store::dead_letters::Replacement;
use crate::store::transaction::TransactionError;
use crate::store::{Tx, call_legs};

/// What came of it.
#[derive(Debug)]
pub struct Accepted {
    /// What it leads to once it is committed.
    pub settled: Settled,
    /// The word that stood so far; `None` where the leg had been refused before it began.
    pub replaced: Option<Replacement>,
}

/// Why it cannot stand.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// As things are.
    #[error("{0}")]
    Refused(String),
    /// The database could not do it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl From<sqlx::Error> for NotAccepted {
    fn from(error: sqlx::Error) -> Self {
        Self::Transaction(error.into())
    }
}

/// Lets what a message tells of a leg's end stand, inside `tx`; the caller commits. `letter` is its dead letter.
///
/// # Errors
/// [`NotAccepted`]. Then nothing of it has happened.
pub async fn accept(
    tx: &mut Tx,
    rates: &RateCache,
    message: &Message,
    letter: Uuid,
    now: OffsetDateTime,
) -> Result<Accepted, NotAccepted> {
    let mut settlement = Settlement::new(tx, rates, now);
    let told = message.read().map_err(|refusal| refused(refusal.detail))?;
    let mut news = vec![(message, told)];
    let absorbed = settlement.name(&mut news).await?;
    if let Some(letter) = settlement.letters.pop() {
        return Err(refused(letter.detail));
    }
    // As everybody locks them: the parent first.
    let told = absorbed.iter().chain(news.iter().map(|(_, told)| told));
    let mut legs = call_legs::merge(settlement.tx, &order::in_family_order(told)).await?;
    let (_, told) = news.pop().ok_or_else(|| refused("it tells of no leg"))?;
    let key = told.facts.key.clone();
    let leg = legs.iter_mut().find(|row| row.facts.key == key);
    let leg = leg.ok_or_else(|| refused("it is of another account than the leg"))?;
    let replaced = settlement.replace(leg, told).await?;
    settlement.accepted = Some((key.clone(), letter));
    for (refused_key, refusal) in settlement.settle_legs(legs).await? {
        if refused_key == key {
            return Err(refused(format!("{}: {}", refusal.reason.as_str(), refusal.detail)));
        }
        settlement.refuse_stored(&refused_key, refusal).await?;
    }
    Ok(Accepted { settled: settlement.finish().await?, replaced })
}

fn refused(words: impl Into<String>) -> NotAccepted {
    NotAccepted::Refused(words.into())
}

impl Settlement<'_> {
    /// Replaces the end of a locked leg, and returns the bytes that told of it so far.
    async fn replace(
        &mut self,
        leg: &mut LegRow,
        told: LegNews,
    ) -> Result<Option<Replacement>, NotAccepted> {
        if leg.refusal.is_some() && leg.settled.is_none() {
            // It was refused, and talked: what was refused does not stand.
            call_legs::withdraw_refusal(self.tx, &leg.facts.key).await?;
            leg.refusal = None;
            return Ok(None);
        }
        judge(&leg.facts, &told.facts)?;
        let body = call_legs::replace_end(self.tx, &told).await?;
        leg.facts.hangup = told.facts.hangup;
        // What cannot be would correct nothing, and the letter would be closed.
        ended(&leg.facts, false).map_err(|unknown| refused(format!("it cannot be: {unknown}")))?;
        Ok(Some(Replacement { digest: digest(&body), body }))
    }
}

/// Whether the difference between two words on a leg is one of its length or of how it ended, which a correction can
/// express.
fn judge(stands: &LegFacts, told: &LegFacts) -> Result<(), NotAccepted> {
    if merge::contradiction(stands, told).is_none() {
        return Err(refused(
            "it contradicts nothing that stands: send it through again, or discard it",
        ));
    }
    let differ = |stands: &Option<String>, told: &Option<String>| matches!((stands, told), (Some(stands), Some(told)) if stands != told);
    if differ(&stands.from, &told.from) || differ(&stands.to, &told.to) {
        return Err(refused(
            "it tells of other numbers: whose call it was, or what it costs, is not to be corrected but \
             adjusted by hand (`curbe wallets adjust`), and the letter discarded",
        ));
    }
    Ok(())
}
