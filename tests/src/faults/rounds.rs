//! `make faults`: round after round something else breaks while calls go on ending, and after each everything is counted.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::fault::Fault;
use super::{Lab, LabOptions, builds};

/// How long something is broken, in milliseconds.
const OUTAGE: std::ops::Range<u64> = 500..4_000;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Mix {
    /// What all chance comes from.
    pub seed: u64,
    /// What breaks, one after another; after each of these everything is counted.
    pub rounds: Vec<Vec<Fault>>,
    /// How whoever wants to see the same again says so.
    pub again: String,
}

impl Mix {
    /// Everything that can break, once each and in any order; or so many of them, beginning again after the last.
    #[must_use]
    pub fn of_all(seed: u64, rounds: Option<usize>) -> Self {
        let (mut rng, mut all) = (StdRng::seed_from_u64(seed), Fault::catalogue());
        all.shuffle(&mut rng);
        let rounds = rounds.unwrap_or(all.len());
        Self {
            seed,
            rounds: all.into_iter().map(|fault| vec![fault]).cycle().take(rounds).collect(),
            again: format!("make faults SEED={seed} ROUNDS={rounds}"),
        }
    }

    /// A worker dies so often at each point of a message's way, in any order.
    #[must_use]
    pub fn of_kills(seed: u64, kills: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let rounds = (0..kills).map(|_| {
            let mut kills = Fault::kills();
            kills.shuffle(&mut rng);
            kills
        });
        Self {
            seed,
            rounds: rounds.collect(),
            again: format!("make faults SEED={seed} KILLS={kills}"),
        }
    }
}

/// Breaks one thing after another. Whether nothing was violated.
///
/// # Errors
/// Something does not start, or does not come back.
pub async fn run(mix: Mix) -> Result<bool> {
    let begun = Instant::now();
    let mut options = LabOptions::seeded(mix.seed, mix.again.clone());
    options.own_database = true;
    options.instances = (2, 2);
    options.binaries = Some(builds::with_kill_points().await?);
    let lab = Lab::open(options).await?;
    let mut rng = StdRng::seed_from_u64(mix.seed);
    let mut survived: Vec<Fault> = Vec::new();
    let mut violations = Vec::new();
    for (number, faults) in (1..).zip(mix.rounds) {
        let outage = Duration::from_millis(rng.random_range(OUTAGE));
        let begun = Instant::now();
        lab.survives(&faults, outage).await?;
        let found = lab.violations().await?;
        let names = faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (after, words) = (begun.elapsed(), names.join(", "));
        say(&format!("{number:>4}  {after:>6.1?}  {} violations: {words}", found.len()));
        found.iter().take(20).for_each(|violation| say(&format!("      {violation}")));
        violations.extend(found);
        if !violations.is_empty() {
            // The books stay as they are: all that follows would find it again.
            break;
        }
        survived.extend(faults);
    }
    summary(&lab, &survived, begun.elapsed()).await?;
    say(&format!("violations: {}; again: {}", violations.len(), mix.again));
    Ok(violations.is_empty())
}

async fn summary(lab: &Lab, survived: &[Fault], after: Duration) -> Result<()> {
    say("\nsurvived:");
    for (fault, times) in counted(survived.iter().map(ToString::to_string)) {
        say(&format!("{times:>4}  {fault}"));
    }
    say("\nby row of the matrix, different ones of how many:");
    let catalogue = Fault::catalogue();
    let different = catalogue.iter().filter(|fault| survived.contains(fault));
    let met = counted(different.flat_map(|fault| fault.rows()));
    for (row, all) in counted(catalogue.iter().flat_map(|fault| fault.rows())) {
        say(&format!("{row:>4}  {} of {all}", met.get(row).unwrap_or(&0)));
    }
    let charged = "select count(*) from call_legs where settled_as = 'charged'";
    let charged: i64 = sqlx::query_scalar(charged).fetch_one(lab.stack.pool()).await?;
    let legs = lab.legs_settled().await?;
    let (history, faults) = (lab.history(), survived.len());
    let asked = history.asked;
    say(&format!(
        "\n{faults} faults survived in {after:.0?}; events accepted: {}, refused: {}, without an answer: {}, slowest {:.1?}; \
         calls that asked: {} begun, {} refused, {} without an answer; legs settled: {legs}, charged: {charged}",
        history.accepted,
        history.refused,
        history.unknown,
        history.slowest,
        asked.begun,
        asked.refused,
        asked.unanswered
    ));
    Ok(())
}

fn counted<T: Ord>(each: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    each.for_each(|one| *counts.entry(one).or_default() += 1);
    counts
}

fn say(line: &str) {
    // Nobody may be reading any more.
    writeln!(std::io::stdout(), "{line}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_breaks_once_before_anything_does_again() {
        let (all, mix) =
            (Fault::catalogue(), |seed, rounds| Mix::of_all(seed, rounds).rounds.concat());
        let once = mix(7, None);
        assert_eq!(once.len(), all.len());
        assert!(all.iter().all(|fault| once.contains(fault)));
        assert_eq!(mix(7, Some(2 * all.len())), [once.clone(), once.clone()].concat());
        assert_ne!(mix(8, None), once);
    }
}
