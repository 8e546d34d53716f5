//! Pre-flight: may this call begin? Money is set aside, the decision is made durable, the hold is looked at once more,
//! and only then the caller gets his answer.

mod blind;
mod decision;
mod funding;
mod refusals;
mod settings;

use std::time::{Duration, Instant};

use curbe_domain::authorization::{CreditEvent, Emergency};
use curbe_domain::legs::LegFacts;
use curbe_domain::preflight::{Answer, Dial, Emergencies, Known, Plan, Policy, Target, plan};
use curbe_domain::rating::funding::Limits;
use curbe_platform::credit::{CreditCache, Question};
use curbe_platform::queue::load::{LoadRequest, load};
use curbe_platform::queue::message::CreditMessage;
use hyper::body::Bytes;
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(crate) use decision::{Decision, describe};
pub(crate) use settings::Settings;

use crate::durability::{Keeper, Kept};
use crate::publisher::Outgoing;
use crate::rejection::Rejection;
use settings::seconds;

/// A call cut at its limit must not tip into its next increment: its end is told a moment later than it was.
const GUARD_SECONDS: u32 = 3;
/// Somebody else may be loading already; asked at once again, the worker would only be busier.
const LOAD_PAUSE: Duration = Duration::from_millis(20);
/// Queue and disk get so long even when the budget is spent: a refusal that was not recorded cannot be spoken.
const LAST_MOMENT: Duration = Duration::from_millis(150);

/// What decisions are made with.
pub(crate) struct Preflight {
    cache: CreditCache,
    keeper: Keeper,
    settings: Settings,
    limits: Limits,
    policy: Policy,
    emergencies: Emergencies,
    /// Decisions that are being taken back after their callers were answered.
    withdrawals: TaskTracker,
}

/// One leg that asks.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) leg: &'a LegFacts,
    /// When its request had arrived.
    pub(crate) at: OffsetDateTime,
    pub(crate) request_id: &'a str,
    /// The shortest limit that its provider can be told, in seconds.
    pub(crate) limit_min: u32,
    deadline: Instant,
}

/// What must be known to decide cannot be had in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blind;

impl Preflight {
    pub(crate) fn new(cache: CreditCache, keeper: Keeper, settings: Settings) -> Self {
        Self {
            limits: settings.limits(),
            policy: settings.policy(),
            emergencies: settings.emergencies(),
            cache,
            keeper,
            settings,
            withdrawals: TaskTracker::new(),
        }
    }

    /// Decides about a leg.
    pub(crate) async fn decide(
        &self,
        leg: &LegFacts,
        at: OffsetDateTime,
        request_id: &str,
        limit_min: u32,
    ) -> Decision {
        let deadline = Instant::now() + self.settings.preflight_budget;
        let asking = Asking { leg, at, request_id, limit_min, deadline };
        if let Some(number) = self.emergency_number(leg) {
            return self.emergency(&asking, number).await;
        }
        let Ok(known) = self.known(&asking).await else { return self.blind(&asking).await };
        match plan(leg, &known, &self.policy, at) {
            Plan::Fund(call) => match self.fund(&asking, &call).await {
                Ok(decision) => decision,
                Err(Blind) => self.blind(&asking).await,
            },
            Plan::Connect(target) => Decision::allow(self.dial(target, None, None)),
            Plan::Reject => Decision::no_target(),
            Plan::Refuse { reason, language } => self.refuse(&asking, reason, language, None).await,
        }
    }

    /// Whether it is decided before everything else.
    pub(crate) fn is_emergency(&self, leg: &LegFacts) -> bool {
        self.emergency_number(leg).is_some()
    }

    fn emergency_number<'l>(&'l self, leg: &'l LegFacts) -> Option<&'l str> {
        self.emergencies.dialled(leg.to.as_deref()?)
    }

    /// The audio that refused callers hear instead of words.
    pub(crate) fn refusal_audio(&self) -> Option<&str> {
        self.settings.refusal_audio_url.as_deref()
    }

