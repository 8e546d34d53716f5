//! One lane: a batch at a time, from the queue to the ack.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::Acker;
use curbe_platform::kill_point;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Source;
use super::disposition::{Disposition, chain, disposition};
use super::keepalive::KeepAlive;
use super::pull::{self, Delivery, PullError};
use crate::dead_letters::{Reason, Refusal};
use crate::settlement::message::Message;
use crate::settler::Settler;
use crate::store::transaction::TransactionError;

/// From here on a message is handled alone: it may be what kills the worker.
const SUSPECT_ATTEMPTS: i64 = 5;
/// Beyond this it is given up.
const ATTEMPTS_MAX: i64 = 10;
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

pub(super) struct Lane {
    settler: Arc<Settler>,
    source: Source,
    batch_max: usize,
    shutdown: CancellationToken,
}

/// Messages in hand with the means to answer for them, in the same order.
struct InHand {
    messages: Vec<Message>,
    ackers: Arc<[Acker]>,
}

/// What is left to do with messages.
enum Next {
    /// They are settled, or buried.
    Answer,
    /// One of them keeps the others from being settled.
    Split,
}

/// The service is stopping; the messages go back.
struct Stopping;

impl Lane {
    pub(super) fn new(
        settler: Arc<Settler>,
        source: Source,
        batch_max: usize,
        shutdown: CancellationToken,
    ) -> Self {
        Self { settler, source, batch_max, shutdown }
    }

    /// Takes batches until the service stops or the queue fails.
    pub(super) async fn run(&self, consumer: &PullConsumer) {
        loop {
            let batch = tokio::select! {
                // First, so that a stopping worker takes nothing more.
                biased;
                () = self.shutdown.cancelled() => return,
                batch = self.next_batch(consumer) => batch,
            };
            match batch {
                Ok(batch) => self.handle(batch).await,
                Err(error) => {
                    tracing::warn!(dependency = "nats", %error, "cannot take messages");
                    return;
                }
            }
        }
    }

    /// Takes what waits, once the database can be written to: a message that is taken, and given back untried when
    /// the service stops, counts as delivered, and what was delivered too often is taken for what kills the worker.
    async fn next_batch(&self, consumer: &PullConsumer) -> Result<Vec<Delivery>, PullError> {
        let mut pause = PAUSE_FIRST;
        while let Err(failure) = self.settler.is_ready().await {
            tracing::warn!(dependency = "postgres", error = %chain(&failure), "no messages are taken");
            sleep(next_pause(&mut pause)).await;
        }
        pull::next_batch(consumer, self.batch_max).await
    }

