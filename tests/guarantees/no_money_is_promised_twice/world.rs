//! One schedule's world: what is durable, the cache, the time, and everybody who is in the middle of something.

use std::collections::{BTreeMap, BTreeSet};

use curbe_platform::credit::CreditCache;
use curbe_platform::redis::Link;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use time::OffsetDateTime;
use uuid::Uuid;

use super::bank::{Bank, Leg, News, Wallet};
use super::loading::Load;
use super::preflight::Preflight;
use super::purchase::Purchase;
use super::schedule::KINDS;
use super::sweeping::Sweep;

/// What is left out of the protocol, to see that it is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    Nothing,
    Holds,
    /// Holds go by themselves.
    Permanence,
    SecondLook,
    /// A load does not wait for decisions of the epoch before.
    OrderOfLoad,
    /// What is an orphan goes before its wallet has moved.
    NewsOfOrphans,
}

/// Somebody who is in the middle of something, and may be paused there.
#[derive(Debug)]
pub(super) enum Actor {
    Preflight(Preflight),
    Purchase(Purchase),
    Load(Load),
    /// An announcement on its way.
    Telling(News),
    Sweep(Sweep),
}

pub(super) struct World {
    pub(super) cache: CreditCache,
    pub(super) link: Link,
    pub(super) bank: Bank,
    pub(super) rng: StdRng,
    pub(super) without: Without,
    /// In seconds.
    pub(super) now: i64,
    pub(super) actors: Vec<Actor>,
    /// Loads under way.
    pub(super) loads: BTreeSet<u64>,
    next_id: u64,
    pub(super) trace: Vec<String>,
    /// How often each kind of event happens.
    pub(super) tempers: [u32; KINDS],
    /// Whether something happened that a look at the cache is due after.
    pub(super) is_unseen: bool,
    /// Whether somebody may be let down: at the end of a schedule nobody is.
    pub(super) is_calm: bool,
}

impl World {
    pub(super) fn new(link: Link, seed: u64, without: Without) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let wallet = |rng: &mut StdRng| Wallet {
            id: Uuid::from_u128(rng.random()),
            balance: rng.random_range(1_000..30_000),
            version: 1,
        };
        let wallets = (0..rng.random_range(1..=2)).map(|_| wallet(&mut rng)).collect();
        let bank = Bank {
            rate: super::rate(),
            wallets,
            authorizations: BTreeMap::new(),
            legs: Vec::new(),
            queue: Vec::new(),
            granted: BTreeMap::new(),
        };
        Self {
            cache: CreditCache::new(link.clone()),
            link,
            bank,
            rng,
            without,
            now: 1_800_000_000,
            actors: Vec::new(),
            loads: BTreeSet::new(),
            next_id: 0,
            trace: Vec::new(),
            tempers: [1; KINDS],
            is_unseen: false,
            is_calm: false,
        }
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        !self.is_calm && self.rng.random_range(0..100) < percent
    }

    pub(super) fn any_wallet(&mut self) -> usize {
        self.rng.random_range(0..self.bank.wallets.len())
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn time(&self) -> OffsetDateTime {
        at(self.now)
    }

    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.trace.push(format!("{:>6} {}", self.now % 1_000_000, what.into()));
    }

    /// Sends an announcement on its way, or loses it.
    pub(super) fn tell(&mut self, news: News) {
        if self.chance(20) {
            self.note(format!("an announcement is lost: {:?}", news.dropped));
        } else {
            self.actors.push(Actor::Telling(news));
        }
    }

    pub(super) fn new_leg(&mut self) -> usize {
        let wallet = self.any_wallet();
        self.bank.legs.push(Leg {
            wallet,
            answered: None,
            until: i64::MAX,
            ended: None,
            settled: false,
        });
        self.bank.legs.len() - 1
    }

    /// One step of one of them.
    pub(super) async fn advance(&mut self, which: usize) {
        let next = match self.actors.swap_remove(which) {
            Actor::Preflight(one) => one.step(self).await.map(Actor::Preflight),
            Actor::Purchase(one) => one.step(self).await.map(Actor::Purchase),
            Actor::Load(one) => one.step(self).await.map(Actor::Load),
            Actor::Sweep(one) => one.step(self).await.map(Actor::Sweep),
            Actor::Telling(news) => {
                self.is_unseen = true;
                let told = self.cache.announce(&news.wallets, &[], &news.dropped).await;
                let states: Vec<_> = news.wallets.iter().map(|w| (w.version, w.balance)).collect();
                self.note(format!("announced: {states:?} {:?} {told:?}", news.dropped));
                None
            }
        };
        self.actors.extend(next);
    }
}

pub(super) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}
