//! Holds of calls whose decisions reach the queue late: nobody else knows what stands behind them, and a cache that was
//! emptied meanwhile, and loaded from what the queue had by then, does not know them at all.

use std::collections::HashSet;
use std::time::Duration;

use curbe_domain::authorization::{AUTHORIZED, Authorized, CreditEvent, REFUSED, hold_of_call};
use curbe_domain::legs::LegKey;
use curbe_platform::credit::{Confirmed, CreditCache, CreditError, Epoch};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::publisher::Outgoing;

/// No load of a wallet takes longer, from when it asks how far the queue is.
const LOAD_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// A call whose decision waits.
#[derive(Clone, Debug)]
pub(super) struct Call {
    decided: Authorized,
    /// Where its decision ends in its segment.
    pub(super) end: usize,
    /// Under which epoch the cache had its hold.
    held_under: Option<Epoch>,
}

/// What was decided about calls that may still go on, of events with their ends in a segment; not what is taken back among
/// them.
pub(super) fn calls<'e>(events: impl Iterator<Item = &'e (Outgoing, usize)>) -> Vec<Call> {
    let now = OffsetDateTime::now_utc();
    let (mut calls, mut withdrawn) = (Vec::new(), HashSet::new());
    for (event, end) in events {
        match decision(event) {
            Some(CreditEvent::Authorized(decided)) if decided.due_at > now => {
                calls.push(Call { decided: *decided, end: *end, held_under: None });
            }
            Some(CreditEvent::Withdrawn(taken_back)) => {
                withdrawn.insert(taken_back.id);
            }
            Some(
                CreditEvent::Authorized(_) | CreditEvent::Emergency(_) | CreditEvent::Refused(_),
            )
            | None => {}
        }
    }
    calls.retain(|call| !withdrawn.contains(&call.decided.id));
    calls
}

/// Sets aside again what is gone, whether or not the money is there, and lets nobody look for what stands behind it before
/// its call must be over: the queue may say nothing for hours. Before the queue has the decisions: after it, they may be
/// settled already, and their holds gone for good.
pub(super) async fn restore_all(cache: &CreditCache, calls: &mut [Call]) {
    if calls.is_empty() {
        return;
    }
    let epoch = cache.epoch().await.ok();
    for call in calls {
        match call.restore(cache, call.decided.due_at).await {
            Ok(true) => call.held_under.clone_from(&epoch),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(leg = call.decided.leg, %error, "holds cannot be looked at again");
                // Nor could the others; hangups wait behind them.
                return;
            }
        }
    }
}

/// The queue has the decisions: who looks for what stands behind their holds finds it from now on. Holds of wallets that
/// are not believed, or no longer, are brought in by whoever loads those, unless he had begun before.
pub(super) async fn are_queued(cache: &CreditCache, calls: Vec<Call>) {
    if calls.is_empty() {
        return;
    }
    let holds: Vec<(Uuid, String)> = calls.iter().map(Call::name).collect();
    if let Err(error) = cache.holds_queued(&holds, OffsetDateTime::now_utc()).await {
        tracing::warn!(%error, "holds are not looked for before their calls must be over");
    }
    let epoch = cache.epoch().await.ok();
    let is_missing = |call: &Call| epoch.is_none() || call.held_under != epoch;
    let missing: Vec<Call> = calls.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        tokio::spawn(outlast_loads(cache.clone(), missing));
    }
}

/// Sets holds aside as soon as their wallets are believed, until nobody can be loading any more who does not know of them.
/// The hold of a call that is settled meanwhile has nothing behind it, and goes with the next sweep.
async fn outlast_loads(cache: CreditCache, mut missing: Vec<Call>) {
    let deadline = Instant::now() + LOAD_MAX;
    while !missing.is_empty() && Instant::now() < deadline {
        sleep(PAUSE).await;
        let mut still = Vec::new();
        for call in missing {
            let restored = call.restore(&cache, OffsetDateTime::now_utc()).await;
            if !restored.unwrap_or_default() {
                still.push(call);
            }
        }
        missing = still;
    }
}

impl Call {
    /// Returns whether its hold is there.
    async fn restore(
        &self,
        cache: &CreditCache,
        seen_at: OffsetDateTime,
    ) -> Result<bool, CreditError> {
        let (wallet_id, hold) = self.name();
        let purpose = self.decided.purpose();
        let restored = cache.restore(wallet_id, &hold, self.decided.amount, &purpose, seen_at);
        Ok(restored.await? == Confirmed::Held)
    }

    /// Of its hold, with its wallet.
    fn name(&self) -> (Uuid, String) {
        let leg = LegKey { provider: self.decided.provider, leg: self.decided.leg.clone() };
        (self.decided.wallet_id, hold_of_call(&leg))
    }
}

fn decision(event: &Outgoing) -> Option<CreditEvent> {
    let kind = event.subject.strip_prefix("credit.")?.rsplit('.').next()?;
    if kind != AUTHORIZED && kind != REFUSED {
        return None;
    }
    serde_json::from_slice(&event.body).ok()
}

#[cfg(test)]
mod tests {
    use async_nats::HeaderMap;
    use curbe_domain::authorization::Withdrawn;
    use curbe_domain::legs::Direction;
    use curbe_domain::money::Money;
    use curbe_domain::providers::Provider;
    use curbe_domain::rating::Rate;

    use super::*;

    fn event(number: u128, kind: &str, event: &CreditEvent) -> (Outgoing, usize) {
        let (subject, headers) = (format!("credit.twilio.{kind}"), HeaderMap::new());
        let body = serde_json::to_vec(event).unwrap().into();
        (Outgoing { subject, headers, body }, usize::try_from(number).unwrap())
    }

    fn authorized(number: u128, due_at: OffsetDateTime) -> (Outgoing, usize) {
        let decided = Authorized {
            id: Uuid::from_u128(number),
            provider: Provider::Twilio,
            leg: format!("CA{number}"),
            wallet_id: Uuid::nil(),
            user_id: None,
            direction: Direction::Outbound,
            number: "+523312345678".to_owned(),
            rate: Rate {
                id: Uuid::nil(),
                prefix: "52".to_owned(),
                direction: None,
                rate_per_minute: Money::ZERO,
                connection_fee: Money::ZERO,
                initial_increment_seconds: 60,
                increment_seconds: 60,
            },
            amount: Money::ZERO,
            seconds: 60,
            decided_at: due_at,
            due_at,
        };
        event(number, AUTHORIZED, &CreditEvent::Authorized(Box::new(decided)))
    }

    #[test]
    fn what_is_over_or_taken_back_sets_nothing_aside() {
        let now = OffsetDateTime::now_utc();
        let later = now + Duration::from_secs(3_600);
        let taken_back = CreditEvent::Withdrawn(Withdrawn {
            id: Uuid::from_u128(2),
            provider: Provider::Twilio,
            leg: "CA2".to_owned(),
            wallet_id: Uuid::nil(),
            decided_at: now,
        });
        let hangup = Outgoing {
            subject: "voice.twilio.hangup".to_owned(),
            headers: HeaderMap::new(),
            body: authorized(5, later).0.body,
        };
        let events = [
            authorized(1, later),
            authorized(2, later),
            authorized(3, now),
            event(4, REFUSED, &taken_back),
            (hangup, 5),
        ];
        let ends: Vec<usize> = calls(events.iter()).iter().map(|call| call.end).collect();
        assert_eq!(ends, [1]);
    }
}
