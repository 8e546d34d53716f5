//! The ingest process.

use std::process::ExitCode;

use curbe_ingest::Config;
use curbe_platform::{config, process};

fn main() -> ExitCode {
    let config = config::parse_checked(Config::check);
    process::run("ingest", config, |config| &config.telemetry, curbe_ingest::run)
}
