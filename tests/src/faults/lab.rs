//! A stack whose links go through proxies, with people who call and people who watch.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cache_watch::CacheWatch;
use super::callers::Callers;
use super::history::{Answered, History};
use super::links::Links;
use super::options::LabOptions;
use super::price_list;
use super::providers::{Call, Providers, held};
use super::proxy::Proxy;
use super::screens::Screen;
use crate::demo::people::{self, People};
use crate::simulator::flow::Provider;
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

/// Who carries the calls of the one with little money: those who say how long each lasted. Telnyx does not, and its calls
/// may be charged for too long at first, and corrected.
const DEBTORS_CARRIERS: [Provider; 2] = [Provider::Twilio, Provider::SignalWire];

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
        price_list::import(&stack).await?;
        let people = People::settle_in(&stack).await?;
        let links = Links::lay(&stack).await?;
        for _ in 0..options.instances.0 {
            start(&stack, &links, Kind::Ingest, options.ingest).await?;
        }
        start(&stack, &links, Kind::Notifier, &[HEARTBEAT]).await?;
        let ports: Option<Vec<u16>> =
            stack.services_of(Kind::Ingest).iter().map(|one| port_of(one.url())).collect();
        let clients = Proxy::start(ports.context("the ports of ingest")?).await?;
        let sender = Sender::new(&clients.before(&stack.ingest_url())?)?;
        let seed = options.seed.wrapping_mul(SEEDS_OF_A_LAB);
        let providers = Providers {
            sender,
            signers: Signers::new(stack.secrets(), &stack.ingest_url()),
            customers: people.customers(),
            debtors: DEBTORS_CARRIERS.map(|by| people.initech.customer(&people.dora, by)).to_vec(),
            history: Arc::default(),
            seed: Arc::new(AtomicU64::new(seed)),
            seed_of_asking: Arc::new(AtomicU64::new(seed)),
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

    /// How long nothing may move from now on before it is taken to be stuck.
    pub fn set_patience(&mut self, patience: Duration) {
        self.options.patience = patience;
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
