//! The cache is killed, frozen, emptied, restored from yesterday, given another password, or told the news too late.

use curbe_tests::faults::Lab;
use curbe_tests::faults::fault::{Fault, Part};
use curbe_tests::faults::proxy::{Mode, Proxy};
use curbe_tests::stack::services::Kind;
use curbe_tests::stack::wait_until;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use tokio::time::sleep;

use super::{OUTAGE, is_well, survives};
use crate::fixture::SOON;

async fn connection(lab: &Lab) -> MultiplexedConnection {
    lab.stack.redis_client().await.unwrap()
}

#[tokio::test]
async fn killed_frozen_or_emptied() {
    let lab = super::lab("killed_frozen_or_emptied").await;
    let faults = [Fault::Away(Part::Cache), Fault::Quiet(Part::Cache), Fault::CacheEmptied];
    survives(&lab, &faults).await;
    // With nothing that comes after it: what is missing is looked for.
    lab.strike(Fault::CacheEmptied, OUTAGE).await.unwrap();
    is_well(&lab).await;
}

#[tokio::test]
async fn restored_from_an_older_state() {
    let lab = super::lab("restored_from_an_older_state").await;
    lab.survives(&[], OUTAGE).await.unwrap();
    let () = cmd("SAVE").query_async(&mut connection(&lab).await).await.unwrap();
    lab.survives(&[], OUTAGE).await.unwrap();
    is_well(&lab).await;
    lab.stack.redis().process().kill();
    lab.stack.redis().restart().await.unwrap();
    let restored: i64 = cmd("DBSIZE").query_async(&mut connection(&lab).await).await.unwrap();
    assert!(restored > 0, "nothing was restored");
    survives(&lab, &[]).await;
}

#[tokio::test]
async fn with_another_password_for_a_while() {
    let lab = super::lab("with_another_password_for_a_while").await;
    let callers = lab.callers();
    callers.accepted(30).await.unwrap();
    let mut redis = connection(&lab).await;
    set_password(&mut redis, "other").await;
    let kill = ["KILL", "TYPE", "normal", "SKIPME", "yes"];
    let () = cmd("CLIENT").arg(&kill).query_async(&mut redis).await.unwrap();
    sleep(OUTAGE).await;
    callers.accepted(30).await.unwrap();
    // Nothing that comes later tells the cache what it was not told.
    callers.finish().await.unwrap();
    lab.all_is_settled().await.unwrap();
    set_password(&mut redis, "").await;
    is_well(&lab).await;
}

async fn set_password(redis: &mut MultiplexedConnection, password: &str) {
    let set = ["SET", "requirepass", password];
    let () = cmd("CONFIG").arg(&set).query_async(redis).await.unwrap();
}

/// One worker's news reach the cache when another one's, which are newer, are there already.
#[tokio::test]
async fn told_the_older_news_last() {
    let lab = super::lab("told_the_older_news_last").await;
    let direct = lab.stack.setting(Kind::Worker, "REDIS_URL").unwrap();
    let slow = Proxy::start(vec![lab.stack.redis().port()]).await.unwrap();
    lab.start(Kind::Worker, &[("REDIS_URL", &slow.before(&direct).unwrap())]).await.unwrap();
    let callers = lab.callers();
    callers.accepted(30).await.unwrap();
    slow.set(Mode::SilentToServer);
    is_behind(&lab).await;
    callers.accepted(60).await.unwrap();
    callers.finish().await.unwrap();
    is_well(&lab).await;

    let (before, told) = (versions(&lab).await, times_told(&lab).await);
    slow.heal();
    wait_until(SOON, "the older news", async || match times_told(&lab).await {
        now if now > told => Ok(()),
        now => Err(now),
    })
    .await;
    // At once: a sweep would put it right within seconds.
    assert_eq!(versions(&lab).await, before);
    is_well(&lab).await;
}

/// How often anything was published, as whoever moves a wallet forward does.
async fn times_told(lab: &Lab) -> u64 {
    let info = cmd("INFO").arg("commandstats").to_owned();
    let stats: String = info.query_async(&mut connection(lab).await).await.unwrap();
    let calls =
        |line: &str| line.strip_prefix("cmdstat_publish:calls=")?.split(',').next()?.parse().ok();
    stats.lines().find_map(calls).unwrap_or_default()
}

/// Waits until the worker behind the slow link has something to tell that waits.
async fn is_behind(lab: &Lab) {
    let workers = lab.stack.services_of(Kind::Worker);
    let slow = workers.last().unwrap();
    let missed = slow.process().log().matches("not announced").count();
    wait_until(SOON, "news that come too late", async || {
        match slow.process().log().matches("not announced").count() {
            now if now > missed => Ok(()),
            now => Err(now),
        }
    })
    .await;
}

async fn versions(lab: &Lab) -> Vec<Option<i64>> {
    let mut redis = connection(lab).await;
    let wallets: Vec<uuid::Uuid> = sqlx::query_scalar("select id from wallets order by id")
        .fetch_all(lab.stack.pool())
        .await
        .unwrap();
    let mut versions = Vec::new();
    for wallet in wallets {
        let mut get = cmd("HGET");
        let get = get.arg(format!("wallet:{wallet}")).arg("version");
        versions.push(get.query_async(&mut redis).await.unwrap());
    }
    versions
}
