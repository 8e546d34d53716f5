//! The worker process.

use std::process::ExitCode;

use curbe_platform::{config, process};
use curbe_worker::config::Config;
use curbe_worker::service;

fn main() -> ExitCode {
    process::run("worker", config::parse::<Config>(), |config| &config.telemetry, service::run)
}
