//! A pre-flight, step by step: money set aside, the decision durable, a second look, the answer.

use curbe_domain::money::Money;
use curbe_domain::rating::funding::{Limits, seconds};
use curbe_platform::credit::{Ask, Confirmed, Kind, Placed, Wanted};

use super::bank::{Authorization, Decision, Status, hold_of_leg, money};
use super::loading::Load;
use super::world::{Actor, Without, World, at};

#[derive(Debug)]
pub(super) struct Preflight {
    leg: usize,
    id: u64,
    /// When it was asked.
    at: i64,
    stage: Stage,
    terms: Option<Authorization>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Place,
    Publish,
    Acked,
    Confirm,
    /// Until a load is over; the stage to go on with.
    Wait(u64, Again),
    Answer,
    Withdraw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Place,
    Confirm,
}

impl Preflight {
    pub(super) fn begin(world: &mut World, leg: usize) {
        let (id, at) = (world.id(), world.now);
        let one = Self { leg, id, at, stage: Stage::Place, terms: None };
        world.actors.push(Actor::Preflight(one));
    }

    /// Whether it has no time left: an answer is due within seconds. What is to be taken back, is taken back.
    pub(super) fn is_patient(&self) -> bool {
        self.stage == Stage::Withdraw
    }

    pub(super) async fn step(self, world: &mut World) -> Option<Self> {
        if self.stage != Stage::Withdraw && world.chance(2) {
            world.note(format!("decision {}: its ingest dies at {:?}", self.id, self.stage));
            return None;
        }
        match self.stage {
            Stage::Place => self.place(world).await,
            Stage::Publish => Some(self.publish(world)),
            Stage::Acked => Some(self.acked(world)),
            Stage::Confirm => self.confirm(world).await,
            Stage::Wait(load, again) => self.wait(world, load, again),
            Stage::Answer => self.answer(world),
            Stage::Withdraw => self.withdraw(world),
        }
    }

    async fn place(mut self, world: &mut World) -> Option<Self> {
        let hold = hold_of_leg(self.leg);
        let wallet = world.bank.legs[self.leg].wallet;
        let wallet_id = world.bank.wallets[wallet].id;
        let ask = Ask {
            wallet_id,
            hold: &hold,
            kind: Kind::Preflight,
            purpose: "from pre-flight",
            wanted: wanted(world),
            now: at(self.at),
        };
        let placed = world.cache.place(&ask).await;
        world.note(format!("decision {}: {hold} of wallet {wallet}: {placed:?}", self.id));
        match placed {
            Ok(Placed::New(taken) | Placed::Again(taken, _)) => {
                let longest = Limits::default().longest;
                let seconds = seconds(&world.bank.rate, taken.amount, longest);
                let (amount, due) = (taken.amount.units(), self.at + i64::from(seconds) + 600);
                let (leg, status) = (Some(self.leg), Status::Authorized);
                self.terms =
                    Some(Authorization { wallet, leg, hold, amount, seconds, due, status });
                self.stage = Stage::Publish;
                if world.without == Without::Holds {
                    let terms = self.terms.as_ref()?;
                    world
                        .cache
                        .drop_hold(wallet_id, &terms.hold, at(i64::from(u32::MAX)))
                        .await
                        .ok();
                }
                Some(self)
            }
            Ok(Placed::NotLoaded) => {
                self.stage = Stage::Wait(Load::begin(world, wallet), Again::Place);
                Some(self)
            }
            Ok(Placed::Refused(_)) | Err(_) => None,
        }
    }

    fn publish(mut self, world: &mut World) -> Self {
        let Some(terms) = self.terms.clone() else { return self };
        if world.chance(10) {
            let arrives = world.chance(50);
            world.note(format!("decision {}: no ack, and it arrives: {arrives}", self.id));
            if arrives {
                world.bank.queue.push((Decision::Authorized(self.id, terms), false));
            }
            return Self { stage: Stage::Withdraw, ..self };
        }
        world.bank.queue.push((Decision::Authorized(self.id, terms), false));
        world.note(format!("decision {}: durable as {}", self.id, world.bank.queue.len()));
        self.stage = Stage::Acked;
        self
    }

    fn acked(self, world: &World) -> Self {
        let sees_again = !matches!(world.without, Without::SecondLook | Without::Holds);
        Self { stage: if sees_again { Stage::Confirm } else { Stage::Answer }, ..self }
    }

    async fn confirm(self, world: &mut World) -> Option<Self> {
        let terms = self.terms.clone()?;
        let wallet_id = world.bank.wallets[terms.wallet].id;
        let amount = money(terms.amount);
        let confirmed = world
            .cache
            .confirm(wallet_id, &terms.hold, amount, "from pre-flight", at(self.at))
            .await;
        world.note(format!("decision {}: looked at again: {confirmed:?}", self.id));
        let stage = match confirmed {
            Ok(Confirmed::Held) => Stage::Answer,
            Ok(Confirmed::NotLoaded) => {
                Stage::Wait(Load::begin(world, terms.wallet), Again::Confirm)
            }
            Ok(Confirmed::Lost) | Err(_) => Stage::Withdraw,
        };
        Some(Self { stage, ..self })
    }

    /// Waits for a load, or gives up.
    fn wait(self, world: &mut World, load: u64, again: Again) -> Option<Self> {
        let is_late = world.chance(5);
        match again {
            Again::Place if is_late => None,
            Again::Confirm if is_late => Some(Self { stage: Stage::Withdraw, ..self }),
            _ if world.loads.contains(&load) => Some(self),
            Again::Place => Some(Self { stage: Stage::Place, ..self }),
            Again::Confirm => Some(Self { stage: Stage::Confirm, ..self }),
        }
    }

    fn answer(self, world: &mut World) -> Option<Self> {
        let terms = self.terms?;
        world.note(format!("decision {}: {} may talk for {}", self.id, terms.hold, terms.amount));
        world.is_unseen = true;
        let until = world.now + i64::from(terms.seconds);
        let leg = &mut world.bank.legs[self.leg];
        if leg.ended.is_none() {
            let told = (terms.amount, terms.seconds);
            leg.until = leg.answered.map_or(until, |_| leg.until.max(until));
            leg.answered = Some(leg.answered.map_or(told, |before| before.max(told)));
        }
        None
    }

    fn withdraw(self, world: &mut World) -> Option<Self> {
        let terms = self.terms?;
        world.note(format!("decision {}: withdrawn", self.id));
        world.bank.queue.push((Decision::Withdrawn(self.id, terms), false));
        None
    }
}

fn wanted(world: &World) -> Wanted {
    let Limits { shortest, usual, longest, share_percent } = Limits::default();
    let price = |seconds| -> Money { money(world.bank.price(seconds)) };
    Wanted {
        least: price(shortest),
        usual: price(usual),
        most: price(longest),
        share_percent,
        keeps_threshold: true,
        calls_max: Some(4),
    }
}
