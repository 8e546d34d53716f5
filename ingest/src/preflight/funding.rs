//! Setting money aside for a call. What is set aside is durable before the caller is answered, and looked at once more
//! after that: the cache may have been emptied meanwhile, and loaded from what was known before.

use std::time::Duration;

use curbe_domain::authorization::{Authorized, CreditEvent, Withdrawn, hold_of_call};
use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::preflight::{Fundable, Reason};
use curbe_domain::rating::funding::{Limits, price_of, remaining, seconds};
use curbe_platform::credit::{Ask, Confirmed, Kind, Placed, Refused, Taken, Wanted};
use metrics::counter;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Asking, Blind, Decision, GUARD_SECONDS, Preflight, keep};

/// Between two tries to take a decision back.
const WITHDRAWAL_PAUSE: Duration = Duration::from_secs(1);
/// Longer than a queue takes to come back, in tries.
const WITHDRAWAL_TRIES: usize = 600;

/// What became of the money that a call asked for.
enum Funded {
    Taken(Box<Authorized>, Money),
    Refused(Reason, Option<Money>),
}

impl Preflight {
    pub(super) async fn fund(
        &self,
        asking: &Asking<'_>,
        call: &Fundable,
    ) -> Result<Decision, Blind> {
        let (authorized, available) = match self.set_aside(asking, call).await? {
            Funded::Taken(authorized, available) => (authorized, available),
            Funded::Refused(reason, available) => {
                return Ok(self.refuse_call(asking, call, reason, available).await);
            }
        };
        let event = CreditEvent::Authorized(authorized.clone());
        let kept = match self.keep(asking, &event).await {
            Ok(kept) => kept,
            Err(rejection) => {
                let (reason, detail) = (rejection.reason(), rejection.detail());
                tracing::warn!(
                    requestId = asking.request_id,
                    reason,
                    detail,
                    "not authorized: it could not be made durable"
                );
                // It may have become durable all the same.
                self.withdraw(asking, &authorized);
                let refused = self.refuse_call(asking, call, Reason::Unavailable, Some(available));
                return Ok(refused.await);
            }
        };
        // Nobody else knows of a decision that waits on this disk, however long: its hold is not looked for behind it
        // before the call must be over.
        let is_queued = self.is_queued(asking, kept).await;
        let seen_at = if is_queued { asking.at } else { authorized.due_at };
        match self.confirm(asking, &authorized, seen_at).await {
            Ok(true) => {}
            Ok(false) => {
                self.withdraw(asking, &authorized);
                return Ok(self.refuse_call(asking, call, Reason::FundsInUse, None).await);
            }
            Err(Blind) => {
                self.withdraw(asking, &authorized);
                return Err(Blind);
            }
        }
        tracing::info!(
            requestId = asking.request_id, provider = %authorized.provider, leg = authorized.leg,
            wallet = %authorized.wallet_id, hold = %authorized.amount, seconds = authorized.seconds, "authorized"
        );
        let limit = authorized.seconds.saturating_sub(GUARD_SECONDS);
        let answer = self.dial(call.target.clone(), call.caller_id.clone(), Some(limit));
        Ok(Decision::funded(answer, available))
    }

    async fn set_aside(&self, asking: &Asking<'_>, call: &Fundable) -> Result<Funded, Blind> {
        let fresh = self.terms(asking, call);
        let (hold, purpose) = (hold_of_call(&asking.leg.key), fresh.purpose());
        let ask = Ask {
            wallet_id: call.wallet_id,
            hold: &hold,
            kind: Kind::Preflight,
            purpose: &purpose,
            wanted: self.wanted(asking, call),
            now: asking.at,
        };
        loop {
            match self.cache.place(&ask).await {
                Ok(Placed::New(taken)) => {
                    return Ok(Funded::Taken(
                        self.authorized(asking, fresh, taken),
                        taken.available(),
                    ));
                }
                Ok(Placed::Again(taken, purpose)) => {
                    return self.again(asking, fresh, &purpose, taken);
                }
                Ok(Placed::Refused(refused)) => return Ok(refused_with(refused)),
                Ok(Placed::NotLoaded) => self.load(asking, Some(call.wallet_id)).await?,
                Err(error) => {
                    tracing::warn!(requestId = asking.request_id, %error, "nothing is set aside");
                    return Err(Blind);
                }
            }
        }
    }

    /// A leg that asks again is told what it was told, and yet by a decision of its own: should one of the two have to be
    /// taken back, the other one holds. Whoever asks long after that has talked meanwhile, on the same money.
    fn again(
        &self,
        asking: &Asking<'_>,
        fresh: Authorized,
        purpose: &str,
        taken: Taken,
    ) -> Result<Funded, Blind> {
        let first: Authorized = serde_json::from_str(purpose).map_err(|_| Blind)?;
        let since = u32::try_from((asking.at - first.decided_at).whole_seconds()).unwrap_or(0);
        let in_use = Ok(Funded::Refused(Reason::FundsInUse, Some(taken.available())));
        if first.number != fresh.number {
            // It is forwarded elsewhere by now, and that may cost more.
            return in_use;
        }
        let again = Authorized { id: fresh.id, decided_at: asking.at, ..first };
        let mut authorized = self.authorized(asking, again, taken);
        let Some(left) = remaining(authorized.seconds, since, self.shortest(asking)) else {
            return in_use;
        };
        authorized.seconds = left;
        authorized.due_at = self.due_at(asking, left);
        Ok(Funded::Taken(authorized, taken.available()))
    }