    /// Waits for what is being taken back, a moment.
    pub(crate) async fn finish(&self, within: Duration) {
        self.withdrawals.close();
        if tokio::time::timeout(within, self.withdrawals.wait()).await.is_err() {
            let withdrawals = self.withdrawals.len();
            tracing::warn!(withdrawals, "ended before all withdrawn decisions were told");
        }
    }

    /// Everything that the leg refers to; what the cache lacks is brought in first.
    async fn known(&self, asking: &Asking<'_>) -> Result<Known, Blind> {
        let question = Question::of(asking.leg, asking.at);
        loop {
            match self.cache.look_up(&question).await {
                Ok(Some(known)) => return Ok(known),
                Ok(None) => self.load(asking, None).await?,
                Err(error) => {
                    tracing::warn!(requestId = asking.request_id, %error, "nothing is known of a call's customer");
                    return Err(Blind);
                }
            }
        }
    }

    /// Has the worker bring in what is lacking. `Ok`: it is worth another look.
    async fn load(&self, asking: &Asking<'_>, wallet_id: Option<Uuid>) -> Result<(), Blind> {
        let left = asking.deadline.saturating_duration_since(Instant::now());
        let publisher = self.keeper.publisher();
        if left.is_zero() || !publisher.is_connected() {
            return Err(Blind);
        }
        let request = LoadRequest { wallet_id };
        if let Err(error) = load(publisher.client(), &request, left).await {
            tracing::warn!(requestId = asking.request_id, %error, "not loaded");
            tokio::time::sleep(LOAD_PAUSE.min(left)).await;
        }
        Ok(())
    }

    /// Nobody is asked for money, and nothing is waited for that can fail.
    async fn emergency(&self, asking: &Asking<'_>, number: &str) -> Decision {
        let event = CreditEvent::Emergency(Emergency {
            id: Uuid::new_v4(),
            provider: asking.leg.key.provider,
            leg: asking.leg.key.leg.clone(),
            number: number.to_owned(),
            decided_at: asking.at,
            due_at: self.due_at(asking, self.limits.longest),
        });
        if let Err(rejection) = self.keep(asking, &event).await {
            let reason = rejection.reason();
            tracing::error!(
                requestId = asking.request_id,
                reason,
                "an emergency call is not recorded"
            );
        }
        let caller_id = asking.leg.from.clone().filter(|from| from.starts_with('+'));
        Decision::emergency(self.dial(Target::Number(number.to_owned()), caller_id, None))
    }

    fn dial(&self, target: Target, caller_id: Option<String>, time_limit: Option<u32>) -> Answer {
        let timeout = seconds(self.settings.dial_timeout);
        Answer::Dial(Dial { target, caller_id, time_limit, timeout })
    }

    /// When a call of so many seconds must have ended, and its end must have been told.
    fn due_at(&self, asking: &Asking<'_>, call_seconds: u32) -> OffsetDateTime {
        let ringing = self.settings.dial_timeout + self.settings.call_grace;
        asking.at + ringing + Duration::from_secs(call_seconds.into())
    }

    /// Makes a decision durable, while its caller still waits for it.
    async fn keep(&self, asking: &Asking<'_>, event: &CreditEvent) -> Result<Kept, Rejection> {
        let left = asking.deadline.saturating_duration_since(Instant::now()).max(LAST_MOMENT);
        keep(&self.keeper, event, asking.at, asking.request_id, left).await
    }

    /// Whether the queue has a decision, before its caller has waited for too long.
    async fn is_queued(&self, asking: &Asking<'_>, kept: Kept) -> bool {
        let left = asking.deadline.saturating_duration_since(Instant::now());
        self.keeper.is_queued(kept, left).await
    }
}

async fn keep(
    keeper: &Keeper,
    event: &CreditEvent,
    decided_at: OffsetDateTime,
    trace_id: &str,
    within: Duration,
) -> Result<Kept, Rejection> {
    let body = serde_json::to_vec(event).map_err(|error| Rejection::Unavailable {
        reason: "decision_not_written",
        detail: error.to_string(),
    })?;
    let message = CreditMessage { event, decided_at, trace_id };
    let body = Bytes::from(body);
    let outgoing = || Outgoing {
        subject: message.subject(),
        headers: message.headers(&body),
        body: body.clone(),
    };
    keeper.keep(outgoing, within).await
}
