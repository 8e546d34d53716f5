//! A stack whose links go through proxies, with people who call and people who watch.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cache_watch::CacheWatch;
use super::callers::{Call, Callers, Providers, held};
use super::fault::Fault;
use super::history::{Answered, History};
use super::links::Links;
use super::proxy::Proxy;
use super::screens::Screen;
use crate::demo::people::{self, People};
use crate::oracle::Rate;
use crate::simulator::send::Sender;
use crate::simulator::signers::Signers;
use crate::stack::directory::TestDirectory;
use crate::stack::environment::port_of;
use crate::stack::services::{Kind, Service};
use crate::stack::{Stack, StackOptions};

/// Small batches, so that whatever breaks hits several at different points.
const BATCH: (&str, &str) = ("WORKER_BATCH_MAX", "20");
/// Screens are compared at the end by the number of their last heartbeat.
const HEARTBEAT: (&str, &str) = ("NOTIFIER_HEARTBEAT", "1s");
/// Seeds of two labs' calls are as far apart as this.
const SEEDS_OF_A_LAB: u64 = 1 << 20;

/// Webhooks that are accepted before something breaks, and after it is put right.
const BETWEEN: usize = 30;

/// What a lab is to be like.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// What all chance comes from.
    pub seed: u64,
    /// How whoever wants to see the same again says so.
    pub again: String,
    /// Whether the database server is its own, and may be ended.
    pub own_database: bool,
    /// How many `ingest`, and how many `worker`.
    pub instances: (usize, usize),
    /// Where programs are looked for before the ordinary ones.
    pub binaries: Option<PathBuf>,
    /// How long nothing may move before the lab is taken to be stuck.
    pub patience: Duration,
}

impl LabOptions {
    /// One `ingest`, two `worker`, `notifier`, and a seed: that of the environment's `SEED`, else any.
    #[must_use]
    pub fn new(test: &str) -> Self {
        let seed = std::env::var_os("SEED").and_then(|seed| seed.to_str()?.parse().ok());
        let seed = seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
        Self::seeded(
            seed,
            format!("SEED={seed} cargo test --workspace --test guarantees -- {test}"),
        )
    }

    /// The same with this seed.
    #[must_use]
    pub fn seeded(seed: u64, again: String) -> Self {
        Self {
            seed,
            again,
            own_database: false,
            instances: (1, 2),
            binaries: None,
            patience: Duration::from_secs(60),
        }
    }
}

/// Dropped, everything in it ends.
pub struct Lab {
    pub(super) options: LabOptions,
    /// All of its chance but that of its calls.
    pub(super) rng: Mutex<StdRng>,
    /// Servers and services.
    pub stack: Stack,
    /// Between them.
    pub links: Links,
    /// Between the providers and `ingest`.
    pub clients: Proxy,
    pub(super) people: People,
    pub(super) providers: Providers,
    pub(super) screens: Vec<Screen>,
    pub(super) cache: CacheWatch,
    _folder: Option<TestDirectory>,
}

