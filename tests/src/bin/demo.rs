//! `make demo`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Shows a balance move, from nothing to the browser.
#[derive(Parser)]
struct Arguments {
    /// Checks the books and ends; otherwise everything stays until Ctrl-C.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let right = curbe_tests::demo::run(Arguments::parse().once).await?;
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
