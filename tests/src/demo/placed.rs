//! One call of the demo, at any of the three providers: what is sent of it, and what must come of it.

use time::OffsetDateTime;

use super::people::{Organization, Person};
use super::postman::Postman;
use crate::simulator::flow::{ExpectedLeg, Length, Provider, VOICE_EVENTS, VOICE_REQUEST};
use crate::simulator::sign::Webhook;
use crate::simulator::signalwire::SignalWireCall;
use crate::simulator::telnyx::{Cause, Event, TelnyxLeg};
use crate::simulator::twilio::{Silence, Status, TwilioCall};

/// A call into the world that is over.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What it asks before it begins.
    pub request: Webhook,
    /// What is told of it, in order.
    pub webhooks: Vec<Webhook>,
    /// That it was recorded, which need not be told.
    pub recording: Webhook,
    /// Where the recording would be.
    pub recording_url: String,
    /// What must come of it.
    pub leg: ExpectedLeg,
}

/// Whom somebody calls, how it ends, and after how many seconds.
#[derive(Clone, Copy, Debug)]
pub struct Dialled {
    /// Who carries it.
    pub provider: Provider,
    /// The number.
    pub to: &'static str,
    /// How it ends.
    pub status: Status,
    /// From answer to end.
    pub seconds: u32,
}

impl Dialled {
    /// A call that was answered.
    #[must_use]
    pub fn completed(provider: Provider, to: &'static str, seconds: u32) -> Self {
        Self { provider, to, status: Status::Completed, seconds }
    }
}

impl Placed {
    /// A call of somebody in an organization.
    #[must_use]
    pub fn by(
        person: &Person,
        organization: &Organization,
        dialled: Dialled,
        postman: &Postman,
    ) -> Self {
        let account = organization.account(dialled.provider).to_owned();
        let call = TwilioCall::outbound(person.number(dialled.provider), dialled.to);
        let call = TwilioCall { account, ..call };
        let call = if dialled.status == Status::Completed {
            call.completed(dialled.seconds)
        } else {
            call.unanswered(dialled.status, Silence::Zero)
        };
        let length = Length::stated(dialled.seconds, call.ended_at);
        let (provider, wallet) = (dialled.provider, organization.wallet);
        let leg = ExpectedLeg {
            outcome: dialled.status.as_str().replace('-', "_"),
            ..ExpectedLeg::outbound(provider, Vec::new(), wallet, dialled.to, length)
        };
        match provider {
            Provider::Twilio => twilio(&call, leg, postman),
            Provider::SignalWire => signalwire(&call, leg, postman),
            Provider::Telnyx => telnyx(&call, leg, postman),
        }
    }
}

fn twilio(call: &TwilioCall, leg: ExpectedLeg, postman: &Postman) -> Placed {
    let form = |fields| postman.signers().twilio.form(VOICE_EVENTS, &fields);
    Placed {
        request: postman.signers().twilio.form(VOICE_REQUEST, &call.voice_request()),
        webhooks: vec![form(call.hangup())],
        recording: form(call.recording("completed")),
        recording_url: call.recording_url(),
        leg: ExpectedLeg { names: vec![call.sid.clone()], ..leg },
    }
}

fn signalwire(call: &TwilioCall, leg: ExpectedLeg, postman: &Postman) -> Placed {
    let files = postman.files().to_owned();
    let call = SignalWireCall { files, ..SignalWireCall::like(call) };
    let form = |fields| postman.signers().signalwire.form(VOICE_EVENTS, &fields);
    Placed {
        request: postman.signers().signalwire.form(VOICE_REQUEST, &call.voice_request()),
        webhooks: vec![form(call.hangup())],
        recording: form(call.recording("completed")),
        recording_url: call.recording_url(),
        leg: ExpectedLeg { names: vec![call.sid], ..leg },
    }
}

/// Call Control tells no seconds: they follow from the answer and the end. Nor does it say that nobody answered, so
/// such a call is told by TeXML.
fn telnyx(call: &TwilioCall, leg: ExpectedLeg, postman: &Postman) -> Placed {
    let told = TelnyxLeg::outbound(&call.from, &call.to, call.seconds).ended_at(call.ended_at);
    let told = TelnyxLeg { connection: call.account.clone(), ..told };
    let (told, events) = if call.status == Status::Completed {
        let events = [told.initiated(), told.answered(), told.hangup()];
        (told, events.map(Event::Json).to_vec())
    } else {
        let told = told.unanswered(Cause::of(call.status));
        let ended = Event::Form(told.texml_completed());
        (told, vec![ended])
    };
    let sign = |event: &Event| event.signed(&postman.signers().telnyx, OffsetDateTime::now_utc());
    let (asks, now) = (told.texml_request(), OffsetDateTime::now_utc());
    Placed {
        request: postman.signers().telnyx.form(VOICE_REQUEST, &asks, now),
        webhooks: events.iter().map(sign).collect(),
        recording: sign(&Event::Json(told.recording_saved())),
        leg: ExpectedLeg { names: vec![told.leg_id.to_string(), told.control_id], ..leg },
        recording_url: told.recording_url,
    }
}
