//! Looks after the queue from outside the requests: whether it can be reached, and whether it still keeps events; and
//! whether the spool takes those that it does not, or, where each goes there first, whether it takes any.

use std::time::Duration;

use curbe_platform::probes::{Phase, Readiness};
use tokio::time::{Instant, interval_at};

use crate::durability::Durability;
use crate::publisher::{Fill, Publisher};
use crate::spool::Spool;

/// How often the connection is looked at, and a stream that may be full soon.
const INTERVAL: Duration = Duration::from_millis(100);
/// How often any other stream is: somebody may change it under a lasting connection, and it fills.
const RENEWAL: Duration = Duration::from_secs(1);

/// How long a process that begins waits for the queue before the spool alone makes it ready.
const PATIENCE: Duration = Duration::from_secs(3);

/// The last verification.
#[derive(Clone, Debug)]
struct Verified {
    connects: u64,
    at: Instant,
    /// How full the queue is, or why it takes no events.
    found: Result<Fill, String>,
}

impl Verified {
    fn is_due(&self, connects: u64) -> bool {
        let lasts = if self.found == Ok(Fill::High) { INTERVAL } else { RENEWAL };
        self.connects != connects || self.at.elapsed() >= lasts
    }
}

/// Keeps readiness true to what can be taken, for ever.
pub(crate) async fn watch(
    publisher: Publisher,
    spool: Spool,
    durability: Durability,
    readiness: Readiness,
) {
    let begun = Instant::now();
    // The first look comes late enough for the first connection to be there.
    let mut timer = interval_at(Instant::now() + INTERVAL, INTERVAL);
    let mut was_ready = false;
    let mut is_known_up = None;
    let mut last: Option<Verified> = None;
    loop {
        timer.tick().await;
        let is_up = publisher.is_connected();
        if is_known_up != Some(is_up) {
            readiness.set_dependency("nats", is_up);
            is_known_up = Some(is_up);
        }
        let connects = publisher.connects();
        if is_up && last.as_ref().is_none_or(|verified| verified.is_due(connects)) {
            let found = publisher.verify().await.map_err(|doubt| doubt.to_string());
            tell(last.and_then(|verified| verified.found.err()), found.as_ref().err());
            last = Some(Verified { connects, at: Instant::now(), found });
        }
        let queue = is_up && last.as_ref().is_some_and(|verified| verified.found.is_ok());
        let is_patient = !was_ready && begun.elapsed() < PATIENCE;
        spool.look_again().await;
        let takes_events = takes_events(durability, queue, spool.takes_events(), is_patient);
        was_ready |= takes_events;
        readiness.enter(phase(takes_events, was_ready));
    }
}

/// Whether an event would be taken by what it must be durable on.
fn takes_events(durability: Durability, queue: bool, spool: bool, is_patient: bool) -> bool {
    match durability {
        Durability::Queue => queue || (spool && !is_patient),
        Durability::Disk => spool,
    }
}

/// One line a change, not one a look.
fn tell(before: Option<String>, doubt: Option<&String>) {
    if let Some(error) = doubt.filter(|_| doubt != before.as_ref()) {
        tracing::error!(error, "the queue takes no events");
    }
}

fn phase(takes_events: bool, was_ready: bool) -> Phase {
    match (takes_events, was_ready) {
        (true, _) => Phase::Ready,
        (false, true) => Phase::Unavailable,
        (false, false) => Phase::Starting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_must_take_events() {
        for is_patient in [false, true] {
            assert!(takes_events(Durability::Queue, true, false, is_patient));
            assert_eq!(takes_events(Durability::Queue, false, true, is_patient), !is_patient);
            assert!(!takes_events(Durability::Queue, false, false, is_patient));
            for queue in [false, true] {
                assert!(!takes_events(Durability::Disk, queue, false, is_patient));
                assert!(takes_events(Durability::Disk, queue, true, is_patient));
            }
        }
    }

    #[test]
    fn only_what_takes_events_makes_ready() {
        assert_eq!(phase(false, false), Phase::Starting);
        assert_eq!(phase(true, true), Phase::Ready);
        assert_eq!(phase(false, true), Phase::Unavailable);
    }

    #[test]
    fn a_queue_is_looked_at_again_when_there_is_reason_to() {
        let good = Verified { connects: 1, at: Instant::now(), found: Ok(Fill::Low) };
        assert!(!good.is_due(1));
        assert!(good.is_due(2), "another server may answer");
        let earlier = |age| Instant::now().checked_sub(age).unwrap();
        assert!(!Verified { at: earlier(INTERVAL), ..good.clone() }.is_due(1));
        assert!(Verified { at: earlier(RENEWAL), ..good.clone() }.is_due(1));
        let filling = Verified { at: earlier(INTERVAL), found: Ok(Fill::High), ..good };
        assert!(filling.is_due(1), "it may be full before long");
    }
}
