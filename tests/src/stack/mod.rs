//! A private Postgres, NATS and Redis with the product's services on them: for tests, the demo, the
//! bench and `make up`.
//!
//! Everything listens on free loopback ports and writes below `.local`. Nothing of the machine's own
//! is used but its programs, and those it lacks are unpacked for the stack alone.

mod access;
pub mod background;
pub mod chromium;
mod configuration;
mod data_folder;
mod debian;
pub mod directory;
pub mod environment;
mod family;
mod for_test;
mod homebrew;
pub mod launch;
pub mod nats;
pub mod node;
pub mod packages;
pub mod paths;
pub mod port;
pub mod postgres;
mod privileges;
pub mod process;
pub mod redis;
pub mod secrets;
pub mod server;
pub mod services;
mod spawner;
pub mod starting;
pub mod wait;

use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use self::directory::TestDirectory;
use self::environment::Ports;
use self::launch::Lifetime;
use self::postgres::Postgres;
use self::secrets::Secrets;
use self::server::{Options, Server};
use self::services::Service;
pub use self::wait::{wait_for, wait_until};

/// How soon a database and a queue that have just started are as they must be, on a busy machine.
const MIGRATED: Duration = Duration::from_secs(20);

/// What a stack is to be like.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Where its data and logs are.
    pub folder: PathBuf,
    /// Whether what was confirmed must survive a crash of the machine.
    pub durable: bool,
    /// How long its processes live.
    pub lifetime: Lifetime,
    /// The size at which the queue is full.
    pub queue_bytes: u64,
    /// What its services and its clients both know.
    pub secrets: Secrets,
    /// Ports that are taken if they are free.
    pub ports: Ports,
    /// Where a service's program is looked for before the ordinary ones.
    pub binaries: Option<PathBuf>,
}

impl StackOptions {
    /// A durable stack that ends with the program.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            durable: true,
            lifetime: Lifetime::WithParent,
            queue_bytes: 1 << 30,
            secrets: Secrets::random(),
            ports: Ports::default(),
            binaries: None,
        }
    }

    fn server(&self, port: Option<u16>) -> Options {
        Options { durable: self.durable, lifetime: self.lifetime.clone(), port }
    }
}

/// Servers and services that belong together. Dropped, it ends what does not live on by its options.
#[derive(Debug)]
pub struct Stack {
    options: StackOptions,
    services: Mutex<Vec<Arc<Service>>>,
    nats: Server,
    redis: Server,
    postgres: Arc<Postgres>,
    database: String,
    pool: PgPool,
    /// The last field: it goes when nobody writes to it any more.
    _folder: Option<TestDirectory>,
}

impl Stack {
    /// Starts the three servers and applies the migrations, no service yet.
    ///
    /// # Errors
    /// A server cannot be had or does not start, or `curbe migrate` failed.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let server = options.server(options.ports.postgres);
        let postgres = Postgres::start(&options.folder.join("postgres"), &server).await?;
        postgres.create_database("curbe").await?;
        let stack = Self::assemble(options, Arc::new(postgres), "curbe", None).await?;
        stack.migrate().await?;
        stack.create_logins().await?;
        Ok(stack)
    }

    async fn assemble(
        options: StackOptions,
        postgres: Arc<Postgres>,
        database: &str,
        folder: Option<TestDirectory>,
    ) -> Result<Self> {
        let nats = options.server(options.ports.nats);
        let redis = options.server(options.ports.redis);
        Ok(Self {
            nats: nats::start(&options.folder.join("nats"), &nats).await?,
            redis: redis::start(&options.folder.join("redis"), &redis).await?,
            services: Mutex::default(),
            pool: pool(&postgres.url(database))?,
            database: database.to_owned(),
            postgres,
            options,
            _folder: folder,
        })
    }

    /// Takes the services' programs from this folder, those that are there.
    #[must_use]
    pub fn with_binaries(mut self, folder: PathBuf) -> Self {
        self.options.binaries = Some(folder);
        self
    }

    /// Runs `curbe` as the schema's owner, to its end.
    ///
    /// # Errors
    /// It is not built or did not end in time. Its exit status is the caller's to judge.
    pub async fn curbe(&self, arguments: &[&str]) -> Result<Output> {
        services::curbe(arguments, &self.environment_of_curbe(), self.folder()).await
    }

    /// Until it succeeds: the servers have only just started, and may be slow to answer on a busy machine.
    async fn migrate(&self) -> Result<()> {
        wait_for(MIGRATED, "curbe migrate", async || {
            let output = self.curbe(&["migrate"]).await?;
            let errors = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "curbe migrate: {}\n{errors}", output.status);
            Ok(())
        })
        .await
    }

    async fn create_logins(&self) -> Result<()> {
        for (login, group) in configuration::LOGINS {
            self.postgres.create_login(login, group).await?;
        }
        Ok(())
    }

    fn services(&self) -> MutexGuard<'_, Vec<Arc<Service>>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock may be kept for as long as somebody wants to see what others do meanwhile.
fn pool(url: &str) -> Result<PgPool> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.options([("idle_in_transaction_session_timeout", "0")]);
    Ok(PgPoolOptions::new().max_connections(4).connect_lazy_with(options))
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.options.lifetime == Lifetime::WithParent {
            // A test may hold services of its own, which would go on without their servers.
            for service in self.services().drain(..) {
                service.process().end_at_once();
            }
        }
    }
}
