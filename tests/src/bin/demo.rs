//! `make demo`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Shows a balance move, from nothing to the browser.
#[derive(Parser)]
struct Arguments {
    /// Checks the books and ends; otherwise everything stays until Ctrl-C.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match curbe_tests::demo::run(Arguments::parse().once).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(std::io::stderr(), "demo: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
