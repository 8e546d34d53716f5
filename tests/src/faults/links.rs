//! The links of a stack, each through a proxy of its own.

use anyhow::{Context, Result};

use super::proxy::Proxy;
use crate::stack::Stack;
use crate::stack::environment::port_of;
use crate::stack::services::Kind;

/// A link between a service, all its instances together, and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `ingest` publishes.
    IngestQueue,
    /// `ingest` looks up, and sets aside.
    IngestCache,
    /// `worker` takes and acknowledges.
    WorkerQueue,
    /// `worker` moves money.
    WorkerDatabase,
    /// `worker` tells of it.
    WorkerCache,
    /// `notifier` listens.
    NotifierCache,
    /// `notifier` reads.
    NotifierDatabase,
}

impl Link {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::IngestQueue,
        Self::IngestCache,
        Self::WorkerQueue,
        Self::WorkerDatabase,
        Self::WorkerCache,
        Self::NotifierCache,
        Self::NotifierDatabase,
    ];

    /// Who connects, and the variable that tells it where to.
    fn end(self) -> (Kind, &'static str) {
        match self {
            Self::IngestQueue => (Kind::Ingest, "NATS_URL"),
            Self::IngestCache => (Kind::Ingest, "REDIS_URL"),
            Self::WorkerQueue => (Kind::Worker, "NATS_URL"),
            Self::WorkerDatabase => (Kind::Worker, "DATABASE_URL"),
            Self::WorkerCache => (Kind::Worker, "REDIS_URL"),
            Self::NotifierCache => (Kind::Notifier, "REDIS_URL"),
            Self::NotifierDatabase => (Kind::Notifier, "DATABASE_URL"),
        }
    }
}

/// All proxies before the servers of a stack.
#[derive(Debug)]
pub struct Links(Vec<(Link, Proxy, String)>);

impl Links {
    /// Through which everything passes until it is told otherwise.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn lay(stack: &Stack) -> Result<Self> {
        let mut links = Vec::new();
        for link in Link::ALL {
            let (kind, variable) = link.end();
            let direct = stack.setting(kind, variable)?;
            let proxy = Proxy::start(vec![port_of(&direct).context("a port")?]).await?;
            let url = proxy.before(&direct)?;
            links.push((link, proxy, url));
        }
        Ok(Self(links))
    }

    /// The proxy of a link.
    ///
    /// # Panics
    /// Never: every link has one.
    #[must_use]
    pub fn proxy(&self, link: Link) -> &Proxy {
        let found = self.0.iter().find(|(its, ..)| *its == link);
        &found.expect("every link has a proxy").1
    }

    /// What a service is told, so that it goes this way.
    #[must_use]
    pub fn environment(&self, kind: Kind) -> Vec<(&'static str, &str)> {
        let of_kind = self.0.iter().filter(|(link, ..)| link.end().0 == kind);
        of_kind.map(|(link, _, url)| (link.end().1, url.as_str())).collect()
    }
}
