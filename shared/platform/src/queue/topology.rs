//! The stream and its consumers: what they must be, made by `curbe migrate`, and verified by every service.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::pull::Config as ConsumerConfig;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, FromConsumer};
use async_nats::jetstream::stream::{
    Config as StreamConfig, DiscardPolicy, RetentionPolicy, StorageType,
};

use super::STREAM;

/// How long a delivered message may go without an answer. Above every timeout of the database.
pub const ACK_WAIT: Duration = Duration::from_secs(15);
/// Far above batch times lanes of all workers together.
const ACK_PENDING_MAX: i64 = 20_000;
/// How long the server remembers message ids. They live in its memory.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// The largest webhook with its headers.
const MESSAGE_BYTES_MAX: i32 = 128 * 1024;

/// A consumer and the subjects it reads: holds never wait behind hangups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerName {
    /// Durable name.
    pub name: &'static str,
    /// Its one filter: 2.9 drops a list of filters silently and would deliver everything.
    pub subjects: &'static str,
}

/// Hangups, recordings and whatever else providers tell of calls.
pub const BILLING: ConsumerName = ConsumerName { name: "billing", subjects: "voice.>" };
/// Calls that were allowed or refused.
pub const CREDIT: ConsumerName = ConsumerName { name: "credit", subjects: "credit.>" };
/// The payment gateway's events.
pub const PAYMENTS: ConsumerName = ConsumerName { name: "payments", subjects: "payments.>" };
/// All of them.
pub const CONSUMERS: [ConsumerName; 3] = [BILLING, CREDIT, PAYMENTS];

/// Why the queue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The server did not answer, or there is no such stream or consumer.
    #[error("the queue does not answer for {what}: {reason}")]
    Unavailable {
        /// Stream or consumer.
        what: String,
        /// The server's words.
        reason: String,
    },
    /// It is there, but used like this it would lose money.
    #[error("{what} would lose events: {} (run `curbe migrate`)", differences.join("; "))]
    Unsafe {
        /// Stream or consumer.
        what: String,
        /// What is wrong with it.
        differences: Vec<String>,
    },
}

fn unavailable(what: &str) -> impl FnOnce(String) -> TopologyError {
    let what = what.to_owned();
    move |reason| TopologyError::Unavailable { what, reason }
}

/// Creates or updates stream and consumers. Run twice, it changes nothing.
///
/// # Errors
/// [`TopologyError`] when the server refuses, or keeps something that would lose events.
pub async fn apply(
    context: &Context,
    bytes_max: i64,
    replicas: usize,
) -> Result<(), TopologyError> {
    let wanted = stream_config(bytes_max, replicas);
    let failed = unavailable(STREAM);
    match context.get_stream(STREAM).await {
        Ok(_) => {
            context.update_stream(&wanted).await.map(drop).map_err(|e| failed(e.to_string()))?
        }
        Err(_) => {
            context.create_stream(wanted).await.map(drop).map_err(|e| failed(e.to_string()))?
        }
    }
    for consumer in CONSUMERS {
        context
            .create_consumer_on_stream(consumer_config(consumer, replicas), STREAM)
            .await
            .map_err(|e| unavailable(consumer.name)(e.to_string()))?;
    }
    verify(context).await
}

/// Reads back what the server really holds: old servers accept settings and drop them.
///
/// # Errors
/// [`TopologyError::Unavailable`] while the queue cannot be asked, [`TopologyError::Unsafe`] when it would lose events.
pub async fn verify(context: &Context) -> Result<(), TopologyError> {
    let stream =
        context.get_stream(STREAM).await.map_err(|e| unavailable(STREAM)(e.to_string()))?;
    refuse(STREAM, stream_differences(&stream.cached_info().config))?;
    for wanted in CONSUMERS {
        let consumer = stream
            .get_consumer::<ConsumerConfig>(wanted.name)
            .await
            .map_err(|e| unavailable(wanted.name)(e.to_string()))?;
        let found = ConsumerConfig::try_from_consumer_config(consumer.cached_info().config.clone())
            .map_err(|e| unavailable(wanted.name)(e.to_string()))?;
        refuse(wanted.name, consumer_differences(wanted, &found))?;
    }
    Ok(())
}

fn refuse(what: &str, differences: Vec<String>) -> Result<(), TopologyError> {
    if differences.is_empty() {
        return Ok(());
    }
    Err(TopologyError::Unsafe { what: what.to_owned(), differences })
}

