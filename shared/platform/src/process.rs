//! A service's process: configuration first, then telemetry, then the service until it is asked to end.

use std::future::Future;
use std::process::ExitCode;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::{shutdown, telemetry, tls};

/// Runs a service to its end, which the exit status tells of. `serve` gets the configuration, the metrics to show, and
/// a token that is cancelled by SIGTERM and SIGINT.
pub fn run<C, F>(
    service: &'static str,
    config: Result<C, ExitCode>,
    settings: fn(&C) -> &telemetry::Settings,
    serve: impl FnOnce(C, PrometheusHandle, CancellationToken) -> F,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let config = match config {
        Ok(config) => config,
        Err(status) => return status,
    };
    tls::install_provider();
    let Ok(runtime) = Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async {
        let Ok(telemetry) = telemetry::init(service, settings(&config)) else {
            return ExitCode::FAILURE;
        };
        let ended = match shutdown::on_signal() {
            Ok(shutdown) => serve(config, telemetry.metrics, shutdown).await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "cannot go on");
                ExitCode::FAILURE
            }
        }
    })
}
