//! Twilio's calls, and SignalWire's, which go the same ways.

use rand::RngExt;

use super::Maker;
use crate::simulator::flow::{Customer, ExpectedLeg, Length, Provider, Unusable, VOICE_EVENTS};
use crate::simulator::signalwire::{PROJECT, SignalWireCall};
use crate::simulator::twilio::{ACCOUNT, Fields, Silence, Status, TwilioCall, again};

/// Who pays for a leg, and what it is rated by.
struct Terms<'a> {
    payer: &'a Customer,
    outbound: bool,
    rated: &'a str,
    covered: bool,
}

impl Maker<'_> {
    pub(super) fn laml_call(&mut self, provider: Provider) {
        let customer = self.customer(provider);
        let other = self.other_number();
        let softphone = customer.softphone.as_ref().filter(|_| provider == Provider::Twilio);
        match (self.rng.random_range(0..10), softphone) {
            (0..=2, Some(softphone)) => self.softphone_call(&customer, softphone, &other),
            (0..=3, _) => self.inbound_call(provider, &customer, &other),
            (4, _) => self.bridged_call(provider, &customer, &other),
            _ => {
                let call = TwilioCall::outbound(&customer.number, &other);
                let call = self.finished(of(&customer, provider, call));
                self.leg(provider, call, &outbound(&customer, &other));
            }
        }
    }

    /// A softphone's call has no number in its own `To`; the leg that it dials says where it went.
    fn softphone_call(&mut self, customer: &Customer, softphone: &str, other: &str) {
        let provider = Provider::Twilio;
        let parent = of(customer, provider, TwilioCall::inbound(softphone, ""));
        let (parent, child) =
            self.with_child(parent, |parent| parent.dialled(&customer.number, other));
        self.sometimes(provider, &parent.dial_action(&child));
        let paid = outbound(customer, other);
        let parent = self.leg(provider, parent, &paid);
        let child = self.leg(provider, child, &Terms { covered: true, ..paid });
        let tells_number = self.traffic.legs[child].needs.clone();
        self.traffic.legs[parent].needs.extend(tells_number);
    }

    /// A call that the customer's application makes and then connects to a second number.
    fn bridged_call(&mut self, provider: Provider, customer: &Customer, other: &str) {
        let second = self.other_number();
        let parent = of(customer, provider, TwilioCall::outbound(&customer.number, other));
        let (parent, child) =
            self.with_child(parent, |parent| parent.dialled(&customer.number, &second));
        self.sometimes_action(provider, &parent, &child);
        self.leg(provider, parent, &outbound(customer, other));
        self.leg(provider, child, &Terms { covered: true, ..outbound(customer, &second) });
    }

    /// A call to the customer, now and then forwarded: then both legs are his to pay.
    fn inbound_call(&mut self, provider: Provider, customer: &Customer, other: &str) {
        let arriving = of(customer, provider, TwilioCall::inbound(other, &customer.number));
        let terms = Terms { outbound: false, ..outbound(customer, &customer.number) };
        if self.rng.random_bool(0.7) {
            let call = self.finished(arriving);
            self.leg(provider, call, &terms);
            return;
        }
        let target = self.other_number();
        let (parent, child) = self.with_child(arriving, |parent| parent.dialled(other, &target));
        self.sometimes_action(provider, &parent, &child);
        let parent = self.leg(provider, parent, &terms);
        let child = self.leg(provider, child, &outbound(customer, &target));
        let ends_parent = self.traffic.legs[parent].needs.clone();
        self.traffic.legs[child].needs.extend(ends_parent);
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
        (parent, child)
    }

    /// Notes what must come of a leg, and sends all that its provider would about it. Returns its place.
    fn leg(&mut self, provider: Provider, call: TwilioCall, terms: &Terms<'_>) -> usize {
        let recorded = !terms.covered && call.seconds > 0 && self.rng.random_bool(0.2);
        let (id, hangup, recording_url) = match provider {
            Provider::SignalWire => self.signalwire(&call, recorded),
            Provider::Twilio | Provider::Telnyx => self.twilio(&call, recorded),
        };
        let length = Length::stated(call.seconds, call.ended_at);
        let wallet = terms.payer.wallet;
        self.traffic.legs.push(ExpectedLeg {
            outcome: call.status.as_str().replace('-', "_"),
            outbound: terms.outbound,
            covered: terms.covered,
            recording_url: recorded.then_some(recording_url),
            needs: vec![hangup],
            ..ExpectedLeg::outbound(provider, vec![id], wallet, terms.rated, length)
        });
        self.traffic.legs.len() - 1
    }

    fn twilio(&mut self, call: &TwilioCall, recorded: bool) -> (String, usize, String) {
        let hangup = self.form(Provider::Twilio, &call.hangup());
        for status in [Status::Initiated, Status::Ringing, Status::InProgress] {
            self.sometimes(Provider::Twilio, &call.progress(status));
        }
        if recorded {
            self.form(Provider::Twilio, &call.recording("completed"));
            self.sometimes(Provider::Twilio, &call.recording("in-progress"));
        }
        (call.sid.clone(), hangup, call.recording_url())
    }

    /// In forms and in JSON.
    fn signalwire(&mut self, call: &TwilioCall, recorded: bool) -> (String, usize, String) {
        let files = self.plan.files.clone();
        let call = SignalWireCall { files, ..SignalWireCall::like(call) };
        let signer = &self.signers.signalwire;
        let hangup = self.tell(|attempts| match attempts {
            0 => signer.form(VOICE_EVENTS, &call.hangup()),
            _ => signer.json(VOICE_EVENTS, &again(call.hangup(), attempts)),
        });
        for status in [Status::Ringing, Status::InProgress] {
            self.sometimes(Provider::SignalWire, &call.progress(status));
        }
        if recorded {
            self.form(Provider::SignalWire, &call.recording("completed"));
        }
        let url = call.recording_url();
        (call.sid, hangup, url)
    }

    pub(super) fn laml_unusable(&mut self, provider: Provider, why: Unusable) -> (Fields, String) {
        let call = self.long_call(provider);
        let mut fields = call.hangup();
        fields.retain(|(name, _)| *name != "CallDuration");
        if why == Unusable::Unreadable {
            fields.push(("CallDuration", "an hour".to_owned()));
        }
        (fields, call.sid)
    }

    fn sometimes_action(&mut self, provider: Provider, parent: &TwilioCall, child: &TwilioCall) {
        if provider == Provider::Twilio {
            self.sometimes(provider, &parent.dial_action(child));
        }
    }

    fn form(&mut self, provider: Provider, fields: &Fields) -> usize {
        let (signers, until) = (self.signers, self.plan.until);
        self.tell(|attempts| signers.form(provider, &again(fields.clone(), attempts), until))
    }

    fn sometimes(&mut self, provider: Provider, fields: &Fields) {
        if self.rng.random_bool(0.2) {
            self.form(provider, fields);
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
}

/// Of the customer's account, else of the one that everything belongs to.
pub(super) fn of(customer: &Customer, provider: Provider, call: TwilioCall) -> TwilioCall {
    let default = if provider == Provider::SignalWire { PROJECT } else { ACCOUNT };
    TwilioCall { account: customer.account.clone().unwrap_or_else(|| default.to_owned()), ..call }
}

fn outbound<'a>(payer: &'a Customer, rated: &'a str) -> Terms<'a> {
    Terms { payer, outbound: true, rated, covered: false }
}
