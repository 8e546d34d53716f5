//! How far the workers have come with what was sent.

use std::time::Duration;

use async_nats::jetstream::Context;
use curbe_platform::queue::topology::{BILLING, CREDIT, ConsumerName};
use tokio::time::{Instant, timeout_at};

use crate::consumer::passing::Passing;

/// How far each consumer has to come until all that was sent is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    billing: Option<u64>,
    credit: Option<u64>,
}

impl Reached {
    /// Notes a message that was sent.
    pub(crate) fn note(&mut self, subject: &str, sequence: u64) {
        for (consumer, reached) in [(BILLING, &mut self.billing), (CREDIT, &mut self.credit)] {
            if is_read_by(consumer, subject) {
                *reached = (*reached).max(Some(sequence));
            }
        }
    }

    /// Waits until the workers have handled what was sent. Returns whether they have.
    pub(crate) async fn is_passed(self, context: &Context, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        for (consumer, reached) in [(CREDIT, self.credit), (BILLING, self.billing)] {
            let Some(sequence) = reached else { continue };
            let passing = Passing::new(context.clone(), consumer);
            if timeout_at(until, passing.wait(sequence)).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// Whether anybody reads what comes on a subject.
pub(crate) fn is_read(subject: &str) -> bool {
    [BILLING, CREDIT].into_iter().any(|consumer| is_read_by(consumer, subject))
}

/// Why a letter is not sent whose subject has no reader: nothing would come of it.
pub(crate) fn nobody_reads(subject: &str) -> String {
    format!("nobody reads {subject} yet: it is not sent")
}

fn is_read_by(consumer: ConsumerName, subject: &str) -> bool {
    consumer.subjects.strip_suffix('>').is_some_and(|tree| subject.starts_with(tree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_waited_for_at_whoever_reads_it() {
        let mut reached = Reached::default();
        for (subject, sequence) in
            [("voice.twilio.hangup", 7), ("credit.twilio.authorized", 9), ("voice.telnyx.cost", 5)]
        {
            assert!(is_read(subject), "{subject}");
            reached.note(subject, sequence);
        }
        reached.note("payments.stripe", 11);
        assert!(!is_read("payments.stripe"));
        assert_eq!(reached, Reached { billing: Some(7), credit: Some(9) });
    }
}
