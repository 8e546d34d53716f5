//! A purchase, step by step: money set aside, the authorization durable, a second look, granted, captured or released.

use curbe_platform::credit::{Ask, Kind, Placed, Wanted};

use super::bank::{Authorization, Status, hold_of_purchase, money};
use super::loading::Load;
use super::world::{Actor, Without, World, at};

#[derive(Debug)]
pub(super) struct Purchase {
    id: u64,
    at: i64,
    wallet: usize,
    amount: i64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Place,
    Write,
    PlaceAgain,
    /// Until a load is over; whether it is in the database by then.
    Wait(u64, bool),
    Granted,
}

impl Purchase {
    pub(super) fn begin(world: &mut World) {
        let (id, at, wallet) = (world.id(), world.now, world.any_wallet());
        let amount = i64::try_from(id % 4 + 1).unwrap() * 2_500;
        world.actors.push(Actor::Purchase(Self { id, at, wallet, amount, stage: Stage::Place }));
    }

    /// Whether its caller still waits for a word, which comes within seconds or never.
    pub(super) fn is_patient(&self) -> bool {
        self.stage == Stage::Granted
    }

    pub(super) async fn step(self, world: &mut World) -> Option<Self> {
        if world.chance(2) {
            world.note(format!("purchase {}: its service dies at {:?}", self.id, self.stage));
            return None;
        }
        match self.stage {
            Stage::Place => self.place(world, false).await,
            Stage::Write => Some(self.write(world)),
            Stage::PlaceAgain => self.place(world, true).await,
            Stage::Wait(load, _) if world.loads.contains(&load) => Some(self),
            Stage::Wait(_, is_written) => {
                let stage = if is_written { Stage::PlaceAgain } else { Stage::Place };
                Some(Self { stage, ..self })
            }
            Stage::Granted => {
                let captured = !world.chance(30);
                world.note(format!("purchase {}: captured {captured}", self.id));
                if let Some(news) = world.bank.decide(self.id, captured) {
                    world.tell(news);
                }
                None
            }
        }
    }

    async fn place(self, world: &mut World, is_written: bool) -> Option<Self> {
        let hold = hold_of_purchase(self.id);
        let wallet_id = world.bank.wallets[self.wallet].id;
        let wanted = Wanted::exactly(money(self.amount));
        let (kind, now) = (Kind::Other, at(self.at));
        let ask = Ask { wallet_id, hold: &hold, kind, purpose: "a purchase", wanted, now };
        let placed = world.cache.place(&ask).await;
        world.note(format!("purchase {} of wallet {}: {placed:?}", self.id, self.wallet));
        let stage = match placed {
            Ok(Placed::New(_) | Placed::Again(..)) if is_written => return Some(self.grant(world)),
            Ok(Placed::New(_) | Placed::Again(..)) => Stage::Write,
            Ok(Placed::NotLoaded) => Stage::Wait(Load::begin(world, self.wallet), is_written),
            Ok(Placed::Refused(_)) | Err(_) => {
                if let Some(news) = world.bank.decide(self.id, false) {
                    world.tell(news);
                }
                return None;
            }
        };
        if world.without == Without::Holds {
            world.cache.drop_hold(wallet_id, &hold, at(i64::from(u32::MAX))).await.ok();
        }
        Some(Self { stage, ..self })
    }

    fn write(self, world: &mut World) -> Self {
        let Self { id, wallet, amount, at, .. } = self;
        let (hold, due, status) = (hold_of_purchase(id), at + 900, Status::Authorized);
        let row = Authorization { wallet, leg: None, hold, amount, seconds: 0, due, status };
        world.bank.authorizations.insert(id, row);
        world.note(format!("purchase {id}: in the database"));
        if matches!(world.without, Without::SecondLook | Without::Holds) {
            return self.grant(world);
        }
        Self { stage: Stage::PlaceAgain, ..self }
    }

    fn grant(self, world: &mut World) -> Self {
        world.is_unseen = true;
        world.bank.granted.insert(self.id, (self.wallet, self.amount));
        world.note(format!("purchase {}: granted {}", self.id, self.amount));
        Self { stage: Stage::Granted, ..self }
    }
}
