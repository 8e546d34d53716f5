//! Purging the stream: only what every consumer has passed, from 72 h of age, or all of it once the stream is 80 % full.
//!
//! The stream's own `max_age` would forget events that nobody has processed, so the worker does it.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::pull::Config as ConsumerConfig;
use async_nats::jetstream::stream::Stream;
use curbe_platform::queue::{STREAM, topology};
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(60);
const KEPT_FOR: time::Duration = time::Duration::hours(72);
const FULL_PERCENT: u64 = 80;

/// Looks every minute until `shutdown`.
pub async fn run(context: Context, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(INTERVAL) => {}
        }
        match purge(&context, OffsetDateTime::now_utc()).await {
            Ok(0) => {}
            Ok(purged) => tracing::info!(purged, "stream purged of what is processed"),
            Err(error) => tracing::warn!(dependency = "nats", %error, "stream not purged"),
        }
    }
}

/// Where a consumer stands.
#[derive(Clone, Copy, Debug)]
struct Standing {
    ack_floor: u64,
    nothing_left: bool,
}

/// The highest sequence that every consumer has passed. A filtered consumer's floor does not move with the messages of
/// others, so one with nothing left, asked after `last` was read, has passed `last`.
fn passed_by_all(last: u64, consumers: &[Standing]) -> u64 {
    consumers
        .iter()
        .filter(|standing| standing.ack_floor < last && !standing.nothing_left)
        .map(|standing| standing.ack_floor)
        .min()
        .unwrap_or(last)
}

async fn purge(context: &Context, now: OffsetDateTime) -> anyhow::Result<u64> {
    let mut stream = context.get_stream(STREAM).await?;
    let info = stream.info().await?.clone();
    let (first, last) = (info.state.first_sequence, info.state.last_sequence);
    let mut consumers = Vec::new();
    for wanted in topology::CONSUMERS {
        let consumer = stream.get_consumer::<ConsumerConfig>(wanted.name).await;
        let consumer = consumer.map_err(|error| anyhow::anyhow!("{}: {error}", wanted.name))?;
        let info = consumer.cached_info();
        consumers.push(Standing {
            ack_floor: info.ack_floor.stream_sequence,
            nothing_left: info.num_pending == 0 && info.num_ack_pending == 0,
        });
    }
    let passed = passed_by_all(last, &consumers);
    let is_full = info.state.bytes >= full_from(info.config.max_bytes);
    let keep_from = if is_full {
        passed + 1
    } else {
        first_younger(&stream, first, passed, now - KEPT_FOR).await?
    };
    if keep_from <= first {
        return Ok(0);
    }
    Ok(stream.purge().sequence(keep_from).await?.purged)
}

/// From how many bytes on a stream of at most `bytes_max` is full: all of it that is passed is purged. Without a limit it
/// never is.
pub(crate) fn full_from(bytes_max: i64) -> u64 {
    u64::try_from(bytes_max).map_or(u64::MAX, |limit| limit / 100 * FULL_PERCENT)
}

/// The first sequence from `first` to `passed` that is younger than `at`, else `passed + 1`. Only the front of the
/// stream is ever purged, so its sequences have no holes and their times only grow.
pub(crate) async fn first_younger(
    stream: &Stream,
    first: u64,
    passed: u64,
    at: OffsetDateTime,
) -> anyhow::Result<u64> {
    let (mut low, mut high) = (first, passed + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let message = stream.get_raw_message(middle).await?;
        if message.time < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(ack_floor: u64, nothing_left: bool) -> Standing {
        Standing { ack_floor, nothing_left }
    }

    #[test]
    fn only_what_every_consumer_has_passed_may_go() {
        for (consumers, passed) in [
            (vec![standing(100, true), standing(0, true)], 100),
            (vec![standing(90, false), standing(0, true)], 90),
            (vec![standing(90, false), standing(40, false)], 40),
            (vec![standing(100, false), standing(0, true)], 100),
            (vec![standing(0, false), standing(100, true)], 0),
        ] {
            assert_eq!(passed_by_all(100, &consumers), passed, "{consumers:?}");
        }
    }
}
