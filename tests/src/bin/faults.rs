//! `make faults`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use curbe_tests::faults::outages::Outage;
use curbe_tests::faults::rounds::{self, Mix};

/// Breaks one thing after another under load, and counts everything after each.
#[derive(Parser)]
struct Arguments {
    /// The same seed breaks the same things in the same order, with the same calls.
    #[arg(long)]
    seed: Option<u64>,
    /// How often something breaks; otherwise everything that can does once.
    #[arg(long)]
    rounds: Option<usize>,
    /// Instead: a worker is killed so often at each point between taking a message and its ack.
    #[arg(long)]
    kills: Option<usize>,
    /// Instead: the queue, and then the database, is away for so many seconds under a steady load.
    #[arg(long, conflicts_with = "kills")]
    outage: Option<u64>,
    /// Webhooks a second of that load.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    rate: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { seed, rounds, kills, outage, rate } = Arguments::parse();
    let seed = seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
    let done = match (kills, outage) {
        (_, Some(seconds)) => Outage::new(seed, seconds, rate).run().await,
        (Some(kills), None) => rounds::run(Mix::of_kills(seed, kills)).await,
        (None, None) => rounds::run(Mix::of_all(seed, rounds)).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(std::io::stderr(), "faults: seed {seed}: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
