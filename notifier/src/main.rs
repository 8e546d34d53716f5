//! The notifier process.

use std::process::ExitCode;

use curbe_notifier::config::Config;
use curbe_platform::{config, process};

fn main() -> ExitCode {
    process::run(
        "notifier",
        config::parse_checked(Config::check),
        |config| &config.telemetry,
        curbe_notifier::run,
    )
}
