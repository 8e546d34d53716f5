//! Makes traffic call by call: who calls whom, how it ends, what is sent of it, and what must come of it.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use time::Duration;

use super::flow::{Customer, ExpectedLeg, Plan, Request, Traffic, Unusable, VOICE_EVENTS};
use super::sign::Signer;
use super::twilio::{Fields, Silence, Status, TwilioCall};

pub(super) struct Maker<'a> {
    plan: &'a Plan,
    customers: &'a [Customer],
    signer: &'a Signer,
    rng: StdRng,
    ours: HashSet<&'a str>,
    traffic: Traffic,
}

impl<'a> Maker<'a> {
    pub(super) fn new(plan: &'a Plan, customers: &'a [Customer], signer: &'a Signer) -> Self {
        Self {
            plan,
            customers,
            signer,
            rng: StdRng::seed_from_u64(plan.seed),
            ours: customers.iter().map(|customer| customer.number.as_str()).collect(),
            traffic: Traffic::default(),
        }
    }

    /// All that was made, in no order.
    pub(super) fn shuffled(mut self) -> Traffic {
        self.traffic.requests.shuffle(&mut self.rng);
        self.traffic
    }

    pub(super) fn call(&mut self) {
        let customer = self.customer();
        let other = self.other_number();
        match (self.rng.random_range(0..10), &customer.softphone) {
            (0..=2, Some(softphone)) => self.softphone_call(&customer, softphone, &other),
            (0..=3, _) => self.inbound_call(&customer, &other),
            (4, _) => self.bridged_call(&customer, &other),
            _ => {
                let call = self.finished(TwilioCall::outbound(&customer.number, &other));
                self.leg(&customer, call, true, &other, false);
            }
        }
    }

    /// A softphone's call has no number in its own `To`; the leg that it dials says where it went.
    fn softphone_call(&mut self, customer: &Customer, softphone: &str, other: &str) {
        let (parent, child) = self.with_child(TwilioCall::inbound(softphone, ""), |parent| {
            parent.dialled(&customer.number, other)
        });
        self.leg(customer, parent, true, other, false);
        self.leg(customer, child, true, other, true);
    }

    /// A call that the customer's application makes and then connects to a second number.
    fn bridged_call(&mut self, customer: &Customer, other: &str) {
        let second = self.other_number();
        let (parent, child) = self
            .with_child(TwilioCall::outbound(&customer.number, other), |parent| {
                parent.dialled(&customer.number, &second)
            });
        self.leg(customer, parent, true, other, false);
        self.leg(customer, child, true, &second, true);
    }

    /// A call to the customer, now and then forwarded: then both legs are his to pay.
    fn inbound_call(&mut self, customer: &Customer, other: &str) {
        let arriving = TwilioCall::inbound(other, &customer.number);
        if self.rng.random_bool(0.7) {
            let call = self.finished(arriving);
            self.leg(customer, call, false, &customer.number, false);
            return;
        }
        let target = self.other_number();
        let (parent, child) = self.with_child(arriving, |parent| parent.dialled(other, &target));
        self.leg(customer, parent, false, &customer.number, false);
        self.leg(customer, child, true, &target, false);
    }

    /// A parent that was answered, and a child that may not have been and lasted no longer.
    fn with_child(
        &mut self,
        parent: TwilioCall,
        dial: impl FnOnce(&TwilioCall) -> TwilioCall,
    ) -> (TwilioCall, TwilioCall) {
        let seconds = self.seconds();
        let parent = self.placed(parent).completed(seconds);
        let mut child = self.finished(dial(&parent)).ended_at(parent.ended_at);
        child.seconds = child.seconds.min(seconds);
        self.sometimes(&parent.dial_action(&child));
        (parent, child)
    }

    /// Notes what must come of a leg, and sends all that Twilio would about it.
    fn leg(
        &mut self,
        payer: &Customer,
        call: TwilioCall,
        outbound: bool,
        rated: &str,
        covered: bool,
    ) {
        let copies = self.rng.random_range(1..=self.plan.copies.max(1));
        self.send(&call.hangup(), copies);
        for status in [Status::Initiated, Status::Ringing, Status::InProgress] {
            self.sometimes(&call.progress(status));
        }
        let recorded = !covered && call.seconds > 0 && self.rng.random_bool(0.2);
        if recorded {
            self.send(&call.recording("completed"), copies);
            self.sometimes(&call.recording("in-progress"));
        }
        self.traffic.legs.push(ExpectedLeg {
            wallet: payer.wallet,
            outbound,
            rated_number: rated.to_owned(),
            covered,
            recording_url: recorded.then(|| call.recording_url()),
            call,
        });
    }

    pub(super) fn forged(&mut self) {
        let call = self.long_call();
        let webhook = self.signer.form(VOICE_EVENTS, &call.hangup()).forged();
        self.traffic.requests.push(Request { webhook, forged: true });
        self.traffic.forged.push(call.sid);
    }

    pub(super) fn unusable(&mut self) {
        let call = self.long_call();
        let mut fields = call.hangup();
        fields.retain(|(name, _)| *name != "CallDuration");
        let why = if self.rng.random() {
            fields.push(("CallDuration", "an hour".to_owned()));
            Unusable::Unreadable
        } else {
            Unusable::DurationAmbiguous
        };
        self.send(&fields, 1);
        self.traffic.unusable.push((call.sid, why));
    }

    /// Long enough to be missed or noticed in the books.
    fn long_call(&mut self) -> TwilioCall {
        let (customer, other) = (self.customer(), self.other_number());
        self.placed(TwilioCall::outbound(&customer.number, &other)).completed(3_599)
    }

    fn send(&mut self, fields: &Fields, copies: usize) {
        let webhook = self.signer.form(VOICE_EVENTS, fields);
        let requests = std::iter::repeat_n(Request { webhook, forged: false }, copies);
        self.traffic.requests.extend(requests);
    }

    fn sometimes(&mut self, fields: &Fields) {
        if self.rng.random_bool(0.2) {
            self.send(fields, 1);
        }
    }

    fn finished(&mut self, call: TwilioCall) -> TwilioCall {
        let call = self.placed(call);
        let silences = [Silence::Absent, Silence::Empty, Silence::Zero];
        let silence = silences[self.rng.random_range(0..silences.len())];
        match self.rng.random_range(0..10) {
            0 => call.unanswered(Status::Busy, silence),
            1 => call.unanswered(Status::NoAnswer, silence),
            2 if self.rng.random() => call.unanswered(Status::Failed, silence),
            2 => call.unanswered(Status::Canceled, silence),
            _ => call.completed(self.seconds()),
        }
    }

    /// With an account, an id and an end of its own.
    fn placed(&mut self, call: TwilioCall) -> TwilioCall {
        let sid = format!("CA{:032x}", self.rng.random::<u128>());
        let ended_at = self.plan.until - Duration::seconds(self.rng.random_range(0..3_600));
        let account = self.plan.account.clone();
        TwilioCall { account, ..call.sid(sid).ended_at(ended_at) }
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

    fn customer(&mut self) -> Customer {
        self.customers.choose(&mut self.rng).expect("at least one customer").clone()
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
