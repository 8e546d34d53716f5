//! `make bench`: how fast it is on this machine, always beside something else measured in the same run.
//!
//! Figures of another machine or another minute mean nothing; the ratios do.

mod accepted;
pub mod bare;
mod drain;
mod frames;
mod ground;
mod http;
pub mod latency;
mod one_by_one;
mod paced;
mod preflights;
mod sustained;
mod table;

use std::io::Write;
use std::time::Instant;

use anyhow::Result;

use self::ground::Ground;
use self::latency::seconds;
use self::table::Table;
use crate::faults::builds;
use crate::stack::paths;

/// The wallets that share the calls.
const WALLETS: usize = 1_000;

/// Measures everything and prints the table.
///
/// # Errors
/// A release build can be stopped as fault builds can; something could not be started, or did not come to its end.
pub async fn run() -> Result<()> {
    builds::none_can_be_stopped(&paths::binaries()?)?;
    let begin = Instant::now();
    let mut table = Table::default();
    say("starting servers with durable settings, and the services in the release profile");
    let ground = Ground::prepare().await?;

    let bare = accepted::bare(&ground).await?;
    accepted::ingest(&ground, bare, &mut table).await?;
    let many = drain::many_wallets(&ground).await?;
    let hot = drain::one_wallet(&ground).await?;
    let single = one_by_one::measure(&ground).await?;
    drain::rows(many, hot, single, &mut table);
    sustained::measure(&ground, single, &mut table).await?;
    for rate in frames::RATES {
        frames::measure(&ground, rate, &mut table).await?;
    }
    preflights::measure(&ground, bare, &mut table).await?;
    ground.audit().await?;
    say(&format!("done after {}", seconds(begin.elapsed())));
    writeln!(std::io::stdout(), "{table}").ok();
    Ok(())
}

/// Progress, apart from the table.
fn say(line: &str) {
    writeln!(std::io::stderr(), "bench: {line}").ok();
}