fn stream_config(bytes_max: i64, replicas: usize) -> StreamConfig {
    StreamConfig {
        name: STREAM.to_owned(),
        subjects: CONSUMERS.iter().map(|consumer| consumer.subjects.to_owned()).collect(),
        storage: StorageType::File,
        // Kept after they were acked, so that they can be sent through again; the worker purges by age.
        retention: RetentionPolicy::Limits,
        // A full stream refuses new events instead of forgetting old ones.
        discard: DiscardPolicy::New,
        max_bytes: bytes_max,
        max_message_size: MESSAGE_BYTES_MAX,
        duplicate_window: DUPLICATE_WINDOW,
        num_replicas: replicas,
        deny_delete: true,
        ..StreamConfig::default()
    }
}

fn consumer_config(consumer: ConsumerName, replicas: usize) -> ConsumerConfig {
    ConsumerConfig {
        durable_name: Some(consumer.name.to_owned()),
        filter_subject: consumer.subjects.to_owned(),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        // The worker decides what is given up; the server never does.
        max_deliver: -1,
        max_ack_pending: ACK_PENDING_MAX,
        num_replicas: replicas,
        ..ConsumerConfig::default()
    }
}

/// What about the stream would lose events. Things that a newer release added are not looked at.
fn stream_differences(found: &StreamConfig) -> Vec<String> {
    let mut differences = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            differences.push(what.to_owned());
        }
    };
    must(found.storage == StorageType::File, "storage is not file");
    must(found.retention == RetentionPolicy::Limits, "retention is not limits");
    must(
        found.discard == DiscardPolicy::New,
        "discard is not new: a full stream would forget old events",
    );
    must(found.max_age.is_zero(), "max_age forgets events that nobody has processed");
    must(found.max_messages <= 0, "max_msgs refuses or forgets events");
    must(found.max_messages_per_subject <= 0, "max_msgs_per_subject forgets events");
    must(found.max_bytes > 0, "max_bytes is not set: the disk would fill up");
    must(!found.no_ack, "no_ack is set: nothing would be known to be durable");
    must(!found.sealed, "the stream is sealed");
    for wanted in CONSUMERS {
        let has = found.subjects.iter().any(|subject| subject == wanted.subjects);
        must(has, &format!("subject {} is missing", wanted.subjects));
    }
    differences
}

fn consumer_differences(wanted: ConsumerName, found: &ConsumerConfig) -> Vec<String> {
    let mut differences = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            differences.push(what.to_owned());
        }
    };
    must(found.filter_subject == wanted.subjects, "filter_subject is another");
    must(found.ack_policy == AckPolicy::Explicit, "ack_policy is not explicit");
    must(found.max_deliver <= 0, "max_deliver gives events up");
    must(found.ack_wait >= ACK_WAIT, "ack_wait is shorter than the database's timeouts");
    must(
        found.max_ack_pending <= 0 || found.max_ack_pending >= 1_000,
        "max_ack_pending is too small",
    );
    must(found.deliver_policy == DeliverPolicy::All, "deliver_policy skips events");
    must(!found.headers_only, "headers_only drops the provider's bytes");
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_migrate_makes_is_safe() {
        assert_eq!(stream_differences(&stream_config(1 << 30, 1)), Vec::<String>::new());
        for consumer in CONSUMERS {
            let config = consumer_config(consumer, 1);
            assert_eq!(consumer_differences(consumer, &config), Vec::<String>::new());
        }
    }

    #[test]
    fn what_would_lose_events_is_refused() {
        let stream = |change: fn(&mut StreamConfig)| {
            let mut config = stream_config(1 << 30, 1);
            change(&mut config);
            stream_differences(&config).len()
        };
        assert_eq!(stream(|c| c.max_age = Duration::from_secs(1)), 1);
        assert_eq!(stream(|c| c.discard = DiscardPolicy::Old), 1);
        assert_eq!(stream(|c| c.retention = RetentionPolicy::WorkQueue), 1);
        assert_eq!(stream(|c| c.storage = StorageType::Memory), 1);
        assert_eq!(stream(|c| c.subjects = vec!["voice.>".to_owned()]), 2);
        assert_eq!(stream(|c| c.subjects.push("new.release.>".to_owned())), 0);

        let consumer = |change: fn(&mut ConsumerConfig)| {
            let mut config = consumer_config(BILLING, 1);
            change(&mut config);
            consumer_differences(BILLING, &config).len()
        };
        assert_eq!(consumer(|c| c.filter_subject = String::new()), 1);
        assert_eq!(consumer(|c| c.max_deliver = 5), 1);
        assert_eq!(consumer(|c| c.ack_policy = AckPolicy::None), 1);
        assert_eq!(consumer(|c| c.ack_wait = Duration::from_secs(1)), 1);
    }
}
