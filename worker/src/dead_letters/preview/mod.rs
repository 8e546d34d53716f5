//! What would come of sending letters through again: the real transaction, rolled back.

mod families;
mod looking;
mod seen;

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use self::families::{Family, families};
use self::looking::look;
use self::seen::Seen;
use super::report::Report;
use crate::consumer::disposition::{Disposition, disposition};
use crate::rates::RateCache;
use crate::settlement::message::Message;
use crate::store::transaction::{self, TransactionError};

/// As many in one transaction, which holds the locks of live traffic for as long as it takes; more only where they are
/// of one call.
const TOGETHER: usize = 1_000;
/// A wallet that is locked by others is waited for.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// What pre-flight has decided, among the subjects.
const DECISIONS: &str = "credit.";

/// What would come of sending these letters through again, in their order; `told` how many were looked at. Those of one
/// call are looked at in one transaction, each after those before it, as they are sent: none is counted twice.
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
    let mut work = packed(families(pool, ids).await?);
    work.reverse();
    let mut all = Seen::default();
    while let Some(mut calls) = work.pop() {
        match together(pool, rates, &calls).await? {
            Some(seen) => {
                all.add(seen);
                told(all.outcomes.len());
            }
            // So many take too long, however often they are tried.
            None => {
                let others = calls.split_off(calls.len() / 2);
                work.extend([others, calls]);
            }
        }
    }
    let places: HashMap<&Uuid, usize> = ids.iter().zip(0..).collect();
    all.outcomes.sort_by_key(|outcome| places.get(&outcome.id));
    Ok(Report::new(None, all.wallets.into_values().collect(), all.outcomes))
}

/// Calls that are looked at in one transaction.
fn packed(families: Vec<Family>) -> Vec<Vec<Family>> {
    let mut packed: Vec<Vec<Family>> = Vec::new();
    let mut room = 0;
    for family in families {
        match packed.last_mut().filter(|_| family.len() <= room) {
            Some(pack) => {
                room -= family.len();
                pack.push(family);
            }
            None => {
                room = TOGETHER.saturating_sub(family.len());
                packed.push(vec![family]);
            }
        }
    }
    packed
}

/// One transaction; `None`: it takes too long with so many calls.
async fn together(
    pool: &PgPool,
    rates: &RateCache,
    calls: &[Family],
) -> Result<Option<Seen>, TransactionError> {
    let ids = calls.concat();
    let mut tried = 0;
    loop {
        let (rates, ids) = (rates.clone(), ids.clone());
        let looked = transaction::rehearse(pool, move |tx| {
            Box::pin(async move { look(tx, &rates, &ids).await })
        });
        let failure: TransactionError = match looked.await {
            Ok(seen) => return Ok(Some(seen)),
            Err(failure) => failure,
        };
        let is_too_long = matches!(failure, TransactionError::Deadline);
        if is_too_long && calls.len() > 1 {
            return Ok(None);
        }
        let is_to_be_tried = disposition(&failure, 1) == Disposition::Wait && tried < TRIES;
        if !is_to_be_tried {
            return Err(failure);
        }
        tried += 1;
        sleep(PAUSE * tried).await;
    }
}

fn is_decision(message: &Message) -> bool {
    message.subject.starts_with(DECISIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_taken_apart() {
        let family = |letters: usize| vec![Uuid::nil(); letters];
        let sizes = [600, 400, 1, 1_500, 999, 1];
        let packed = packed(sizes.map(family).to_vec());
        let packed: Vec<Vec<usize>> =
            packed.iter().map(|pack| pack.iter().map(Vec::len).collect()).collect();
        assert_eq!(packed, [vec![600, 400], vec![1], vec![1_500], vec![999, 1]]);
        assert!(super::packed(Vec::new()).is_empty());
    }
}
