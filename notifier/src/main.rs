//! The notifier's process: reads its configuration, starts telemetry, serves until SIGTERM or SIGINT.

use std::process::ExitCode;

use curbe_notifier::config::Config;
use curbe_platform::{config, shutdown, telemetry, tls};

#[tokio::main]
async fn main() -> ExitCode {
    tls::install_provider();
    let config = match config::parse::<Config>() {
        Ok(config) => config,
        Err(status) => return status,
    };
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let metrics = telemetry::init("notifier", &config.telemetry)?;
    let shutdown = shutdown::on_signal()?;
    curbe_notifier::run(config, metrics, shutdown).await
}
