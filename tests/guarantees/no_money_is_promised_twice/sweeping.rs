//! What the worker repeats by itself, step by step: wallets that are behind, holds with nothing behind them, and what is
//! overdue.

use curbe_platform::credit::WalletState;
use uuid::Uuid;

use super::bank::News;
use super::world::{Actor, Without, World, at};

/// Longer than a decision takes from the hold to the queue, as in `worker/src/credit/overdue.rs`.
const UNSEEN: i64 = 120;
/// Those of all schedules that share the cache.
pub(super) const LOOKED_AT: isize = 100_000;

/// Names of holds, each with its wallet.
type Holds = Vec<(Uuid, String)>;

#[derive(Debug)]
pub(super) enum Sweep {
    /// The wallets as they were read.
    Wallets(Option<Vec<WalletState>>),
    Orphans(Orphans),
    Overdue,
}

/// Holds that nobody has looked at for long.
#[derive(Debug)]
pub(super) struct Orphans {
    until: i64,
    found: Holds,
    /// How far the queue was.
    end: Option<usize>,
    /// Those that are open, and the wallets as they were then.
    read: Option<(Holds, Vec<WalletState>)>,
}

impl Sweep {
    pub(super) fn wallets(world: &mut World) {
        world.actors.push(Actor::Sweep(Self::Wallets(None)));
    }

    pub(super) async fn orphans(world: &mut World) {
        let until = world.now - UNSEEN;
        let found = world.cache.holds_not_seen_since(at(until), LOOKED_AT).await;
        let mut found = found.unwrap_or_default();
        found.retain(|(id, _)| world.bank.wallets.iter().any(|wallet| wallet.id == *id));
        if !found.is_empty() {
            world.note(format!("orphans looked for among {found:?}"));
            let orphans = Orphans { until, found, end: None, read: None };
            world.actors.push(Actor::Sweep(Self::Orphans(orphans)));
        }
    }

    pub(super) fn overdue(world: &mut World) {
        world.actors.push(Actor::Sweep(Self::Overdue));
    }

    pub(super) async fn step(self, world: &mut World) -> Option<Self> {
        match self {
            Self::Wallets(None) => {
                let all = 0..world.bank.wallets.len();
                Some(Self::Wallets(Some(all.map(|one| world.bank.state(one)).collect())))
            }
            Self::Wallets(Some(states)) => refresh(states, world).await,
            Self::Orphans(orphans) => orphans.step(world).await.map(Self::Orphans),
            Self::Overdue => {
                let now = world.now;
                let news = world.bank.expire(now)?;
                world.note(format!("overdue: {:?}", news.dropped));
                if !news.wallets.is_empty() {
                    world.tell(news);
                }
                None
            }
        }
    }
}

async fn refresh(states: Vec<WalletState>, world: &mut World) -> Option<Sweep> {
    let ids: Vec<Uuid> = states.iter().map(|state| state.wallet_id).collect();
    let cached = world.cache.versions(&ids).await.ok()?;
    let behind = states.into_iter().zip(cached);
    let behind = behind.filter(|(state, cached)| cached.is_none_or(|known| known < state.version));
    let wallets: Vec<WalletState> = behind.map(|(state, _)| state).collect();
    if !wallets.is_empty() {
        world.actors.push(Actor::Telling(News { wallets, dropped: Vec::new() }));
    }
    None
}

impl Orphans {
    async fn step(mut self, world: &mut World) -> Option<Self> {
        let Some(end) = self.end else {
            self.end = Some(world.bank.queue.len());
            return Some(self);
        };
        let Some((open, wallets)) = self.read else {
            // It is tried again later otherwise.
            return world
                .bank
                .has_passed(end)
                .then(|| Self { read: Some(self.read(world)), ..self });
        };
        world.is_unseen = true;
        world.cache.holds_seen(&open, world.time()).await.ok();
        if world.without != Without::NewsOfOrphans {
            world.cache.announce(&wallets, &[], &[]).await.ok()?;
        }
        for (id, hold) in self.found.into_iter().filter(|one| !open.contains(one)) {
            let dropped = world.cache.drop_hold(id, &hold, at(self.until)).await;
            world.note(format!("orphan {hold}: dropped {dropped:?}"));
        }
        None
    }

    fn read(&self, world: &World) -> (Holds, Vec<WalletState>) {
        let is_open = |(id, hold): &&(Uuid, String)| {
            let of = world.bank.wallets.iter().position(|wallet| wallet.id == *id);
            of.is_some_and(|wallet| world.bank.is_open(wallet, hold))
        };
        let wallets = (0..world.bank.wallets.len()).map(|wallet| world.bank.state(wallet));
        (self.found.iter().filter(is_open).cloned().collect(), wallets.collect())
    }
}
