//! The process: reads its configuration, starts telemetry, runs until SIGTERM or SIGINT.

use std::process::ExitCode;

use curbe_ingest::Config;
use curbe_platform::{config, shutdown, telemetry, tls};

#[tokio::main]
async fn main() -> ExitCode {
    tls::install_provider();
    let config = match config::parse_checked(Config::check) {
        Ok(config) => config,
        Err(status) => return status,
    };
    match start(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "failed");
            ExitCode::FAILURE
        }
    }
}

async fn start(config: Config) -> anyhow::Result<()> {
    let metrics = telemetry::init("ingest", &config.telemetry)?;
    curbe_ingest::run(config, metrics, shutdown::on_signal()?).await
}