    async fn handle(&self, batch: Vec<Delivery>) {
        kill_point!("fetched");
        let (suspects, clean): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|delivery| delivery.message.attempts >= SUSPECT_ATTEMPTS);
        let (suspected, together) = (suspects.len(), clean.len());
        let (messages, ackers): (Vec<_>, Vec<_>) = clean
            .into_iter()
            .chain(suspects)
            .map(|delivery| (delivery.message, delivery.acker))
            .unzip();
        let batch = InHand { messages, ackers: ackers.into() };
        let _alive = KeepAlive::of(Arc::clone(&batch.ackers));
        let mut work: Vec<Range<usize>> =
            (together..together + suspected).map(|alone| alone..alone + 1).collect();
        if together > 0 {
            work.push(0..together);
        }
        if self.is_ready_for(&batch).await {
            self.work_off(&batch, work).await;
        } else {
            for (message, acker) in batch.messages.iter().zip(batch.ackers.iter()) {
                answer_for(message, acker, AckKind::Nak(None)).await;
            }
        }
    }

    /// Waits for the decisions that were made before these events; not where the service stops.
    async fn is_ready_for(&self, batch: &InHand) -> bool {
        let Source::Events(decisions) = &self.source else { return true };
        let last = batch.messages.iter().map(|message| message.stream_sequence).max();
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            () = decisions.wait(last.unwrap_or_default()) => true,
        }
    }

    /// Settles parts of a batch, the last first, splitting those that fail together.
    async fn work_off(&self, batch: &InHand, mut work: Vec<Range<usize>>) {
        while let Some(range) = work.pop() {
            let part: Arc<[Message]> = batch.messages[range.clone()].into();
            let answer = match self.settle(&part).await {
                Ok(Next::Split) => {
                    let middle = range.start + range.len() / 2;
                    work.push(middle..range.end);
                    work.push(range.start..middle);
                    continue;
                }
                Ok(Next::Answer) => AckKind::Ack,
                Err(Stopping) => AckKind::Nak(None),
            };
            kill_point!("announced");
            for index in range {
                answer_for(&batch.messages[index], &batch.ackers[index], answer).await;
            }
            kill_point!("acked");
        }
    }

    /// Settles messages, waiting for as long as it is not their fault.
    async fn settle(&self, messages: &Arc<[Message]>) -> Result<Next, Stopping> {
        let mut pause = PAUSE_FIRST;
        loop {
            let failure = match self.try_once(messages).await {
                Ok(()) => return Ok(Next::Answer),
                Err(failure) => failure,
            };
            let decided = disposition(&failure, messages.len());
            tracing::warn!(error = %chain(&failure), messages = messages.len(), ?decided, "not settled");
            metrics::counter!("curbe_settlement_failures_total").increment(1);
            match decided {
                Disposition::Split => return Ok(Next::Split),
                Disposition::DeadLetter(reason) => {
                    let refusal = Refusal::new(reason, chain(&failure));
                    self.give_up(&messages[0], refusal).await?;
                    return Ok(Next::Answer);
                }
                Disposition::Wait => {
                    self.settler.doubt();
                    self.wait(&mut pause).await?;
                }
            }
        }
    }

    async fn try_once(&self, messages: &Arc<[Message]>) -> Result<(), TransactionError> {
        match &messages[..] {
            [alone] if alone.attempts > ATTEMPTS_MAX => {
                let words = format!("delivered {} times without an answer", alone.attempts);
                let letter = alone.dead_letter(Refusal::new(Reason::CrashesWorker, words), None);
                self.settler.bury(letter).await
            }
            _ => match self.source {
                Source::Events(_) => self.settler.settle(Arc::clone(messages)).await,
                Source::Decisions => self.settler.authorize(Arc::clone(messages)).await,
            },
        }
    }

    async fn give_up(&self, message: &Message, refusal: Refusal) -> Result<(), Stopping> {
        let mut pause = PAUSE_FIRST;
        while let Err(failure) = self.settler.bury(message.dead_letter(refusal.clone(), None)).await
        {
            tracing::warn!(error = %chain(&failure), "no dead letter yet");
            self.wait(&mut pause).await?;
        }
        Ok(())
    }

    async fn wait(&self, pause: &mut Duration) -> Result<(), Stopping> {
        tokio::select! {
            () = self.shutdown.cancelled() => Err(Stopping),
            () = sleep(next_pause(pause)) => Ok(()),
        }
    }
}

/// Each is longer than the one before, and none is as long as another lane's.
fn next_pause(pause: &mut Duration) -> Duration {
    let jittered = rand::random_range(*pause / 2..=*pause);
    *pause = (*pause * 2).min(PAUSE_MAX);
    jittered
}

async fn answer_for(message: &Message, acker: &Acker, answer: AckKind) {
    // A lost ack means redelivery, and redelivery changes nothing.
    if let Err(error) = acker.ack_with(answer).await {
        tracing::debug!(stream_sequence = message.stream_sequence, %error, "not acked");
        return;
    }
    tracing::info!(
        requestId = message.received.trace_id,
        stream_sequence = message.stream_sequence,
        leg = message.received.leg,
        "{}",
        if matches!(answer, AckKind::Ack) { "acked" } else { "returned" }
    );
}
