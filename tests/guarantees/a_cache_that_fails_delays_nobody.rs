//! A cache that is gone, silent or locked is known to be: whoever asks it is told within his budget, and one refused
//! password is not remembered once the right one counts again.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use curbe_domain::money::Money;
use curbe_platform::credit::{Ask, CreditCache, Kind, Placed, Wanted};
use curbe_platform::redis::Link;
use curbe_tests::stack::{Stack, wait_until};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixture::SOON;

/// What one question may take while Redis says nothing, on a busy machine; much less than its connection takes to be
/// given up.
const SILENT: Duration = Duration::from_secs(2);
/// What one takes, as a rule, that is not even sent.
const AWAY: Duration = Duration::from_millis(50);
/// How soon a cache that is there again is used again.
const BACK: Duration = SOON;

struct Cache {
    stack: Stack,
    link: Link,
    credit: CreditCache,
    /// Dropped, it lets the link go.
    _ending: tokio_util::sync::DropGuard,
}

async fn open() -> Cache {
    let (stack, ending) = (Stack::for_test().await, CancellationToken::new());
    let link = Link::start(stack.redis_url(), ending.clone()).unwrap();
    link.connected().await;
    let credit = CreditCache::new(link.clone());
    Cache { stack, link, credit, _ending: ending.drop_guard() }
}

impl Cache {
    /// Asks for money of a wallet that nobody has loaded.
    async fn asks(&self) -> Result<(), String> {
        let ask = Ask {
            wallet_id: Uuid::nil(),
            hold: "call:twilio:CA1",
            kind: Kind::Preflight,
            purpose: "{}",
            wanted: Wanted::exactly(Money::MAX),
            now: OffsetDateTime::UNIX_EPOCH,
        };
        match self.credit.place(&ask).await {
            Ok(Placed::NotLoaded) => Ok(()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Nothing is known, and whoever asks is told so in time; at once as soon as the silence was noticed.
    async fn delays_nobody(&self) {
        let taken = RefCell::new(Vec::new());
        let failing = wait_until(SOON, "the failure to be noticed", async || {
            let begun = Instant::now();
            let answer = self.asks().await;
            let took = begun.elapsed();
            assert!(answer.is_err(), "answered");
            taken.borrow_mut().push(took);
            if self.link.connection().is_none() { Ok(()) } else { Err(took.as_millis()) }
        });
        failing.await;
        // A busy machine may have had no time for one of three itself.
        let taken = taken.into_inner();
        let late = taken.iter().filter(|took| **took >= SILENT).count();
        assert!(late <= (taken.len() / 3).max(1), "{taken:?}");
        let mut taken = Vec::new();
        for _ in 0..20 {
            let begun = Instant::now();
            assert!(self.asks().await.is_err());
            taken.push(begun.elapsed());
        }
        taken.sort_unstable();
        assert!(taken[taken.len() / 2] < AWAY, "{taken:?}");
    }

    async fn is_back(&self) {
        wait_until(BACK, "the cache to be used again", async || self.asks().await).await;
    }
}

#[tokio::test]
async fn that_is_gone() {
    let cache = open().await;
    cache.is_back().await;
    cache.stack.redis().process().kill();
    cache.delays_nobody().await;
    cache.stack.redis().restart().await.unwrap();
    cache.is_back().await;
}

#[tokio::test]
async fn that_says_nothing() {
    let cache = open().await;
    cache.stack.redis().process().freeze();
    cache.delays_nobody().await;
    cache.stack.redis().process().resume();
    cache.is_back().await;
}

#[tokio::test]
async fn that_refused_a_password() {
    let cache = open().await;
    let mut operator = cache.stack.redis_client().await.unwrap();
    let password = |password: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("requirepass").arg(password);
        set
    };
    password("another").query_async::<()>(&mut operator).await.unwrap();
    let mut cut = redis::cmd("CLIENT");
    cut.arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes");
    cut.query_async::<()>(&mut operator).await.unwrap();
    cache.delays_nobody().await;
    password("").query_async::<()>(&mut operator).await.unwrap();
    cache.is_back().await;
}
