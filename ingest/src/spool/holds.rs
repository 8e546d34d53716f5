//! Holds of calls whose decisions reach the queue late: a cache that was emptied meanwhile, and loaded from what the
//! queue had by then, knows nothing of them.

use curbe_domain::authorization::{AUTHORIZED, Authorized, CreditEvent, hold_of_call};
use curbe_domain::legs::LegKey;
use curbe_platform::credit::CreditCache;
use time::OffsetDateTime;

use crate::publisher::Outgoing;

/// Sets aside again what is gone for calls that may still go on, whether or not the money is there. Before the queue has
/// their decisions: after it, they may be settled already, and their holds gone for good.
pub(super) async fn restore_all(cache: &CreditCache, events: impl Iterator<Item = &Outgoing>) {
    let now = OffsetDateTime::now_utc();
    for call in events.filter_map(authorized).filter(|call| call.due_at > now) {
        let hold = hold_of_call(&LegKey { provider: call.provider, leg: call.leg.clone() });
        let purpose = call.purpose();
        let restored = cache.restore(call.wallet_id, &hold, call.amount, &purpose, now).await;
        if let Err(error) = restored {
            tracing::warn!(leg = call.leg, %error, "holds cannot be looked at again");
            // Nor could the others; hangups wait behind them.
            return;
        }
    }
}

fn authorized(event: &Outgoing) -> Option<Box<Authorized>> {
    if !event.subject.starts_with("credit.") || !event.subject.ends_with(AUTHORIZED) {
        return None;
    }
    match serde_json::from_slice(&event.body) {
        Ok(CreditEvent::Authorized(call)) => Some(call),
        Ok(CreditEvent::Emergency(_) | CreditEvent::Refused(_) | CreditEvent::Withdrawn(_))
        | Err(_) => None,
    }
}
