//! What a room reads from Postgres. A failed reading is repeated until it succeeds or nobody waits for it any more; all
//! rooms together take no more than their share of the connections.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use metrics::counter;
use tokio::time::sleep;
use uuid::Uuid;

use crate::measures;
use crate::store::{Addressed, Error, Span, Store, Wallet};

/// How long a missing frame may still come by itself: frames of two workers cross each other on their way.
pub(super) const GRACE: Duration = Duration::from_millis(10);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// So many looks for rows that must be there.
const LOOKS_MAX: usize = 5;

/// What was read of a span.
pub(super) enum ReadBack {
    /// All of it.
    Frames(Span, Vec<Addressed>),
    /// Numbers in it have no row, however often one looks; the wallet has come this far.
    Absent(Span, i64),
    /// Only how far the wallet has come.
    Standing(i64),
}

/// The wallet, not older than `at_least`; `None` if there is none.
pub(super) async fn snapshot(store: Store, wallet_id: Uuid, at_least: i64) -> Option<Wallet> {
    let mut looks = 0;
    let mut pauses = pauses();
    loop {
        let result = {
            let _leave = store.in_background().await;
            store.wallet(wallet_id).await
        };
        match result {
            // A standby may be behind what Redis has told already.
            Ok(Some(wallet)) if wallet.seq < at_least && looks < LOOKS_MAX => looks += 1,
            Ok(wallet) => return wallet,
            Err(error) => failed(wallet_id, &error),
        }
        sleep(pauses.next().unwrap_or(PAUSE_MAX)).await;
    }
}

/// The frames of the span.
pub(super) async fn read_back(store: Store, span: Span) -> ReadBack {
    let mut looks = 0;
    let mut pauses = pauses();
    loop {
        counter!(measures::GAP_READS).increment(1);
        let result = {
            let _leave = store.in_background().await;
            store.frames(span).await
        };
        match result {
            Ok(frames) => return ReadBack::Frames(span, frames),
            Err(Error::Incomplete { .. }) if looks >= LOOKS_MAX => {
                return ReadBack::Absent(span, standing(store, span.wallet_id).await);
            }
            Err(error) => {
                looks += usize::from(matches!(error, Error::Incomplete { .. }));
                failed(span.wallet_id, &error);
            }
        }
        sleep(pauses.next().unwrap_or(PAUSE_MAX)).await;
    }
}

/// How far the wallet has come.
pub(super) async fn standing(store: Store, wallet_id: Uuid) -> i64 {
    let wallet = snapshot(store, wallet_id, 0).await;
    wallet.map_or(0, |wallet| wallet.seq)
}

fn failed(wallet_id: Uuid, error: &Error) {
    counter!(measures::GAP_READS_FAILED).increment(1);
    tracing::warn!(wallet = %wallet_id, %error, "reading for sockets failed; it is repeated");
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(PAUSE_MIN)
        .with_max_delay(PAUSE_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}
