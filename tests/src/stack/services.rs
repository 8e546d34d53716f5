//! The product's own programs: three services and the operators' `curbe`.

use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::launch::{Launch, Lifetime};
use super::packages::Program;
use super::process::Process;
use super::server::{Failure, ready, start_on_free_port};
use super::{paths, port};

/// Longer than any command of a test may take.
const COMMAND: Duration = Duration::from_secs(120);
/// A service that has not begun to answer by then is asked again.
const LOOK: Duration = Duration::from_secs(2);

/// Names and values of environment variables.
pub type Environment = Vec<(String, String)>;

/// One of the three services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Takes the providers' webhooks.
    Ingest,
    /// Moves the money.
    Worker,
    /// Serves the browsers.
    Notifier,
}

impl Kind {
    /// The name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Ingest => "curbe-ingest",
            Self::Worker => "curbe-worker",
            Self::Notifier => "curbe-notifier",
        }
    }

    /// The variables of its public and of its admin address.
    fn addresses(self) -> [&'static str; 2] {
        match self {
            Self::Ingest => ["INGEST_LISTEN", "INGEST_ADMIN_LISTEN"],
            Self::Worker => ["WORKER_LISTEN", "WORKER_ADMIN_LISTEN"],
            Self::Notifier => ["NOTIFIER_LISTEN", "NOTIFIER_ADMIN_LISTEN"],
        }
    }
}

/// A running service. It keeps its ports when it is started again.
#[derive(Debug)]
pub struct Service {
    kind: Kind,
    process: Process,
    url: String,
    admin_url: String,
}

/// How a service is to be started.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Which one.
    pub kind: Kind,
    /// Its name among several of its kind.
    pub name: &'a str,
    /// Where its log goes.
    pub folder: &'a Path,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Taken for its public address if it is free.
    pub port: Option<u16>,
    /// Where its program is looked for before the ordinary ones.
    pub binaries: Option<&'a Path>,
    /// Its configuration, without the addresses; a name given twice has the last value.
    pub environment: Environment,
}

impl Service {
    /// Starts it and waits until `/readyz` says yes.
    ///
    /// # Errors
    /// It is not built, ended, or was not ready in time.
    pub async fn start(settings: &Settings<'_>) -> Result<Self> {
        let program = program(settings.kind.program(), settings.binaries)?;
        std::fs::create_dir_all(settings.folder)?;
        start_on_free_port(settings.port, |port| Self::start_on(settings, program.clone(), port))
            .await
    }

    async fn start_on(
        settings: &Settings<'_>,
        program: Program,
        port: u16,
    ) -> Result<Self, Failure> {
        let addresses = [port, port::free()?].map(|port| format!("127.0.0.1:{port}"));
        let [url, admin_url] = addresses.clone().map(|address| format!("http://{address}"));
        let log = settings.folder.join(format!("{}.log", settings.name));
        let mut launch = Launch::new(settings.name, program, log);
        launch.lifetime = settings.lifetime.clone();
        let names = settings.kind.addresses().map(str::to_owned);
        launch.environment = names.into_iter().zip(addresses).collect();
        if settings.kind == Kind::Ingest {
            // What the providers' signatures cover.
            launch.environment.push(("PUBLIC_BASE_URL".to_owned(), url.clone()));
            let spool = settings.folder.with_file_name("spools").join(settings.name);
            launch.environment.push(("SPOOL_DIRECTORY".to_owned(), spool.display().to_string()));
        }
        // Own values after ours, so that a caller who says where to listen is heard.
        launch.environment.extend(settings.environment.iter().cloned());
        let process = Process::start(launch)?;
        let service = Self { kind: settings.kind, process, url, admin_url };
        service.is_ready().await?;
        Ok(service)
    }

    /// Starts it again on the same ports; ends it at once if it still runs.
    ///
    /// # Errors
    /// It ended, or was not ready in time.
    pub async fn restart(&self) -> Result<()> {
        self.process.end_at_once();
        self.process.start_again()?;
        Ok(self.is_ready().await?)
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// To kill it, freeze it, read its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its public address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of its probes and metrics.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    async fn is_ready(&self) -> Result<(), Failure> {
        ready(&self.process, async || is_ready(&self.admin_url).await).await
    }
}

/// Whether the service with this admin address says that it is ready; else, what it says.
///
/// # Errors
/// It is not.
pub async fn is_ready(admin_url: &str) -> Result<(), String> {
    let asked = probe()?.get(format!("{admin_url}/readyz")).send().await;
    let answer = asked.map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("/readyz says {status}: {}", answer.text().await.unwrap_or_default()))
}

/// Every test has a runtime of its own, and a kept connection would belong to one that has ended.
fn probe() -> Result<&'static reqwest::Client, String> {
    static CLIENT: OnceLock<Result<reqwest::Client, String>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(LOOK);
        builder.build().map_err(|error| error.to_string())
    });
    client.as_ref().map_err(Clone::clone)
}

/// Runs the operators' `curbe` to its end.
///
/// # Errors
/// It is not built, or did not end in time. Its own exit status is the caller's to judge.
pub async fn curbe(arguments: &[&str], environment: &Environment, folder: &Path) -> Result<Output> {
    let mut launch = Launch::new("curbe", program("curbe", None)?, folder.join("curbe.log"));
    launch = launch.arguments(arguments.iter().copied());
    launch.environment.clone_from(environment);
    let mut command = tokio::process::Command::from(launch.command()?);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(COMMAND, output).await;
    let shown = format!("curbe {}", arguments.join(" "));
    output.with_context(|| format!("{shown} did not end within {COMMAND:?}"))?.context(shown)
}

fn program(name: &str, first: Option<&Path>) -> Result<Program> {
    let special = first.map(|folder| folder.join(name)).filter(|path| path.is_file());
    let path = special.map_or_else(|| paths::binaries().map(|folder| folder.join(name)), Ok)?;
    ensure!(path.is_file(), "{} is not there: run `make build`", path.display());
    Ok(Program::installed(path))
}
