//! Worker process: reads its configuration and runs until SIGTERM or SIGINT.

use std::process::ExitCode;

use curbe_platform::{config, shutdown, tls};
use curbe_worker::config::Config;
use curbe_worker::service;

fn main() -> ExitCode {
    match config::parse::<Config>() {
        Ok(config) => run(config),
        Err(status) => status,
    }
}

#[tokio::main]
async fn run(config: Config) -> ExitCode {
    tls::install_provider();
    let outcome = match shutdown::on_signal() {
        Ok(shutdown) => service::run(config, shutdown).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot run");
            ExitCode::FAILURE
        }
    }
}
