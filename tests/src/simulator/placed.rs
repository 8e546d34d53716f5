//! One call into the world, at any of the three providers: what it asks, what is sent of it, and what must come of it.

use time::OffsetDateTime;
use uuid::Uuid;

use super::flow::{Customer, ExpectedLeg, Length, Provider, VOICE_EVENTS, VOICE_REQUEST};
use super::sign::Webhook;
use super::signalwire::{PROJECT, SignalWireCall};
use super::signers::Signers;
use super::telnyx::{CONNECTION, Cause, Event, TelnyxLeg};
use super::twilio::{ACCOUNT, Silence, Status, TwilioCall};

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
pub struct Dialled<'a> {
    /// What all names of the leg are made of.
    pub id: Uuid,
    /// Who carries it.
    pub provider: Provider,
    /// The number.
    pub to: &'a str,
    /// How it ends.
    pub status: Status,
    /// From answer to end.
    pub seconds: u32,
}

impl<'a> Dialled<'a> {
    /// A call that was answered. Its id is new.
    #[must_use]
    pub fn completed(provider: Provider, to: &'a str, seconds: u32) -> Self {
        Self { id: Uuid::new_v4(), provider, to, status: Status::Completed, seconds }
    }

    /// The same, never answered.
    #[must_use]
    pub fn unanswered(self, status: Status) -> Self {
        Self { status, seconds: 0, ..self }
    }
}

impl Placed {
    /// A call of this customer's that ends now. SignalWire keeps its recording at `files`.
    #[must_use]
    pub fn by(customer: &Customer, dialled: Dialled<'_>, signers: &Signers, files: &str) -> Self {
        let (provider, wallet) = (dialled.provider, customer.wallet);
        let account = customer.account.clone().unwrap_or_else(|| default_account(provider));
        let call = TwilioCall::outbound(&customer.number, dialled.to);
        let call = TwilioCall { account, ..call }.sid(format!("CA{}", dialled.id.simple()));
        let call = if dialled.status == Status::Completed {
            call.completed(dialled.seconds)
        } else {
            call.unanswered(dialled.status, Silence::Zero)
        };
        let length = Length::stated(dialled.seconds, call.ended_at);
        let leg = ExpectedLeg {
            outcome: dialled.status.as_str().replace('-', "_"),
            ..ExpectedLeg::outbound(provider, Vec::new(), wallet, dialled.to, length)
        };
        match provider {
            Provider::Twilio => twilio(&call, leg, signers),
            Provider::SignalWire => signalwire(&call, leg, signers, files),
            Provider::Telnyx => telnyx(&call, dialled.id, leg, signers),
        }
    }
}

fn default_account(provider: Provider) -> String {
    let account = match provider {
        Provider::Twilio => ACCOUNT,
        Provider::SignalWire => PROJECT,
        Provider::Telnyx => CONNECTION,
    };
    account.to_owned()
}

fn twilio(call: &TwilioCall, leg: ExpectedLeg, signers: &Signers) -> Placed {
    let form = |fields| signers.twilio.form(VOICE_EVENTS, &fields);
    Placed {
        request: signers.twilio.form(VOICE_REQUEST, &call.voice_request()),
        webhooks: vec![form(call.hangup())],
        recording: form(call.recording("completed")),
        recording_url: call.recording_url(),
        leg: ExpectedLeg { names: vec![call.sid.clone()], ..leg },
    }
}

fn signalwire(call: &TwilioCall, leg: ExpectedLeg, signers: &Signers, files: &str) -> Placed {
    let call = SignalWireCall { files: files.to_owned(), ..SignalWireCall::like(call) };
    let form = |fields| signers.signalwire.form(VOICE_EVENTS, &fields);
    Placed {
        request: signers.signalwire.form(VOICE_REQUEST, &call.voice_request()),
        webhooks: vec![form(call.hangup())],
        recording: form(call.recording("completed")),
        recording_url: call.recording_url(),
        leg: ExpectedLeg { names: vec![call.sid], ..leg },
    }
}

/// Call Control tells no seconds: they follow from the answer and the end. Nor does it say that nobody answered, so
/// such a call is told by TeXML.
fn telnyx(call: &TwilioCall, id: Uuid, leg: ExpectedLeg, signers: &Signers) -> Placed {
    let told = TelnyxLeg::outbound(&call.from, &call.to, call.seconds).named(id);
    let told = TelnyxLeg { connection: call.account.clone(), ..told.ended_at(call.ended_at) };
    let (told, events) = if call.status == Status::Completed {
        let events = [told.initiated(), told.answered(), told.hangup()];
        (told, events.map(Event::Json).to_vec())
    } else {
        let told = told.unanswered(Cause::of(call.status));
        let ended = Event::Form(told.texml_completed());
        (told, vec![ended])
    };
    let sign = |event: &Event| event.signed(&signers.telnyx, OffsetDateTime::now_utc());
    let (asks, now) = (told.texml_request(), OffsetDateTime::now_utc());
    Placed {
        request: signers.telnyx.form(VOICE_REQUEST, &asks, now),
        webhooks: events.iter().map(sign).collect(),
        recording: sign(&Event::Json(told.recording_saved())),
        leg: ExpectedLeg { names: vec![told.leg_id.to_string(), told.control_id], ..leg },
        recording_url: told.recording_url,
    }
}
