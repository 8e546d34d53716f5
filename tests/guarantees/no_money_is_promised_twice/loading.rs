//! A load, step by step: which epoch, how far the queue is, waiting, one snapshot, one script.

use curbe_platform::credit::{Epoch, Hold, Loaded, WalletState};

use super::world::{Actor, Without, World};

#[derive(Debug)]
pub(super) struct Load {
    id: u64,
    wallet: usize,
    epoch: Option<Epoch>,
    end: Option<usize>,
    has_waited: bool,
    snapshot: Option<(WalletState, Vec<Hold>)>,
}

impl Load {
    /// Begins one.
    pub(super) fn begin(world: &mut World, wallet: usize) -> u64 {
        let id = world.id();
        world.loads.insert(id);
        let load = Self { id, wallet, epoch: None, end: None, has_waited: false, snapshot: None };
        world.actors.push(Actor::Load(load));
        id
    }

    pub(super) async fn step(mut self, world: &mut World) -> Option<Self> {
        if self.needs_epoch(world) {
            return self.begin_epoch(world).await;
        }
        let Some(end) = self.end else {
            self.end = Some(world.bank.queue.len());
            world.note(format!(
                "load {}: of wallet {}, the queue ends at {:?}",
                self.id, self.wallet, self.end
            ));
            return Some(self);
        };
        if !self.has_waited {
            self.has_waited = world.bank.has_passed(end);
            return Some(self);
        }
        let Some(epoch) = self.epoch.clone() else { return self.begin_epoch(world).await };
        let Some((state, holds)) = self.snapshot.take() else {
            let holds = world.bank.open_holds(self.wallet);
            world.note(format!("load {}: snapshot with {} holds", self.id, holds.len()));
            self.snapshot = Some((world.bank.state(self.wallet), holds));
            return Some(self);
        };
        world.is_unseen = true;
        let became = world.cache.load(&epoch, &state, &holds, world.time()).await;
        world.note(format!("load {}: version {}, {became:?}", self.id, state.version));
        match became {
            Ok(Loaded::Newer) => Some(self),
            Ok(Loaded::OtherEpoch) => {
                let keeps_end = world.without == Without::OrderOfLoad;
                let (end, has_waited) = (self.end.filter(|_| keeps_end), keeps_end);
                Some(Self { epoch: None, end, has_waited, ..self })
            }
            Ok(Loaded::Loaded) | Err(_) => {
                world.loads.remove(&self.id);
                None
            }
        }
    }

    fn needs_epoch(&self, world: &World) -> bool {
        self.epoch.is_none() && world.without != Without::OrderOfLoad
    }

    async fn begin_epoch(mut self, world: &mut World) -> Option<Self> {
        match world.cache.epoch().await {
            Ok(epoch) => self.epoch = Some(epoch),
            Err(_) => {
                world.loads.remove(&self.id);
                return None;
            }
        }
        world.note(format!("load {}: under the epoch of now", self.id));
        Some(self)
    }
}
