//! Holds of calls whose decisions reach the queue late: a cache that was emptied meanwhile, and loaded from what the
//! queue had by then, knows nothing of them.

use curbe_domain::authorization::{AUTHORIZED, CreditEvent, hold_of_call};
use curbe_domain::legs::LegKey;
use curbe_platform::credit::CreditCache;
use hyper::body::Bytes;
use time::OffsetDateTime;

use crate::publisher::Outgoing;

/// What the hold of an event is looked up by, if it lets a call begin.
pub(super) fn decision(event: &Outgoing) -> Option<Bytes> {
    let is_one = event.subject.starts_with("credit.") && event.subject.ends_with(AUTHORIZED);
    is_one.then(|| event.body.clone())
}

/// Sets aside again what is gone, whether or not the money is there: the call goes on. From now on a load brings it in by itself; and one that asks for a hold whose call is
/// over is found by the sweep.
pub(super) async fn restore(cache: &CreditCache, decision: &[u8]) {
    let Ok(CreditEvent::Authorized(call)) = serde_json::from_slice(decision) else { return };
    let hold = hold_of_call(&LegKey { provider: call.provider, leg: call.leg.clone() });
    let now = OffsetDateTime::now_utc();
    let restored = cache.restore(call.wallet_id, &hold, call.amount, &call.purpose(), now).await;
    if let Err(error) = restored {
        tracing::warn!(leg = call.leg, %error, "a hold cannot be looked at again");
    }
}
