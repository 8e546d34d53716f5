//! Makes traffic call by call: who calls whom, how it ends, what is sent of it, and what must come of it.

mod laml;
mod telnyx;

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::flow::{Customer, Plan, Provider, Request, Traffic, Unusable};
use super::sign::Webhook;
use super::signers::Signers;
use super::twilio::TwilioCall;

pub(super) struct Maker<'a> {
    plan: &'a Plan,
    customers: &'a [Customer],
    signers: &'a Signers,
    rng: StdRng,
    ours: HashSet<&'a str>,
    events: usize,
    traffic: Traffic,
}

impl<'a> Maker<'a> {
    pub(super) fn new(plan: &'a Plan, customers: &'a [Customer], signers: &'a Signers) -> Self {
        Self {
            plan,
            customers,
            signers,
            rng: StdRng::seed_from_u64(plan.seed),
            ours: customers.iter().map(|customer| customer.number.as_str()).collect(),
            events: 0,
            traffic: Traffic::default(),
        }
    }

    /// All that was made, in no order.
    pub(super) fn shuffled(mut self) -> Traffic {
        self.traffic.requests.shuffle(&mut self.rng);
        self.traffic
    }

    pub(super) fn call(&mut self) {
        match self.provider() {
            provider @ (Provider::Twilio | Provider::SignalWire) => self.laml_call(provider),
            Provider::Telnyx => self.telnyx_call(),
        }
    }

    pub(super) fn forged(&mut self) {
        let provider = self.provider();
        let (webhook, id) = match provider {
            Provider::Twilio | Provider::SignalWire => {
                let call = self.long_call(provider);
                (self.signers.form(provider, &call.hangup(), self.plan.until), call.sid)
            }
            Provider::Telnyx => self.telnyx_hangup(),
        };
        self.traffic.forged.push(id);
        let event = self.next_event();
        self.traffic.requests.push(Request { webhook: webhook.forged(), forged: true, event });
    }

    /// Told as a form by all of them, with a duration that says nothing or too much.
    pub(super) fn unusable(&mut self) {
        let provider = self.provider();
        let why =
            if self.rng.random() { Unusable::Unreadable } else { Unusable::DurationAmbiguous };
        let (fields, id) = match provider {
            Provider::Twilio | Provider::SignalWire => self.laml_unusable(provider, why),
            Provider::Telnyx => self.telnyx_unusable(why),
        };
        let webhook = self.signers.form(provider, &fields, self.plan.until);
        self.tell(|_| webhook.clone());
        self.traffic.unusable.push((id, why));
    }

    /// Sends an event as often as it pleases; `sign` makes it, for the first time or after so many attempts. Returns
    /// its number.
    fn tell(&mut self, sign: impl Fn(u32) -> Webhook) -> usize {
        let event = self.next_event();
        for copy in 0..self.rng.random_range(1..=self.plan.copies.max(1)) {
            let webhook = sign(copy / 2);
            self.traffic.requests.push(Request { webhook, forged: false, event });
        }
        event
    }

    fn next_event(&mut self) -> usize {
        self.events += 1;
        self.events - 1
    }

    /// Long enough to be missed or noticed in the books.
    fn long_call(&mut self, provider: Provider) -> TwilioCall {
        let (customer, other) = (self.customer(provider), self.other_number());
        let call = TwilioCall::outbound(&customer.number, &other);
        self.placed(laml::of(&customer, provider, call)).completed(3_599)
    }

    /// With an id and an end of its own.
    fn placed(&mut self, call: TwilioCall) -> TwilioCall {
        let sid = format!("CA{:032x}", self.rng.random::<u128>());
        call.sid(sid).ended_at(self.ended_at())
    }

    fn ended_at(&mut self) -> OffsetDateTime {
        self.plan.until - Duration::seconds(self.rng.random_range(0..3_600))
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.rng.random())
    }

    /// Mostly where rounding up to the minute could go wrong.
    fn seconds(&mut self) -> u32 {
        let edges = [0, 1, 59, 60, 61, 119, 120, 121, 3_600];
        if self.rng.random() {
            edges[self.rng.random_range(0..edges.len())]
        } else {
            self.rng.random_range(1..7_200)
        }
    }

    fn provider(&mut self) -> Provider {
        *self.plan.providers.choose(&mut self.rng).expect("at least one provider")
    }

    fn customer(&mut self, provider: Provider) -> Customer {
        let his = |customer: &&Customer| customer.provider.is_none_or(|his| his == provider);
        let customers: Vec<&Customer> = self.customers.iter().filter(his).collect();
        (*customers.choose(&mut self.rng).expect("at least one customer of each provider")).clone()
    }

    fn other_number(&mut self) -> String {
        loop {
            let prefix = self.plan.prefixes.choose(&mut self.rng).expect("at least one prefix");
            let number = format!("{prefix}{:08}", self.rng.random_range(0..100_000_000_u32));
            if !self.ours.contains(number.as_str()) {
                return number;
            }
        }
    }
}
