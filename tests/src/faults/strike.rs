//! How something is broken, and put right again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::RngExt;
use rand::seq::IndexedRandom;
use tokio::time::sleep;

use super::fault::{Fault, Part};
use super::lab::Lab;
use super::links::Link;
use super::providers::held;
use super::proxy::{Snap, Trap};
use crate::stack::process::Process;
use crate::stack::server::Server;
use crate::stack::services::{Kind, Service};

/// Longer than a service may take to end.
const DRAIN: Duration = Duration::from_secs(30);
/// Something goes by all the time.
const SOON: Duration = Duration::from_secs(60);
/// A worker comes to a point so often before it dies there.
const TIMES_MAX: usize = 4;
/// A `COMMIT` of more than this has settled something.
const BYTES_OF_A_SETTLEMENT: usize = 2_000;

impl Lab {
    /// Breaks something for so long, and puts it right again.
    ///
    /// # Errors
    /// It does not come back.
    pub async fn strike(&self, fault: Fault, outage: Duration) -> Result<()> {
        match fault {
            Fault::Killed(kind) => {
                let service = self.any(kind)?;
                service.process().kill();
                sleep(outage).await;
                service.restart().await
            }
            Fault::Frozen(kind) => frozen(self.any(kind)?.process(), outage).await,
            Fault::Ended(kind) => ended(&*self.any(kind)?).await,
            Fault::Away(part) => {
                let server = self.server(part);
                server.process().end_at_once();
                sleep(outage).await;
                server.restart().await
            }
            Fault::Quiet(part) => frozen(self.server(part).process(), outage).await,
            Fault::Broken(link, mode) => {
                let proxy = self.links.proxy(link);
                proxy.set(mode);
                sleep(outage).await;
                proxy.heal();
                Ok(())
            }
            Fault::Unreachable(mode) => {
                self.clients.set(mode);
                sleep(outage).await;
                self.clients.heal();
                Ok(())
            }
            Fault::CommitReplyLost => {
                self.sprung(Link::WorkerDatabase, commit(), async || Ok(())).await
            }
            Fault::KilledInCommit => {
                self.sprung(Link::WorkerDatabase, commit(), async || self.kill_workers().await)
                    .await
            }
            Fault::KilledInAnnouncement => {
                let trap = Trap::on("EVALSHA", Snap::CutBefore).after("PUBLISH", 0);
                self.sprung(Link::WorkerCache, trap, async || self.kill_workers().await).await
            }
            Fault::KilledAt(point) => {
                let time = held(&self.rng).random_range(1..=TIMES_MAX);
                self.killed_at(Kind::Worker, point, time).await
            }
            Fault::CacheEmptied => {
                let mut connection = self.stack.redis_client().await?;
                Ok(redis::cmd("FLUSHALL").query_async(&mut connection).await?)
            }
            Fault::ConsumerDeleted => {
                let stream = self.queue().await?.get_stream("CURBE").await?;
                stream.delete_consumer("billing").await?;
                sleep(outage).await;
                let migrated = self.stack.curbe(&["migrate"]).await?;
                ensure!(migrated.status.success(), "curbe migrate: {migrated:?}");
                Ok(())
            }
        }
    }

    /// Sets a trap, does something as soon as it has snapped, and heals the link.
    async fn sprung<F>(&self, link: Link, trap: Trap, then: impl FnOnce() -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let proxy = self.links.proxy(link);
        proxy.set_trap(trap);
        proxy.snapped(SOON).await?;
        let done = then().await;
        proxy.heal();
        done
    }

    /// All that run, since nobody knows whose bytes went by, and starts them again.
    async fn kill_workers(&self) -> Result<()> {
        let workers = self.stack.services_of(Kind::Worker);
        let workers: Vec<_> =
            workers.iter().filter(|worker| worker.process().pid().is_some()).collect();
        for worker in &workers {
            worker.process().kill();
        }
        for link in [Link::WorkerDatabase, Link::WorkerCache] {
            self.links.proxy(link).heal();
        }
        for worker in workers {
            worker.restart().await?;
        }
        Ok(())
    }

    /// One of those that run.
    fn any(&self, kind: Kind) -> Result<Arc<Service>> {
        let mut services = self.stack.services_of(kind);
        services.retain(|service| service.process().pid().is_some());
        let chosen = services.choose(&mut *held(&self.rng)).cloned();
        chosen.with_context(|| format!("no {} runs", kind.program()))
    }

    /// The server behind a name.
    pub fn server(&self, part: Part) -> &Server {
        match part {
            Part::Queue => self.stack.nats(),
            Part::Cache => self.stack.redis(),
            Part::Database => self.stack.postgres().server(),
        }
    }
}

fn commit() -> Trap {
    Trap::on("COMMIT", Snap::LoseReply).after("BEGIN", BYTES_OF_A_SETTLEMENT)
}

async fn frozen(process: &Process, outage: Duration) -> Result<()> {
    process.freeze();
    sleep(outage).await;
    process.resume();
    Ok(())
}

async fn ended(service: &Service) -> Result<()> {
    service.process().terminate();
    let status = service.process().ended(DRAIN).await?;
    ensure!(
        status.is_none_or(|status| status.success()),
        "{} ended with {status:?}",
        service.process().name()
    );
    service.restart().await
}
