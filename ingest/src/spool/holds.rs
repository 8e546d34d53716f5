//! Holds of calls whose decisions reach the queue late: nobody else knows what stands behind them, and a cache that was
//! emptied meanwhile, and loaded from what the queue had by then, does not know them at all.

use curbe_domain::authorization::{AUTHORIZED, Authorized, CreditEvent, hold_of_call};
use curbe_domain::legs::LegKey;
use curbe_platform::credit::CreditCache;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::publisher::Outgoing;

/// What was decided about calls that may still go on.
pub(super) fn calls<'e>(events: impl Iterator<Item = &'e Outgoing>) -> Vec<Authorized> {
    let now = OffsetDateTime::now_utc();
    events.filter_map(authorized).filter(|call| call.due_at > now).collect()
}

/// Sets aside again what is gone, whether or not the money is there, and lets nobody look for what stands behind it before
/// its call must be over: the queue may say nothing for hours. Before the queue has the decisions: after it, they may be
/// settled already, and their holds gone for good.
pub(super) async fn restore_all(cache: &CreditCache, calls: &[Authorized]) {
    for call in calls {
        let (wallet_id, hold) = name(call);
        let purpose = call.purpose();
        let restored = cache.restore(wallet_id, &hold, call.amount, &purpose, call.due_at).await;
        if let Err(error) = restored {
            tracing::warn!(leg = call.leg, %error, "holds cannot be looked at again");
            // Nor could the others; hangups wait behind them.
            return;
        }
    }
}

/// The queue has the decisions: who looks for what stands behind their holds finds it from now on.
pub(super) async fn are_queued(cache: &CreditCache, calls: &[Authorized]) {
    let holds: Vec<(Uuid, String)> = calls.iter().map(name).collect();
    if let Err(error) = cache.holds_queued(&holds, OffsetDateTime::now_utc()).await {
        tracing::warn!(%error, "holds are not looked for before their calls must be over");
    }
}

/// Of a hold, with its wallet.
fn name(call: &Authorized) -> (Uuid, String) {
    let leg = LegKey { provider: call.provider, leg: call.leg.clone() };
    (call.wallet_id, hold_of_call(&leg))
}

fn authorized(event: &Outgoing) -> Option<Authorized> {
    if !event.subject.starts_with("credit.") || !event.subject.ends_with(AUTHORIZED) {
        return None;
    }
    match serde_json::from_slice(&event.body) {
        Ok(CreditEvent::Authorized(call)) => Some(*call),
        Ok(CreditEvent::Emergency(_) | CreditEvent::Refused(_) | CreditEvent::Withdrawn(_))
        | Err(_) => None,
    }
}
