//! Starting a server on a port that must be free and waiting until it answers.

use std::future::Future;
use std::time::Duration;

use anyhow::{Error, Result, anyhow, bail};

use super::launch::{Launch, Lifetime};
use super::port;
use super::process::Process;
use super::wait::wait_for;

/// Generous: two cores may be busy with a compiler.
pub const START: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 10;

/// Why a start failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Somebody else listens on the port.
    #[error("the port is taken")]
    PortTaken,
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// What all servers have in common to be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether what it confirmed must survive a crash of the machine. Tests only crash processes.
    pub durable: bool,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Taken if it is free.
    pub port: Option<u16>,
}

impl Options {
    /// For a test: fast, and gone with it.
    pub fn for_test() -> Self {
        Self { durable: false, lifetime: Lifetime::WithParent, port: None }
    }
}

/// A running server. It keeps its port and its data when it is started again.
#[derive(Debug)]
pub struct Server {
    process: Process,
    port: u16,
    url: String,
    /// The words in its log by which it says that it listens.
    ready: &'static str,
}

impl Server {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// It ended, or did not listen in time.
    pub async fn start(
        launch: Launch,
        port: u16,
        url: String,
        ready: &'static str,
    ) -> Result<Self, Failure> {
        let process = Process::start(launch)?;
        let server = Self { process, port, url, ready };
        server.listens().await?;
        Ok(server)
    }

    /// Starts it again on the same port with the same data; ends it at once if it still runs.
    ///
    /// # Errors
    /// It ended, or did not listen in time.
    pub async fn restart(&self) -> Result<()> {
        self.process.end_at_once();
        self.process.start_again()?;
        Ok(self.listens().await?)
    }

    /// To kill it, freeze it, or read its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its port on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where clients connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Unlike an answer on the port, its own log cannot come from somebody else.
    async fn listens(&self) -> Result<(), Failure> {
        ready(&self.process, async || {
            let listens = self.process.log().contains(self.ready);
            if listens { Ok(()) } else { Err("not yet in its log".to_owned()) }
        })
        .await
    }
}

/// Waits until `look` gives `Ok`, and no longer than the process lives.
///
/// # Errors
/// The process ended first, or the deadline passed.
pub async fn ready<F>(process: &Process, mut look: impl FnMut() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), String>>,
{
    let what = format!("{} to be ready", process.name());
    let alive = wait_for(START, &what, || {
        let looked = process.pid().map(|_| look());
        async move {
            match looked {
                None => Ok(false),
                // Asked once more afterwards: the answer may come from a stranger on our port.
                Some(looked) => looked.await.map(|()| process.pid().is_some()),
            }
        }
    })
    .await;
    match alive {
        Ok(true) => Ok(()),
        Ok(false) if port_was_taken(&process.log()) => Err(Failure::PortTaken),
        Ok(false) => {
            let name = process.name();
            Err(anyhow!("{name} ended while it started; {}", process.log_tail()).into())
        }
        Err(late) => Err(anyhow!("{late}; {}", process.log_tail()).into()),
    }
}

/// Starts on a free port; on another one if somebody was faster.
///
/// # Errors
/// The start failed for another reason, or each of many ports was taken.
pub async fn start_on_free_port<T, F>(
    preferred: Option<u16>,
    mut start: impl FnMut(u16) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut preferred = preferred;
    for _ in 0..ATTEMPTS {
        let port = preferred.take().map_or_else(port::free, Ok)?;
        match start(port).await {
            Ok(server) => return Ok(server),
            Err(Failure::PortTaken) => {}
            Err(Failure::Other(error)) => return Err(error),
        }
    }
    bail!("{ATTEMPTS} ports in a row were taken")
}

fn port_was_taken(log: &str) -> bool {
    let log = log.to_lowercase();
    ["address already in use", "address in use"].iter().any(|words| log.contains(words))
}
