//! `make faults`: round after round something else breaks while calls go on ending, and after each everything is counted.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
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
    /// So many of everything that can break, by chance.
    #[must_use]
    pub fn of_all(seed: u64, rounds: usize) -> Self {
        let (mut rng, all) = (StdRng::seed_from_u64(seed), Fault::catalogue());
        let rounds_of_one = (0..rounds).filter_map(|_| Some(vec![*all.choose(&mut rng)?]));
        Self {
            seed,
            rounds: rounds_of_one.collect(),
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
    let mut survived: BTreeMap<String, usize> = BTreeMap::new();
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
        for name in names {
            *survived.entry(name).or_default() += 1;
        }
    }
    summary(&lab, &survived, begun.elapsed()).await?;
    say(&format!("violations: {}; again: {}", violations.len(), mix.again));
    Ok(violations.is_empty())
}

async fn summary(lab: &Lab, survived: &BTreeMap<String, usize>, after: Duration) -> Result<()> {
    say("\nsurvived:");
    for (fault, times) in survived {
        say(&format!("{times:>4}  {fault}"));
    }
    let charged = "select count(*) from call_legs where settled_as = 'charged'";
    let charged: i64 = sqlx::query_scalar(charged).fetch_one(lab.stack.pool()).await?;
    let legs = lab.legs_settled().await?;
    let history = lab.history();
    let faults: usize = survived.values().sum();
    say(&format!(
        "\n{faults} faults survived in {after:.0?}; events accepted: {}, refused: {}, without an answer: {}, slowest {:.1?}; \
         legs settled: {legs}, charged: {charged}",
        history.accepted, history.refused, history.unknown, history.slowest
    ));
    Ok(())
}

fn say(line: &str) {
    // Nobody may be reading any more.
    writeln!(std::io::stdout(), "{line}").ok();
}
