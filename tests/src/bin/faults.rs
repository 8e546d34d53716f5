//! `make faults`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use curbe_tests::faults::rounds::{self, Mix};

/// Breaks one thing after another under load, and counts everything after each.
#[derive(Parser)]
struct Arguments {
    /// The same seed breaks the same things in the same order, with the same calls.
    #[arg(long)]
    seed: Option<u64>,
    /// How often something breaks.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Instead: a worker is killed so often at each point between taking a message and its ack.
    #[arg(long)]
    kills: Option<usize>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { seed, rounds, kills } = Arguments::parse();
    let seed = seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
    let mix = match kills {
        None => Mix::of_all(seed, rounds),
        Some(kills) => Mix::of_kills(seed, kills),
    };
    match rounds::run(mix).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(std::io::stderr(), "faults: seed {seed}: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
