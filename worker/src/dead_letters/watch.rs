//! What of the dead letters is measured: how many are open and for which reason, how old the oldest is, and how many were
//! decided about. Read from the database, where operators' own programs write too.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Reason;
use crate::store::dead_letters::{Decision, Standing, standing};
use crate::store::transaction;

/// Letters wait for people: a minute more is nothing to them, and counting a million is something to the database.
const INTERVAL: Duration = Duration::from_secs(60);

/// Measures until `shutdown`.
pub async fn run(pool: PgPool, shutdown: CancellationToken) {
    loop {
        match transaction::run(&pool, |tx| Box::pin(standing(tx))).await {
            Ok(standing) => tell(&standing, OffsetDateTime::now_utc()),
            Err(error) => tracing::warn!(%error, "dead letters are not counted"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(INTERVAL) => {}
        }
    }
}

fn tell(standing: &Standing, now: OffsetDateTime) {
    let found = |rows: &[(String, i64)], name: &str| {
        rows.iter().find(|(row, _)| row == name).map_or(0, |(_, letters)| *letters)
    };
    // Each reason, so that a series which comes to nothing says so.
    for reason in Reason::ALL.map(Reason::as_str) {
        let open = u32::try_from(found(&standing.open, reason)).unwrap_or(u32::MAX);
        metrics::gauge!("curbe_dead_letters_open", "reason" => reason).set(open);
    }
    let age = standing.oldest.map_or(0, |oldest| (now - oldest).whole_seconds());
    let age = u32::try_from(age.max(0)).unwrap_or(u32::MAX);
    metrics::gauge!("curbe_dead_letters_oldest_age_seconds").set(age);
    for decision in [Decision::Replayed, Decision::Discarded, Decision::Accepted] {
        let decided = found(&standing.decided, decision.as_str()).unsigned_abs();
        let decision = decision.as_str();
        metrics::counter!("curbe_dead_letters_decided_total", "decision" => decision)
            .absolute(decided);
    }
}
