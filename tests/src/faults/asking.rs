//! Calls that ask before they begin, and do as they are told. One that may begin runs for a while and ends, at its limit
//! if there is little money; one that may not is told so and ends; one that gets no answer does not begin.

use std::ops::Range;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::providers::{PATIENCE, PAUSE, Providers, held};
use crate::simulator::flow::{Customer, ExpectedLeg, Provider};
use crate::simulator::instructions::Document;
use crate::simulator::placed::{Dialled, Placed};
use crate::simulator::sign::Webhook;
use crate::simulator::signalwire::FILES;
use crate::simulator::twilio::Status;

/// Calls that ask at about the same time: of those with plenty of money, and of the one with little, of which each takes half
/// of what the others have left.
const RICH: usize = 6;
const POOR: usize = 4;
/// Until one of them asks, and from its beginning until its end is told; in milliseconds.
const LATER: Range<u64> = 0..700;
/// How long the words of a refusal take.
const WORDS_SECONDS: u32 = 6;
/// Its provider hangs up so much later than it was told to.
const LATE_SECONDS: u32 = 2;
/// A provider that gets no answer asks once more.
const TRIES: usize = 2;
/// The least that a call into this country takes is a good part of what the poor one has.
const DEAR: &str = "+34";

/// What a provider was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It may last so many seconds.
    Begins(u32),
    /// It may not begin, which its caller hears, or does not.
    Refused { is_spoken: bool },
}

/// A call that is about to ask, with all of its chance.
#[derive(Clone, Debug)]
struct Asking {
    customer: Customer,
    id: Uuid,
    provider: Provider,
    to: String,
    status: Status,
    /// `None`: until it is cut.
    seconds: Option<u32>,
    asks_after: Duration,
    ends_after: Duration,
    /// Whether its provider tells of its end where it got no answer.
    is_told_unbegun: bool,
}

impl Providers {
    /// Some calls of everybody, each from its question to its end.
    pub(super) async fn asking(&self, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed.rotate_left(32));
        let rich = (0..RICH).map(|_| Asking::rich(&self.customers, &mut rng)).collect::<Vec<_>>();
        let poor = (0..POOR).map(|_| Asking::poor(&self.debtors, &mut rng)).collect::<Vec<_>>();
        let calls = rich.into_iter().chain(poor).flatten();
        join_all(calls.map(|call| self.go_through(call))).await;
    }

    async fn go_through(&self, call: Asking) {
        sleep(call.asks_after).await;
        let told = self.ask(&self.placed(&call, call.dialled()).request).await;
        held(&self.history).asked.count(told);
        let (ended, refused) = match told {
            Some(Told::Begins(limit)) => {
                sleep(call.ends_after).await;
                (call.cut_at(limit), false)
            }
            Some(Told::Refused { is_spoken: true }) => (call.lasted(WORDS_SECONDS), true),
            Some(Told::Refused { is_spoken: false }) => {
                (call.dialled().unanswered(Status::Busy), true)
            }
            None if call.is_told_unbegun => (call.dialled().unanswered(Status::Failed), false),
            None => return,
        };
        let placed = self.placed(&call, ended);
        for webhook in &placed.webhooks {
            self.until_accepted(webhook, false).await;
        }
        held(&self.history).told.legs.push(ExpectedLeg { refused, ..placed.leg });
    }

    /// What its provider is told; `None`: nothing.
    async fn ask(&self, request: &Webhook) -> Option<Told> {
        for _ in 0..TRIES {
            match timeout(PATIENCE, self.sender.send(request)).await {
                Ok(Ok(answer)) if answer.status == 200 => return Some(Told::of(answer.body)),
                Ok(Ok(answer)) if answer.status != 503 => {
                    let words = format!("{} for a call that asks: {}", answer.status, answer.body);
                    held(&self.history).wrong.push(words);
                }
                Ok(Ok(_) | Err(_)) | Err(_) => {}
            }
            sleep(PAUSE).await;
        }
        None
    }

    fn placed(&self, call: &Asking, dialled: Dialled<'_>) -> Placed {
        Placed::by(&call.customer, dialled, &self.signers, FILES)
    }
}

impl Told {
    fn of(document: String) -> Self {
        let document = Document(document);
        match document.limit() {
            Some(limit) => Self::Begins(limit),
            None => Self::Refused { is_spoken: !document.is_silent() },
        }
    }
}

/// How calls that asked were answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// They may begin.
    pub begun: usize,
    /// They may not.
    pub refused: usize,
    /// They got no answer.
    pub unanswered: usize,
}

impl Asked {
    fn count(&mut self, told: Option<Told>) {
        *match told {
            Some(Told::Begins(_)) => &mut self.begun,
            Some(Told::Refused { .. }) => &mut self.refused,
            None => &mut self.unanswered,
        } += 1;
    }
}

impl Asking {
    /// Somebody with plenty of money calls somewhere for some minutes, or in vain.
    fn rich(customers: &[Customer], rng: &mut StdRng) -> Option<Self> {
        let prefix = *["+5255", "+52", "+1415", DEAR, "+44"].choose(rng)?;
        let status = *[Status::Completed, Status::Completed, Status::NoAnswer].choose(rng)?;
        let seconds = Some(rng.random_range(1..600));
        Some(Self { status, seconds, ..Self::by(customers, prefix, rng)? })
    }

    /// Somebody with little money talks until he is cut.
    fn poor(debtors: &[Customer], rng: &mut StdRng) -> Option<Self> {
        Self::by(debtors, DEAR, rng)
    }

    fn by(customers: &[Customer], prefix: &str, rng: &mut StdRng) -> Option<Self> {
        let customer = customers.choose(rng)?.clone();
        let mut later = || Duration::from_millis(rng.random_range(LATER));
        let (asks_after, ends_after) = (later(), later());
        Some(Self {
            id: Uuid::from_u128(rng.random()),
            provider: customer.provider?,
            customer,
            to: format!("{prefix}{:08}", rng.random_range(0..100_000_000_u32)),
            status: Status::Completed,
            seconds: None,
            asks_after,
            ends_after,
            is_told_unbegun: rng.random(),
        })
    }

    fn dialled(&self) -> Dialled<'_> {
        Dialled { id: self.id, ..Dialled::completed(self.provider, &self.to, 0) }
    }

    fn lasted(&self, seconds: u32) -> Dialled<'_> {
        Dialled { seconds, ..self.dialled() }
    }

    /// It has begun, and may last so many seconds.
    fn cut_at(&self, limit: u32) -> Dialled<'_> {
        match (self.status, self.seconds) {
            (Status::Completed, Some(seconds)) => self.lasted(seconds.min(limit)),
            (Status::Completed, None) => self.lasted(limit + LATE_SECONDS),
            (status, _) => self.dialled().unanswered(status),
        }
    }
}
