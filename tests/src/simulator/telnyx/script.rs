//! A whole call at Telnyx, of one leg or two: how it goes, which of its events are told and in which form.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{CONNECTION, Cause, TelnyxLeg};
use crate::simulator::flow::Customer;

/// In which form a leg is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In JSON.
    CallControl,
    /// In forms.
    Texml,
    /// In both, each with a name of its own for the leg. A second leg is told in JSON.
    Both,
}

/// What is told of a leg's cost; only Call Control tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing.
    Untold,
    /// That it is not known.
    Unknown,
    /// It comes after everything else.
    Last,
    /// It comes before everything else.
    First,
}

/// How a call goes and what is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// From the customer into the world, else to him.
    pub outbound: bool,
    /// Why the first leg ends; so also whether it was answered.
    pub cause: Cause,
    /// From its answer to its end, if it was.
    pub talk: Duration,
    /// A second leg of the same session, dialled later: from an answered one, or because nobody answered.
    pub second: Option<Cause>,
    /// In which form it is told.
    pub form: Form,
    /// Whether the answer is told. Where it is not, what the leg cost and when it began are all there is.
    pub answer_told: bool,
    /// Whether TeXML states the seconds.
    pub duration_told: bool,
    /// What is told of the cost.
    pub cost: Cost,
    /// Whether the first leg is recorded.
    pub recorded: bool,
}

impl Script {
    /// A call of so many seconds from the customer, of which Call Control tells everything but the cost.
    #[must_use]
    pub fn outbound(seconds: u32) -> Self {
        Self {
            outbound: true,
            cause: Cause::NormalClearing,
            talk: Duration::seconds(seconds.into()),
            second: None,
            form: Form::CallControl,
            answer_told: true,
            duration_told: true,
            cost: Cost::Untold,
            recorded: false,
        }
    }

    /// Any. Half of all calls last as long as rounding could go wrong with.
    #[must_use]
    pub fn random(rng: &mut StdRng) -> Self {
        let edge = one_of(&[0, 1, 59, 60, 61, 119, 120, 121, 3_600], rng);
        let seconds = if rng.random() { edge } else { rng.random_range(1..7_200) };
        let beyond = one_of(&[0, 1, 250_000, 999_999], rng);
        Self {
            outbound: rng.random_bool(0.7),
            cause: any_cause(rng),
            talk: Duration::seconds(seconds) + Duration::microseconds(beyond),
            second: rng.random_bool(0.25).then(|| any_cause(rng)),
            form: one_of(&[Form::CallControl, Form::CallControl, Form::Texml, Form::Both], rng),
            answer_told: rng.random_bool(0.85),
            duration_told: rng.random_bool(0.8),
            cost: one_of(&[Cost::Untold, Cost::Unknown, Cost::Last, Cost::First], rng),
            recorded: rng.random_bool(0.2),
        }
    }

    /// The legs of a customer's call with two other numbers, of which the second is for a second leg. The last of them
    /// is over at `ended_at`; all ids are made of `id`.
    pub(super) fn legs(
        &self,
        customer: &Customer,
        others: [&str; 2],
        ended_at: OffsetDateTime,
        id: Uuid,
    ) -> (TelnyxLeg, Option<TelnyxLeg>) {
        let number = &customer.number;
        let (from, to) =
            if self.outbound { (&**number, others[0]) } else { (others[0], &**number) };
        let connection = customer.account.clone().unwrap_or_else(|| CONNECTION.to_owned());
        let first = TelnyxLeg::outbound(from, to, 0);
        let first = TelnyxLeg { connection, outgoing: self.outbound, ..first };
        let first = first.named(id).ended_at(ended_at);
        let Some(cause) = self.second else {
            return (ending(first, self.cause, self.talk), None);
        };
        let talk = self.talk.max(Duration::seconds(4));
        if self.form == Form::Texml {
            // What it dials, it dials once it was answered.
            let of_first = if self.cause.is_of_answered() { self.cause } else { Cause::default() };
            let first = ending(first, of_first, talk);
            let second = during(&first, first.dialled(from, others[1]), cause).child_of(&first);
            return (first, Some(second));
        }
        let second = first.dialled(number, others[1]);
        if self.cause.is_of_answered() {
            let first = ending(first, self.cause, talk);
            let second = during(&first, second, cause);
            return (first, Some(second));
        }
        let second = ending(second, cause, talk);
        let first = ending(first, self.cause, talk).ended_at(second.started_at - Duration::SECOND);
        (first, Some(second))
    }
}

/// Mostly that of a call that was answered.
fn any_cause(rng: &mut StdRng) -> Cause {
    if rng.random_bool(0.6) { Cause::default() } else { one_of(&Cause::ALL, rng) }
}

fn one_of<T: Copy>(values: &[T], rng: &mut StdRng) -> T {
    *values.choose(rng).expect("something to choose from")
}

/// A leg that ends when it does, for that reason.
fn ending(leg: TelnyxLeg, cause: Cause, talk: Duration) -> TelnyxLeg {
    if cause.is_of_answered() {
        return TelnyxLeg { cause, ..leg.completed(talk) };
    }
    leg.unanswered(cause)
}

/// A leg that begins after the first one did and is over before it.
fn during(first: &TelnyxLeg, leg: TelnyxLeg, cause: Cause) -> TelnyxLeg {
    let quarter = Duration::seconds(i64::from(first.seconds() / 4));
    ending(leg.ended_at(first.ended_at - quarter), cause, quarter * 2)
}
