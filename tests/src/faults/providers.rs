//! The providers' side of a lab. Most calls are told of until they are accepted, as by a provider that tries again; some only
//! once, as by one that does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use super::history::{Answered, History};
use crate::simulator::flow::{
    Customer, ExpectedLeg, Length, Plan, Provider, Request, VOICE_EVENTS, traffic,
};
use crate::simulator::send::Sender;
use crate::simulator::sign::Webhook;
use crate::simulator::signers::Signers;
use crate::simulator::twilio::{ACCOUNT, TwilioCall};

/// Requests on the way at once.
const SENDERS: usize = 4;
/// Between two requests of one sender: two cores have other work too.
const BREATH: Duration = Duration::from_millis(10);
/// Before a webhook is sent again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);
/// The patience of a provider.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// Calls that are made, signed and sent together.
const CALLS: usize = 20;
/// Of those that are told of once.
const ONCE: usize = 10;

/// A call that one webhook tells of.
#[derive(Clone, Debug)]
pub struct Call {
    webhook: Webhook,
    leg: ExpectedLeg,
}

impl Call {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.leg.id()
    }
}

/// The providers' side of a lab.
#[derive(Clone, Debug)]
pub(super) struct Providers {
    pub(super) sender: Sender,
    pub(super) signers: Signers,
    pub(super) customers: Vec<Customer>,
    /// Those who have little money.
    pub(super) debtors: Vec<Customer>,
    pub(super) history: Arc<Mutex<History>>,
    /// Every batch of calls has a seed of its own, made from that of the lab.
    pub(super) seed: Arc<AtomicU64>,
    /// The same of those that ask before they begin.
    pub(super) seed_of_asking: Arc<AtomicU64>,
}

impl Providers {
    /// Some calls of everybody, each to its end.
    pub(super) async fn batch(&self) {
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        let plan = Plan { forged: 1, unusable: 1, ..Plan::new(seed, CALLS) };
        let mut traffic = traffic(&plan, &self.customers, &self.signers);
        // Not the same numbers once more: they would be the same calls.
        let mut rng = StdRng::seed_from_u64(!seed);
        let once = (0..ONCE).map(|_| Box::new(self.call(&mut rng))).collect::<Vec<_>>();
        let requests = std::mem::take(&mut traffic.requests);
        let steps = requests.into_iter().map(Step::UntilAccepted);
        let mut steps: Vec<Step> = steps.chain(once.into_iter().map(Step::Once)).collect();
        rand::seq::SliceRandom::shuffle(&mut steps[..], &mut rng);
        let send = async |step: Step| {
            self.take(step).await;
            sleep(BREATH).await;
        };
        stream::iter(steps).for_each_concurrent(SENDERS, send).await;
        held(&self.history).told(traffic);
    }

    async fn take(&self, step: Step) {
        match step {
            Step::UntilAccepted(Request { webhook, forged, .. }) => {
                self.until_accepted(&webhook, forged).await;
            }
            Step::Once(call) => drop(self.tell(&self.sender, &call).await),
        }
    }

    /// Tells of something until it is taken.
    pub(super) async fn until_accepted(&self, webhook: &Webhook, forged: bool) {
        while self.send(&self.sender, webhook, forged).await != Answered::Accepted {
            sleep(PAUSE).await;
        }
    }

    /// Tells of a call, whatever the answer.
    pub(super) async fn tell(&self, sender: &Sender, call: &Call) -> Answered {
        let answered = self.send(sender, &call.webhook, false).await;
        held(&self.history).told_once(call.leg.clone(), answered);
        answered
    }

    async fn send(&self, sender: &Sender, webhook: &Webhook, forged: bool) -> Answered {
        let begun = Instant::now();
        let answer = timeout(PATIENCE, sender.send(webhook)).await;
        let after = begun.elapsed();
        let mut history = held(&self.history);
        let answered = match answer {
            Err(_) | Ok(Err(_)) => Answered::Unknown,
            Ok(Ok(answer)) if forged && answer.status == 403 => return Answered::Accepted,
            Ok(Ok(answer)) if !forged && answer.is_success() => Answered::Accepted,
            Ok(Ok(answer)) if answer.status == 503 => Answered::Refused,
            Ok(Ok(answer)) => {
                let body = String::from_utf8_lossy(&webhook.body);
                history.wrong.push(format!("{} for {body}", answer.status));
                // No use in trying again: it is wrong already.
                return Answered::Accepted;
            }
        };
        history.count(answered, after);
        answered
    }

    /// A call of somebody's, with one event and nothing special about it.
    pub(super) fn call(&self, rng: &mut StdRng) -> Call {
        let at_twilio = |customer: &&Customer| {
            customer.provider.is_none_or(|provider| provider == Provider::Twilio)
        };
        let customers: Vec<&Customer> = self.customers.iter().filter(at_twilio).collect();
        let customer = customers.choose(rng).expect("somebody who calls by Twilio");
        let to = format!("+52{:010}", rng.random_range(0..10_000_000_000_u64));
        let (sid, seconds) = (format!("CA{:032x}", rng.random::<u128>()), rng.random_range(1..600));
        let call = TwilioCall::outbound(&customer.number, &to).sid(sid.clone()).completed(seconds);
        let account = customer.account.clone().unwrap_or_else(|| ACCOUNT.to_owned());
        let call = TwilioCall { account, ..call }.ended_at(OffsetDateTime::now_utc());
        let length = Length::stated(seconds, call.ended_at);
        let names = vec![sid];
        let leg = ExpectedLeg::outbound(Provider::Twilio, names, customer.wallet, &to, length);
        Call { webhook: self.signers.twilio.form(VOICE_EVENTS, &call.hangup()), leg }
    }
}

/// What a sender does next.
enum Step {
    UntilAccepted(Request),
    Once(Box<Call>),
}

pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
