//! What must hold once everything is healed, whatever broke. The numbers are those of the fault matrix.

mod books;
mod cache;
mod holds;
mod processes;
mod queue;
mod shown;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::time::sleep;

use super::lab::Lab;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: a balance is the opening plus its ledger, numbered without a gap, `balance_after` chains.
    Sums,
    /// I2: a leg is charged once, and no leg that nobody made.
    Once,
    /// I3: what was answered with a 2xx is in the books, or in the dead letters with its reason.
    Kept,
    /// I4: amounts are those of the oracle.
    Oracle,
    /// I5: no amount that is none or out of range, no wrong owner.
    Sane,
    /// I6: the queue is done, and only what cannot be charged is a dead letter.
    Done,
    /// I7: the cache is never ahead, and in the end where the database is.
    Cache,
    /// I8: every screen shows everything, in order, and nobody else's.
    Shown,
    /// I9: no transaction left open, no lock, no panic; memory and descriptors bounded.
    Clean,
    /// I10: every recording is in its log.
    Recorded,
    /// What may be spent by a call that was let begin is set aside, of money that there is, and given back in the end.
    Held,
    /// `curbe audit` finds nothing.
    Audited,
    /// Nobody is answered otherwise than 2xx or 503, or 403 where it is forged.
    Answered,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sums => "I1",
            Self::Once => "I2",
            Self::Kept => "I3",
            Self::Oracle => "I4",
            Self::Sane => "I5",
            Self::Done => "I6",
            Self::Cache => "I7",
            Self::Shown => "I8",
            Self::Clean => "I9",
            Self::Recorded => "I10",
            Self::Held => "holds",
            Self::Audited => "audit",
            Self::Answered => "answers",
        })
    }
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub invariant: Invariant,
    /// Where, in words.
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.words)
    }
}

fn all(invariant: Invariant, words: impl IntoIterator<Item = String>) -> Vec<Violation> {
    words.into_iter().map(|words| Violation { invariant, words }).collect()
}

impl Lab {
    /// Waits until everything that was accepted is done, and looks at all that must hold.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn violations(&self) -> Result<Vec<Violation>> {
        let mut violations = self.until_still(async || self.unsettled().await).await?;
        violations.extend(self.contradictions().await?);
        violations.extend(self.until_still(async || self.hold_differences().await).await?);
        violations.extend(self.money_spent_twice().await?);
        violations.extend(self.until_still(async || self.held_for_nothing().await).await?);
        violations.extend(self.audit().await?);
        violations.extend(all(Invariant::Answered, self.history().wrong.clone()));
        violations.extend(all(Invariant::Cache, self.cache.wrong()));
        violations.extend(self.until_still(async || self.cache_differences().await).await?);
        violations.extend(self.until_still(async || self.screen_differences().await).await?);
        violations.extend(self.until_still(async || self.leftovers().await).await?);
        Ok(violations)
    }

    /// As [`Lab::violations`]; there must be none.
    ///
    /// # Errors
    /// There are some; the message says which, and how to see them again.
    pub async fn all_is_well(&self) -> Result<()> {
        self.none(&self.violations().await?)
    }

    /// Waits until everything that was accepted is settled, whoever has been told of it.
    ///
    /// # Errors
    /// Something is not; the message says what, and how to see it again.
    pub async fn all_is_settled(&self) -> Result<()> {
        self.none(&self.until_still(async || self.unsettled().await).await?)
    }

    fn none(&self, violations: &[Violation]) -> Result<()> {
        if violations.is_empty() {
            return Ok(());
        }
        let shown = violations.iter().take(20).map(ToString::to_string).collect::<Vec<_>>();
        let (count, again) = (violations.len(), &self.options.again);
        bail!("{count} violations; again: {again}\n{}", shown.join("\n"))
    }

    /// What could not be settled, is not as it must be, or is not known yet.
    async fn unsettled(&self) -> Result<Vec<Violation>> {
        let mut violations = self.queue_is_done().await?;
        violations.extend(self.legs_are_as_expected().await?);
        violations.extend(self.dead_letters_are_as_expected().await?);
        Ok(violations)
    }

    /// Looks again and again until there is nothing left, or nothing has moved for too long.
    async fn until_still<F>(&self, mut look: impl FnMut() -> F) -> Result<Vec<Violation>>
    where
        F: Future<Output = Result<Vec<Violation>>>,
    {
        let (mut last, mut moved) = (Vec::new(), Instant::now());
        loop {
            let now = look().await?;
            if now.is_empty() {
                return Ok(now);
            }
            if now != last {
                (last, moved) = (now, Instant::now());
            } else if moved.elapsed() > self.options.patience {
                return Ok(last);
            }
            sleep(PAUSE).await;
        }
    }
}
