//! A script as it is played: every event that is told of it, and what the books must make of them.

use time::OffsetDateTime;
use uuid::Uuid;

use super::script::{Cost, Form, Script};
use super::{Event, TelnyxLeg};
use crate::simulator::flow::{Customer, ExpectedLeg, Length, Provider};
use crate::simulator::twilio::Status;

/// What a script comes to.
#[derive(Clone, Debug)]
pub struct Play {
    /// Every event, in the order in which Telnyx would tell them.
    pub events: Vec<Event>,
    /// What must stand in the books; their needs are places in `events`.
    pub legs: Vec<ExpectedLeg>,
}

/// Plays a script for a customer who talks to two other numbers, of which the second is for a second leg. The last leg
/// is over at `ended_at`; all ids are made of `id`.
#[must_use]
pub fn play(
    script: &Script,
    customer: &Customer,
    others: [&str; 2],
    ended_at: OffsetDateTime,
    id: Uuid,
) -> Play {
    let (first, second) = script.legs(customer, others, ended_at, id);
    let mut told = Told { script, sooner: Vec::new(), events: Vec::new(), later: Vec::new() };
    let is_session = second.as_ref().is_some_and(|second| second.parent.is_none());

    let needs = told.leg(&first, script.form);
    let mut parent = ExpectedLeg {
        session: is_session.then_some(first.session),
        needs,
        ..told.expected(customer, &first, script.form, script.outbound)
    };
    if script.recorded && first.seconds() > 0 {
        told.recording(&first);
        parent.recording_url = Some(first.recording_url.clone());
    }
    let Some(second) = second else {
        return told.play(vec![parent]);
    };
    let form = if is_session { Form::CallControl } else { Form::Texml };
    let own_needs = told.leg(&second, form);
    let mut child = told.expected(customer, &second, form, true);
    if is_session {
        child.session = Some(first.session);
    } else {
        told.events.push(Event::Form(first.texml_dial_action(&second)));
        child.covered = script.outbound;
        child.needs = both(own_needs, &parent.needs);
    }
    told.play(vec![parent, child])
}

/// Nothing, if either of them needs more than events.
fn both(own: Vec<usize>, of_parent: &[usize]) -> Vec<usize> {
    if own.is_empty() || of_parent.is_empty() { Vec::new() } else { [&own, of_parent].concat() }
}

/// What is told, as it comes to be.
struct Told<'a> {
    script: &'a Script,
    sooner: Vec<Event>,
    events: Vec<Event>,
    later: Vec<Event>,
}

impl Told<'_> {
    /// Everything about a leg in a form. Returns the places in `events` of what must be told before it is charged; none
    /// where that is not all.
    fn leg(&mut self, leg: &TelnyxLeg, form: Form) -> Vec<usize> {
        match form {
            Form::CallControl => self.call_control(leg),
            Form::Texml => self.texml(leg),
            Form::Both => {
                self.call_control(leg);
                self.texml(leg);
                Vec::new()
            }
        }
    }

    fn call_control(&mut self, leg: &TelnyxLeg) -> Vec<usize> {
        self.events.push(Event::Json(leg.initiated()));
        let is_answer_told = leg.answered_at.is_some() && self.script.answer_told;
        if is_answer_told {
            self.events.push(Event::Json(leg.answered()));
            self.events.push(Event::Json(leg.bridged()));
        }
        let hangup = self.events.len();
        self.events.push(Event::Json(leg.hangup()));
        match self.script.cost {
            Cost::Untold => {}
            Cost::Unknown => self.later.push(Event::Json(leg.cost_unknown())),
            Cost::Last => self.later.push(Event::Json(leg.cost(billed(leg)))),
            Cost::First => self.sooner.push(Event::Json(leg.cost(billed(leg)))),
        }
        if is_answer_told { vec![hangup - 2, hangup] } else { Vec::new() }
    }

    fn texml(&mut self, leg: &TelnyxLeg) -> Vec<usize> {
        let was_answered = leg.answered_at.is_some();
        let is_answer_told = was_answered && self.script.answer_told;
        let is_stated = !was_answered || self.script.duration_told;
        for status in [Status::Initiated, Status::Ringing] {
            self.events.push(Event::Form(leg.texml_progress(status)));
        }
        if is_answer_told {
            self.events.push(Event::Form(leg.texml_progress(Status::InProgress)));
        }
        let end = self.events.len();
        let ended = if is_stated { leg.texml_completed() } else { leg.texml_ended() };
        self.events.push(Event::Form(ended));
        match (is_stated, is_answer_told) {
            (true, _) => vec![end],
            (false, true) => vec![end - 1, end],
            (false, false) => Vec::new(),
        }
    }

    fn recording(&mut self, leg: &TelnyxLeg) {
        if self.script.form == Form::Texml {
            self.events.push(Event::Form(leg.texml_recording("in-progress")));
            self.later.push(Event::Form(leg.texml_recording("completed")));
        } else {
            self.later.push(Event::Json(leg.recording_saved()));
        }
    }

    fn expected(
        &self,
        customer: &Customer,
        leg: &TelnyxLeg,
        form: Form,
        outbound: bool,
    ) -> ExpectedLeg {
        let names = vec![leg.leg_id.to_string(), leg.control_id.clone()];
        let length = self.length(leg, form);
        ExpectedLeg {
            outcome: leg.cause.status().as_str().replace('-', "_"),
            outbound,
            ..ExpectedLeg::outbound(Provider::Telnyx, names, customer.wallet, &leg.to, length)
        }
    }

    fn length(&self, leg: &TelnyxLeg, form: Form) -> Length {
        let is_cost_told = matches!(self.script.cost, Cost::First | Cost::Last);
        Length {
            stated: match (form, leg.answered_at) {
                (Form::CallControl, _) => None,
                (Form::Texml | Form::Both, None) => Some(0),
                (Form::Texml | Form::Both, Some(_)) => {
                    self.script.duration_told.then(|| leg.seconds_stated())
                }
            },
            ends_as_answered: leg.cause.is_of_answered(),
            billed: (form != Form::Texml && is_cost_told).then(|| billed(leg)),
            started_at: Some(leg.started_at),
            answered_at: leg.answered_at.filter(|_| self.script.answer_told),
            ended_at: leg.ended_at,
        }
    }

    fn play(self, mut legs: Vec<ExpectedLeg>) -> Play {
        for need in legs.iter_mut().flat_map(|leg| &mut leg.needs) {
            *need += self.sooner.len();
        }
        Play { events: [self.sooner, self.events, self.later].concat(), legs }
    }
}

/// `billed_duration_secs`: in steps of six seconds, as carriers bill.
fn billed(leg: &TelnyxLeg) -> u32 {
    leg.seconds().div_ceil(6) * 6
}
