//! Keeps messages in hand from being delivered to somebody else while their settlement waits.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::message::Acker;
use curbe_platform::queue::topology::ACK_WAIT;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const INTERVAL: Duration = Duration::from_secs(ACK_WAIT.as_secs() / 3);

/// Tells the server every third of `ack_wait` that the messages are still being worked on, until dropped.
pub(super) struct KeepAlive(JoinHandle<()>);

impl KeepAlive {
    pub(super) fn of(ackers: Arc<[Acker]>) -> Self {
        Self(tokio::spawn(async move {
            loop {
                sleep(INTERVAL).await;
                for acker in ackers.iter() {
                    // A lost one is made up for by the next, and redelivery changes nothing.
                    acker.ack_with(AckKind::Progress).await.ok();
                }
            }
        }))
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.0.abort();
    }
}
