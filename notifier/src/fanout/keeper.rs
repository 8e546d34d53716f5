//! Runs a room: brings it what it is told and what is read for it, in turn. Nothing here waits for a socket, and Postgres
//! is read beside the room, so that a slow one delays only what is missing.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;
use uuid::Uuid;

use super::reading::{GRACE, ReadBack, read_back, snapshot, standing};
use super::room::{Control, Reading, Room};
use crate::store::{Store, Wallet};

/// How a room is spoken to.
pub(super) struct Inlets {
    pub(super) controls: mpsc::UnboundedReceiver<Control>,
    /// What was published on the wallet's channel.
    pub(super) messages: mpsc::Receiver<Vec<u8>>,
    /// Told when there were more messages than are kept.
    pub(super) missed: Arc<Notify>,
}

/// What is under way for a room.
#[derive(Default)]
struct Errands {
    snapshot: Option<BoxFuture<'static, Option<Wallet>>>,
    reading: Option<BoxFuture<'static, Option<ReadBack>>>,
}

/// Until the hub lets go of it.
pub(super) async fn keep(mut room: Room, store: Store, mut inlets: Inlets) {
    let mut errands = Errands::default();
    loop {
        tokio::select! {
            control = inlets.controls.recv() => match control {
                Some(control) => room.on_control(control),
                None => return,
            },
            Some(payload) = inlets.messages.recv() => room.on_message(&payload),
            () = inlets.missed.notified() => room.on_missed(),
            wallet = finished(&mut errands.snapshot) => {
                errands.snapshot = None;
                room.on_snapshot(wallet);
            }
            read = finished(&mut errands.reading) => {
                errands.reading = None;
                if let Some(ReadBack::Frames(_, frames)) = &read {
                    room.members.make_way(frames.len()).await;
                }
                room.on_reading(read);
            }
        }
        room.deliver();
        errands.begin(&mut room, &store);
    }
}

impl Errands {
    fn begin(&mut self, room: &mut Room, store: &Store) {
        let wallet_id = room.wallet_id;
        if self.reading.is_none()
            && let Some(reading) = room.next_reading()
        {
            self.reading = Some(Box::pin(read(store.clone(), wallet_id, reading)));
        }
        if self.snapshot.is_none()
            && let Some(at_least) = room.next_snapshot()
        {
            self.snapshot = Some(Box::pin(snapshot(store.clone(), wallet_id, at_least)));
        }
    }
}

async fn read(store: Store, wallet_id: Uuid, reading: Reading) -> Option<ReadBack> {
    match reading {
        Reading::Patience => {
            sleep(GRACE).await;
            None
        }
        Reading::Standing => Some(ReadBack::Standing(standing(store, wallet_id).await)),
        Reading::Frames(span) => Some(read_back(store, span).await),
    }
}

async fn finished<T>(errand: &mut Option<BoxFuture<'static, T>>) -> T {
    match errand {
        Some(errand) => errand.await,
        None => std::future::pending().await,
    }
}
