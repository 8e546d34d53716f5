//! What would come of sending letters through again: the real transaction, rolled back.

mod seen;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use self::seen::{Seen, failing, look};
use super::Reason;
use super::report::{Outcome, Report};
use crate::consumer::disposition::{Disposition, disposition};
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
    /// One of them keeps the others from being settled.
    Split,
    /// It stands alone, and it is at fault.
    GivenUp(Reason),
}

/// How a transaction ends that is never committed.
enum End {
    Seen(Seen),
    Failed(TransactionError),
}

impl From<TransactionError> for End {
    fn from(error: TransactionError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for End {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
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
        let mut work = vec![letters.await?];
        while let Some(letters) = work.pop() {
            match together(pool, rates, &letters).await? {
                Looked::Seen(seen) => all.add(seen),
                Looked::GivenUp(reason) => all.outcomes.extend(given_up(&letters, reason)),
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
        let ended = transaction::attempt::<Infallible, End, _>(pool, move |tx| {
            Box::pin(async move { Err(End::Seen(look(tx, &rates, &looked_at).await?)) })
        });
        let failure = match ended.await {
            Ok(never) => match never {},
            Err(End::Seen(seen)) => return Ok(Looked::Seen(seen)),
            Err(End::Failed(failure)) => failure,
        };
        match disposition(&failure, letters.len()) {
            Disposition::Wait if tried < TRIES => {
                tried += 1;
                sleep(PAUSE * tried).await;
            }
            Disposition::Wait => return Err(failure),
            Disposition::Split => return Ok(Looked::Split),
            Disposition::DeadLetter(reason) => return Ok(Looked::GivenUp(reason)),
        }
    }
}

fn given_up(letters: &[Letter], reason: Reason) -> impl Iterator<Item = Outcome> {
    letters.iter().map(move |letter| failing(letter, reason.as_str(), &letter.row.detail))
}
