//! Telnyx's calls: each by a script of its own.

use super::Maker;
use crate::simulator::flow::{Provider, Unusable, VOICE_EVENTS};
use crate::simulator::sign::Webhook;
use crate::simulator::telnyx::play::play;
use crate::simulator::telnyx::script::Script;
use crate::simulator::telnyx::{Cause, TelnyxLeg};
use crate::simulator::twilio::Fields;

impl Maker<'_> {
    pub(super) fn telnyx_call(&mut self) {
        let script = Script::random(&mut self.rng);
        let (customer, others) =
            (self.customer(Provider::Telnyx), [self.other_number(), self.other_number()]);
        let (ended_at, id) = (self.ended_at(), self.id());
        let others = others.each_ref().map(String::as_str);
        let play = play(&script, &customer, others, ended_at, id);
        let (signer, until) = (&self.signers.telnyx, self.plan.until);
        let first_event = self.events;
        for event in &play.events {
            self.tell(|attempts| event.again(attempts).signed(signer, until));
        }
        for mut leg in play.legs {
            leg.needs.iter_mut().for_each(|need| *need += first_event);
            self.traffic.legs.push(leg);
        }
    }

    pub(super) fn telnyx_hangup(&mut self) -> (Webhook, String) {
        let leg = self.long_leg();
        let webhook = self.signers.telnyx.json(VOICE_EVENTS, &leg.hangup(), self.plan.until);
        (webhook, leg.leg_id.to_string())
    }

    pub(super) fn telnyx_unusable(&mut self, why: Unusable) -> (Fields, String) {
        let leg = self.long_leg();
        let (mut fields, duration) = match why {
            Unusable::Unreadable => (leg.texml_ended(), "an hour"),
            Unusable::DurationAmbiguous => {
                (leg.clone().unanswered(Cause::UserBusy).texml_ended(), "3599")
            }
        };
        fields.push(("CallDuration", duration.to_owned()));
        (fields, leg.leg_id.to_string())
    }

    fn long_leg(&mut self) -> TelnyxLeg {
        let (customer, other) = (self.customer(Provider::Telnyx), self.other_number());
        let (ended_at, id) = (self.ended_at(), self.id());
        TelnyxLeg::outbound(&customer.number, &other, 3_599).named(id).ended_at(ended_at)
    }
}
