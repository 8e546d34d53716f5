//! Looking at letters inside one transaction, which the caller rolls back.

use sqlx::Acquire as _;
use time::OffsetDateTime;
use uuid::Uuid;

use super::families::READ_TOGETHER;
use super::is_decision;
use super::seen::{Noted, Seen};
use crate::consumer::disposition::{Disposition, chain, disposition};
use crate::dead_letters::replay::{is_read, nobody_reads};
use crate::dead_letters::{left_alone, republish};
use crate::rates::RateCache;
use crate::settlement;
use crate::settlement::message::Message;
use crate::settlement::step::Steps;
use crate::store::Tx;
use crate::store::call_logs::to_microseconds;
use crate::store::dead_letters::{self, Letter};
use crate::store::transaction::{TransactionError, end_part, unless_it_panics};

/// Does inside `tx` what the worker would do with these letters, and tells what it was. One that cannot be settled is
/// split off and taken back alone, as the lanes do; what the others have done stays for those that come after.
///
/// # Errors
/// What the database says of anything but the letters themselves; a deadlock with a live batch among it, where decisions
/// of pre-flight are looked at together with events, or letters were split: each part locks from names to wallets.
pub(super) async fn look(
    tx: &mut Tx,
    rates: &RateCache,
    ids: &[Uuid],
) -> Result<Seen, TransactionError> {
    let mut noted = Noted::new(dead_letters::settled(tx, ids).await?);
    for chunk in ids.chunks(READ_TOGETHER) {
        let letters = dead_letters::letters(tx, chunk).await?;
        let (letters, unread): (Vec<Letter>, Vec<Letter>) =
            letters.into_iter().partition(|letter| is_read(&letter.row.subject));
        for letter in &unread {
            noted.fails(letter, &letter.row.reason, &nobody_reads(&letter.row.subject));
        }
        let mut work = Vec::from_iter(Some(&letters[..]).filter(|letters| !letters.is_empty()));
        while let Some(part) = work.pop() {
            let failure = match settle(tx, rates, part).await {
                Ok(settled) => {
                    noted.settled(part, &settled);
                    continue;
                }
                Err(failure) => failure,
            };
            match (disposition(&failure, part.len()), part) {
                (Disposition::Split, _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    work.extend([second, first]);
                }
                (Disposition::DeadLetter(reason), [letter]) => {
                    noted.fails(letter, reason.as_str(), &chain(&failure));
                }
                (Disposition::DeadLetter(_) | Disposition::Wait, _) => return Err(failure),
            }
        }
    }
    Ok(noted.seen(tx).await?)
}

/// What settles letters, the decisions of pre-flight first, as the worker does: what was decided before a call is known
/// before its end is settled. All of it or nothing.
async fn settle(
    tx: &mut Tx,
    rates: &RateCache,
    letters: &[Letter],
) -> Result<Vec<Steps>, TransactionError> {
    let now = to_microseconds(OffsetDateTime::now_utc());
    let messages = letters.iter().zip(0..).map(|(letter, place)| republish::message(letter, place));
    let (decisions, events): (Vec<Message>, Vec<Message>) = messages.partition(is_decision);
    let mut part = tx.begin().await?;
    let worked = unless_it_panics(async {
        let mut done = Vec::new();
        if !decisions.is_empty() {
            done.push(settlement::authorize(&mut part, rates, &decisions, now).await?.steps);
        }
        if !events.is_empty() {
            let alone = left_alone(letters);
            let settled = settlement::settle_alone(&mut part, rates, &events, &alone, now).await?;
            done.push(settled.steps);
        }
        Ok(done)
    });
    let worked = worked.await;
    end_part(part, worked).await
}