impl Lab {
    /// Opens it with everything running.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn open(options: LabOptions) -> Result<Self> {
        let lab = Self::without_workers(options).await?;
        for _ in 0..lab.options.instances.1 {
            lab.start(Kind::Worker, &[]).await?;
        }
        Ok(lab)
    }

    /// Opens it; what comes in waits in the queue until somebody starts a worker.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn without_workers(options: LabOptions) -> Result<Self> {
        let (stack, folder) = stack(&options).await?;
        people::import_rates(&stack).await?;
        by_the_second(&stack).await?;
        let people = People::settle_in(&stack).await?;
        let links = Links::lay(&stack).await?;
        for _ in 0..options.instances.0 {
            start(&stack, &links, Kind::Ingest, &[]).await?;
        }
        start(&stack, &links, Kind::Notifier, &[HEARTBEAT]).await?;
        let ports: Option<Vec<u16>> =
            stack.services_of(Kind::Ingest).iter().map(|one| port_of(one.url())).collect();
        let clients = Proxy::start(ports.context("the ports of ingest")?).await?;
        let sender = Sender::new(&clients.before(&stack.ingest_url())?)?;
        let providers = Providers {
            sender,
            signers: Signers::new(stack.secrets(), &stack.ingest_url()),
            customers: people.customers(),
            history: Arc::default(),
            seed: Arc::new(AtomicU64::new(options.seed.wrapping_mul(SEEDS_OF_A_LAB))),
        };
        Ok(Self {
            rng: Mutex::new(StdRng::seed_from_u64(options.seed)),
            options,
            links,
            clients,
            screens: screens(&stack, &people).await?,
            people,
            providers,
            cache: CacheWatch::start(stack.redis_url().to_owned(), stack.pool().clone()),
            stack,
            _folder: folder,
        })
    }

    /// Starts one more service behind the proxies; `more` is added to its environment.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&self, kind: Kind, more: &[(&str, &str)]) -> Result<Arc<Service>> {
        start(&self.stack, &self.links, kind, more).await
    }

    /// Lets calls end until it is told otherwise.
    #[must_use]
    pub fn callers(&self) -> Callers {
        Callers::start(&self.providers)
    }

    /// A call of somebody's that is over, of which nobody was told yet.
    #[must_use]
    pub fn call(&self) -> Call {
        self.providers.call(&mut held(&self.rng))
    }

    /// Tells this `ingest` of it; the lab remembers what it answered.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub async fn tell(&self, ingest_url: &str, call: &Call) -> Result<Answered> {
        Ok(self.providers.tell(&Sender::new(ingest_url)?, call).await)
    }

    /// Lets calls go on ending while one thing after another breaks for so long.
    ///
    /// # Errors
    /// Something does not come back, or webhooks are no longer accepted.
    pub async fn survives(&self, faults: &[Fault], outage: Duration) -> Result<()> {
        let callers = self.callers();
        for fault in faults {
            callers.accepted(BETWEEN).await?;
            self.strike(*fault, outage).await.with_context(|| fault.to_string())?;
        }
        callers.accepted(BETWEEN).await?;
        callers.finish().await
    }

    /// What was sent so far.
    pub fn history(&self) -> MutexGuard<'_, History> {
        held(&self.providers.history)
    }

    /// How many legs are settled.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn legs_settled(&self) -> Result<i64> {
        let settled = "select count(*) from call_legs where settled_at is not null";
        Ok(sqlx::query_scalar(settled).fetch_one(self.stack.pool()).await?)
    }
}

async fn stack(options: &LabOptions) -> Result<(Stack, Option<TestDirectory>)> {
    let (stack, folder) = if options.own_database {
        let folder = TestDirectory::new("lab")?;
        let mut own = StackOptions::new(folder.path().to_path_buf());
        own.durable = false;
        (Stack::start(own).await?, Some(folder))
    } else {
        (Stack::for_test().await, None)
    };
    match options.binaries.clone() {
        Some(binaries) => Ok((stack.with_binaries(binaries), folder)),
        None => Ok((stack, folder)),
    }
}

async fn start(
    stack: &Stack,
    links: &Links,
    kind: Kind,
    more: &[(&str, &str)],
) -> Result<Arc<Service>> {
    let mut environment = links.environment(kind);
    environment.extend((kind == Kind::Worker).then_some(BATCH));
    environment.extend(more);
    match kind {
        Kind::Ingest => stack.start_ingest(&environment).await,
        Kind::Worker => stack.start_worker(&environment).await,
        Kind::Notifier => stack.start_notifier(&environment).await,
    }
}

/// The admins of all organizations, who may see all of their wallets.
async fn screens(stack: &Stack, people: &People) -> Result<Vec<Screen>> {
    let mut screens = Vec::new();
    for (person, organization) in [
        (&people.ana, &people.acme),
        (&people.carla, &people.globex),
        (&people.dora, &people.initech),
    ] {
        let token = people::token(stack, person).await?;
        screens.push(Screen::open(stack.notifier_url(), token, organization.wallet));
    }
    Ok(screens)
}

/// Prefix, price of a minute and fee of the one rate that leads to parts of a unit.
const BY_THE_SECOND: [&str; 3] = ["1415", "0.0133", "0.0005"];

/// The price list of a lab, for the oracle.
pub(super) fn rates() -> Vec<Rate> {
    let [prefix, per_minute, fee] = BY_THE_SECOND;
    let mut rates = people::rates();
    rates.push(Rate::new(prefix, per_minute, fee).increments(1, 1));
    rates
}

async fn by_the_second(stack: &Stack) -> Result<()> {
    let insert = "insert into call_rates
        (prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds)
        values ($1, $2::text::numeric, $3::text::numeric, 1, 1)";
    let [prefix, per_minute, fee] = BY_THE_SECOND;
    let insert = sqlx::query(insert).bind(prefix).bind(per_minute).bind(fee);
    insert.execute(stack.pool()).await?;
    Ok(())
}
