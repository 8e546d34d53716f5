//! One stack for each test: its own database, queue and cache.
//!
//! The tests of a process share one database server, since starting that is what takes long; each
//! gets a copy of a migrated database on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use tokio::sync::OnceCell;

use super::directory::TestDirectory;
use super::postgres::Postgres;
use super::server::Options;
use super::{Stack, StackOptions, configuration};

/// A static is never dropped: the server ends with the process, its folder goes with the next run.
static SHARED: OnceCell<Shared> = OnceCell::const_new();

struct Shared {
    postgres: Arc<Postgres>,
    folder: TestDirectory,
}

impl Stack {
    /// A stack for one test, with all migrations applied and no service started yet.
    ///
    /// # Panics
    /// It cannot be started; the message says why.
    pub async fn for_test() -> Self {
        match try_for_test().await {
            Ok(stack) => stack,
            Err(error) => panic!("cannot start a stack for this test: {error:#}"),
        }
    }
}

async fn try_for_test() -> Result<Stack> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let shared = SHARED.get_or_try_init(Shared::start).await?;
    let database = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    shared.postgres.create_from_template(&database).await?;
    let folder = TestDirectory::new("stack")?;
    let mut options = StackOptions::new(folder.path().to_path_buf());
    options.durable = false;
    options.queue_bytes = 64 << 20;
    let postgres = Arc::clone(&shared.postgres);
    let stack = Stack::assemble(options, postgres, &database, Some(folder)).await?;
    stack.migrate().await?;
    Ok(stack)
}

impl Shared {
    async fn start() -> Result<Self> {
        let folder = TestDirectory::new("postgres")?;
        let postgres = Postgres::start(folder.path(), &Options::for_test()).await?;
        let shared = Self { postgres: Arc::new(postgres), folder };
        let ready = shared.prepare().await;
        if ready.is_err() {
            shared.folder.keep();
        }
        ready.map(|()| shared)
    }

    /// Migrates the template before the logins: it is the migrations that make their groups.
    async fn prepare(&self) -> Result<()> {
        self.postgres.migrate_template().await?;
        for (login, group) in configuration::LOGINS {
            self.postgres.create_login(login, group).await?;
        }
        Ok(())
    }
}
