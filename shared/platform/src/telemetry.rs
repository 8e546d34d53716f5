//! Log lines and metrics: how they are set up, once, at the start of a process.

use std::io::{self, BufWriter, IsTerminal as _};
use std::time::Duration;

use clap::{Args, ValueEnum};
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

/// The bounds of every histogram of seconds: fine where the promises are, 1 ms to 25 ms.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 5.0, 30.0];
/// How often histograms give up what nobody asked for.
const UPKEEP: Duration = Duration::from_secs(5);

/// What a configuration says about log lines; flatten it into a service's own.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Which log lines are written: a level, or levels by module as in `info,curbe_ingest=debug`. By default the queue's
    /// client is kept from telling of each attempt to reconnect.
    #[arg(long, env, default_value = "info,async_nats=warn", value_parser = filter)]
    pub rust_log: String,
    /// How they are written. Not set: text on a terminal, otherwise json.
    #[arg(long, env, value_enum)]
    pub log_format: Option<Format>,
}

/// The look of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line, the fields flat beside the message.
    Json,
    /// For people.
    Text,
}

/// Log lines or metrics are set up already.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A subscriber was there before.
    #[error("log lines are set up already")]
    Subscriber(#[from] tracing_subscriber::util::TryInitError),
    /// A recorder was there before, or cannot be built.
    #[error("metrics cannot be recorded")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
}

/// What was started.
pub struct Telemetry {
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Once dropped, every line written so far has gone out.
    pub lines: WorkerGuard,
}

/// Lines that may wait to go out. Then whoever has something to say waits too: none is left out.
const LINES_MAX: usize = 16 * 1024;

/// Starts both; log lines go to stdout, by a thread of their own: a write for each line would cost a busy service more
/// than all its work. Call it inside the runtime.
///
/// # Errors
/// It was called before in this process.
pub fn init(service: &'static str, settings: &Settings) -> Result<Telemetry, Error> {
    let on_terminal = io::stdout().is_terminal();
    let default = if on_terminal { Format::Text } else { Format::Json };
    let (writer, lines) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(LINES_MAX)
        .thread_name("log-lines")
        .finish(BufWriter::new(io::stdout()));
    let layer = match settings.log_format.unwrap_or(default) {
        Format::Json => fmt::layer()
            .with_writer(writer)
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        Format::Text => fmt::layer().with_writer(writer).with_ansi(on_terminal).boxed(),
    };
    let filter = EnvFilter::new(&settings.rust_log);
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let reason = panic.payload_as_str().unwrap_or_default();
        tracing::error!(location, reason, "panicked");
    }));

    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe_gauge!("curbe_build_info", "1, labelled with what runs here");
    gauge!("curbe_build_info", "service" => service, "version" => env!("CARGO_PKG_VERSION")).set(1);
    tokio::spawn(upkeep(metrics.clone()));
    tracing::info!(service, version = env!("CARGO_PKG_VERSION"), "starting");
    Ok(Telemetry { metrics, lines })
}

async fn upkeep(metrics: PrometheusHandle) {
    let mut timer = tokio::time::interval(UPKEEP);
    loop {
        timer.tick().await;
        metrics.run_upkeep();
    }
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_filter_is_judged_when_it_is_read() {
        for good in ["info", "info,curbe_ingest=debug", "off"] {
            assert_eq!(filter(good).as_deref(), Ok(good));
        }
        assert!(filter("curbe=loudly").is_err());
    }
}
