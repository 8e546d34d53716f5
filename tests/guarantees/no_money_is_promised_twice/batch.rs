//! Schedules that share one Redis, a step of each at a time: what happens to the server happens to all of them.

use std::time::{Duration, Instant};

use curbe_platform::credit::CreditCache;
use curbe_platform::redis::Link;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::redis::start;
use curbe_tests::stack::server::{Options, Server};
use curbe_tests::stack::wait_until;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;

use super::schedule;
use super::world::{Without, World};

/// Schedules of a batch.
const SCHEDULES: usize = 100;
const STEPS: usize = 40;
pub(super) const SOON: Duration = Duration::from_secs(60);

/// A Redis of its own.
pub(super) struct Ground {
    server: Server,
    link: Link,
    _folder: TestDirectory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Faults {
    /// The cache is emptied, or its epoch ends.
    Quick,
    /// The server is killed, and another one begins after a while.
    Restart,
}

impl Ground {
    pub(super) async fn new() -> Self {
        let folder = TestDirectory::new("schedules").unwrap();
        let server = start(folder.path(), &Options::for_test()).await.unwrap();
        let link = Link::start(server.url(), CancellationToken::new()).unwrap();
        link.connected().await;
        Self { server, link, _folder: folder }
    }

    /// The first failure in so many batches, which begin with this seed.
    pub(super) async fn first_failure(
        &self,
        first: u64,
        batches: u64,
        without: Without,
        faults: Faults,
    ) -> Option<String> {
        let begun = Instant::now();
        for seed in first..first + batches {
            if let Err(failure) = self.run(seed, without, faults).await {
                println!("without {without:?}: batch {} fails", seed - first + 1);
                return Some(failure);
            }
        }
        println!("{batches} batches in {:?}", begun.elapsed());
        None
    }

    /// Runs a batch. What it says is everything that happened in the schedule that failed, and why it did.
    async fn run(&self, seed: u64, without: Without, faults: Faults) -> Result<(), String> {
        let mut rng = StdRng::seed_from_u64(seed);
        let world = |_| World::new(self.link.clone(), rng.random(), without);
        let mut worlds: Vec<World> = (0..SCHEDULES).map(world).collect();
        self.empty().await;
        join_all(worlds.iter_mut().map(schedule::begin)).await;
        // A restart takes seconds: there is one.
        let (often, at) = match faults {
            Faults::Quick => (rng.random_range(2..=12), STEPS),
            Faults::Restart => (0, rng.random_range(0..STEPS)),
        };
        let mut away = 0;
        for step in 0..STEPS {
            match away {
                0 if step == at || rng.random_range(0..100) < often => {
                    away = self.fault(&mut worlds, &mut rng, faults).await;
                }
                0 => {}
                1 => away = self.comes_back().await,
                _ => away -= 1,
            }
            let ended = join_all(worlds.iter_mut().map(schedule::go_on)).await;
            judge(seed, &worlds, ended)?;
        }
        if away > 0 {
            self.comes_back().await;
        }
        let ended = join_all(worlds.iter_mut().map(schedule::come_to_rest)).await;
        judge(seed, &worlds, ended)
    }

    pub(super) fn cache(&self) -> CreditCache {
        CreditCache::new(self.link.clone())
    }

    pub(super) async fn empty(&self) {
        let flush = || async {
            let mut connection = self.link.connection().ok_or("no connection")?;
            let flushed = redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await;
            flushed.map_err(|_| "no answer")
        };
        wait_until(SOON, "an empty cache", flush).await;
    }

    /// Does something to the server. Returns for how many steps it is away.
    async fn fault(&self, worlds: &mut [World], rng: &mut StdRng, faults: Faults) -> usize {
        let (what, away) = match faults {
            Faults::Quick if rng.random_range(0..3) == 0 => {
                wait_until(SOON, "another epoch", || worlds[0].cache.end_epoch()).await;
                ("the epoch ends", 0)
            }
            Faults::Quick => {
                self.empty().await;
                ("the cache is emptied", 0)
            }
            Faults::Restart => {
                self.server.process().kill();
                ("the server is killed", 2)
            }
        };
        worlds.iter_mut().for_each(|world| world.note(what));
        away
    }

    async fn comes_back(&self) -> usize {
        let before = self.link.generation();
        self.server.restart().await.unwrap();
        let is_new = || async { (self.link.generation() > before).then_some(()).ok_or("none yet") };
        wait_until(SOON, "a new connection", is_new).await;
        0
    }
}

fn judge(seed: u64, worlds: &[World], ended: Vec<Result<(), String>>) -> Result<(), String> {
    for (world, ended) in worlds.iter().zip(ended) {
        ended.map_err(|why| format!("SEED={seed} BATCHES=1\n{}\n{why}", world.trace.join("\n")))?;
    }
    Ok(())
}
