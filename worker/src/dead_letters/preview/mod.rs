//! What would come of sending letters through again: the real transaction, rolled back.

mod seen;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use self::seen::{Seen, failing, look};
use super::Refusal;
use super::replay::{is_read, nobody_reads};
use super::report::{Outcome, Report};
use crate::consumer::disposition::{Disposition, chain, disposition};
use crate::rates::RateCache;
use crate::store::dead_letters::{self, Letter};
use crate::store::transaction::{self, TransactionError};

/// As many in one transaction, which holds the locks of live traffic for as long as it takes. Letters of one call that are
/// further apart than that are looked at apart.
const TOGETHER: usize = 1_000;
/// A wallet that is locked by others is waited for.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// What came of looking at letters together, as the worker's lanes would have it.
enum Looked {
    Seen(Seen),
    /// One of them keeps the others from being settled, or together they take too long.
    Split,
    /// It stands alone, and it is at fault.
    GivenUp(Refusal),
}

/// What would come of sending these letters through again, in their order; `told` how many were looked at.
///
/// # Errors
/// What the database says.
pub async fn preview(
    pool: &PgPool,
    rates: &RateCache,
    ids: &[Uuid],
    told: &(dyn Fn(usize) + Sync),
) -> Result<Report, TransactionError> {
    rates.refresh().await?;
    let mut all = Seen::default();
    for (number, chunk) in ids.chunks(TOGETHER).enumerate() {
        let wanted = chunk.to_vec();
        let letters = transaction::run(pool, move |tx| {
            Box::pin(async move { dead_letters::letters(tx, &wanted).await })
        });
        let (read, unread): (Vec<Letter>, Vec<Letter>) =
            letters.await?.into_iter().partition(|letter| is_read(&letter.row.subject));
        all.outcomes.extend(
            unread.iter().map(|letter| {
                failing(letter, &letter.row.reason, &nobody_reads(&letter.row.subject))
            }),
        );
        let mut work = Vec::from_iter(Some(read).filter(|letters| !letters.is_empty()));
        while let Some(letters) = work.pop() {
            match together(pool, rates, &letters).await? {
                Looked::Seen(seen) => all.add(seen),
                Looked::GivenUp(refusal) => all.outcomes.extend(given_up(&letters, &refusal)),
                Looked::Split => {
                    let mut first = letters;
                    let second = first.split_off(first.len() / 2);
                    work.extend([second, first]);
                }
            }
        }
        told((number * TOGETHER + chunk.len()).min(ids.len()));
    }
    Ok(Report::new(None, all.wallets.into_values().collect(), all.outcomes))
}

/// One transaction.
async fn together(
    pool: &PgPool,
    rates: &RateCache,
    letters: &[Letter],
) -> Result<Looked, TransactionError> {
    let letters: Arc<[Letter]> = letters.into();
    let mut tried = 0;
    loop {
        let (rates, looked_at) = (rates.clone(), Arc::clone(&letters));
        let looked = transaction::rehearse(pool, move |tx| {
            Box::pin(async move { Ok(look(tx, &rates, &looked_at).await?) })
        });
        let failure: TransactionError = match looked.await {
            Ok(seen) => return Ok(Looked::Seen(seen)),
            Err(failure) => failure,
        };
        match disposition(&failure, letters.len()) {
            // So many take too long, however often they are tried.
            Disposition::Wait
                if matches!(failure, TransactionError::Deadline) && letters.len() > 1 =>
            {
                return Ok(Looked::Split);
            }
            Disposition::Wait if tried < TRIES => {
                tried += 1;
                sleep(PAUSE * tried).await;
            }
            Disposition::Wait => return Err(failure),
            Disposition::Split => return Ok(Looked::Split),
            Disposition::DeadLetter(reason) => {
                return Ok(Looked::GivenUp(Refusal::new(reason, chain(&failure))));
            }
        }
    }
}

fn given_up(letters: &[Letter], refusal: &Refusal) -> impl Iterator<Item = Outcome> {
    letters.iter().map(|letter| failing(letter, refusal.reason.as_str(), &refusal.detail))
}