    /// A stranger whose call is forwarded is not told what the customer lacks.
    async fn refuse_call(
        &self,
        asking: &Asking<'_>,
        call: &Fundable,
        reason: Reason,
        available: Option<Money>,
    ) -> Decision {
        let decision = self.refuse(asking, reason, call.language, available).await;
        if call.is_forwarded { decision.silent() } else { decision }
    }

    /// Whether the hold is there, still or again.
    async fn confirm(
        &self,
        asking: &Asking<'_>,
        authorized: &Authorized,
        seen_at: OffsetDateTime,
    ) -> Result<bool, Blind> {
        let Authorized { wallet_id, amount, .. } = *authorized;
        let (hold, purpose) = (hold_of_call(&asking.leg.key), authorized.purpose());
        loop {
            match self.cache.confirm(wallet_id, &hold, amount, &purpose, seen_at).await {
                Ok(Confirmed::Held) => return Ok(true),
                Ok(Confirmed::Lost) => {
                    counter!("curbe_holds_lost_total").increment(1);
                    return Ok(false);
                }
                Ok(Confirmed::NotLoaded) => {
                    counter!("curbe_holds_replaced_total").increment(1);
                    self.load(asking, Some(wallet_id)).await?;
                }
                Err(error) => {
                    tracing::warn!(requestId = asking.request_id, %error, "a hold cannot be looked at again");
                    return Err(Blind);
                }
            }
        }
    }

    fn wanted(&self, asking: &Asking<'_>, call: &Fundable) -> Wanted {
        let Limits { usual, longest, share_percent, .. } = self.limits;
        Wanted {
            least: price_of(&call.rate, self.shortest(asking)),
            usual: price_of(&call.rate, usual),
            most: price_of(&call.rate, longest),
            share_percent,
            keeps_threshold: true,
            calls_max: call.calls_max,
        }
    }

    /// No call of fewer seconds is worth beginning, or can be limited by its provider.
    fn shortest(&self, asking: &Asking<'_>) -> u32 {
        self.limits.shortest.max(asking.limit_min + GUARD_SECONDS)
    }

    /// The terms, before it is known how much there is for them.
    fn terms(&self, asking: &Asking<'_>, call: &Fundable) -> Authorized {
        Authorized {
            id: Uuid::new_v4(),
            provider: asking.leg.key.provider,
            leg: asking.leg.key.leg.clone(),
            wallet_id: call.wallet_id,
            user_id: call.user_id,
            direction: Direction::Outbound,
            number: call.number.to_string(),
            rate: call.rate.clone(),
            amount: Money::ZERO,
            seconds: 0,
            decided_at: asking.at,
            due_at: self.due_at(asking, self.limits.longest),
        }
    }

    fn authorized(&self, asking: &Asking<'_>, terms: Authorized, taken: Taken) -> Box<Authorized> {
        let seconds = seconds(&terms.rate, taken.amount, self.limits.longest);
        let due_at = self.due_at(asking, seconds);
        Box::new(Authorized { amount: taken.amount, seconds, due_at, ..terms })
    }

    /// Takes a decision back that its caller is not told of. It goes on after he was answered, since the queue may be
    /// what is away.
    fn withdraw(&self, asking: &Asking<'_>, authorized: &Authorized) {
        let (keeper, trace_id) = (self.keeper.clone(), asking.request_id.to_owned());
        let event = CreditEvent::Withdrawn(Withdrawn {
            id: authorized.id,
            provider: authorized.provider,
            leg: authorized.leg.clone(),
            wallet_id: authorized.wallet_id,
            decided_at: asking.at,
        });
        self.withdrawals.spawn(async move {
            for _ in 0..WITHDRAWAL_TRIES {
                let now = OffsetDateTime::now_utc();
                if keep(&keeper, &event, now, &trace_id, WITHDRAWAL_PAUSE).await.is_ok() {
                    return;
                }
                tokio::time::sleep(WITHDRAWAL_PAUSE).await;
            }
            tracing::error!(
                requestId = trace_id,
                "a decision could not be taken back; the sweep gives its money back"
            );
        });
    }
}

fn refused_with(refused: Refused) -> Funded {
    match refused {
        Refused::InsufficientFunds { available, .. } => {
            Funded::Refused(Reason::InsufficientFunds, Some(available))
        }
        Refused::FundsInUse { available, .. } => {
            Funded::Refused(Reason::FundsInUse, Some(available))
        }
        Refused::Suspended => Funded::Refused(Reason::Suspended, None),
        Refused::TooManyCalls => Funded::Refused(Reason::TooManyCalls, None),
    }
}
