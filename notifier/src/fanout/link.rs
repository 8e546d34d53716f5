//! The process's one pub/sub connection to Redis. The client library's stream simply ends when the connection does, and
//! says nothing when the other end is gone without a word: here it is pinged, given up and made anew.

use std::collections::VecDeque;
use std::time::Duration;

use curbe_domain::frames::channel;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use redis::aio::{PubSub, PubSubSink, PubSubStream};
use redis::{Client, Msg, RedisError, RedisResult};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(3);
const PING_INTERVAL: Duration = Duration::from_secs(2);
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// Channels in one command.
const CHANNELS_MAX: usize = 512;

/// What happens on the connection.
#[derive(Debug)]
pub(super) enum Event {
    /// There is one, on which nothing is subscribed to yet.
    Up,
    /// There is none.
    Down,
    /// What is published for these wallets from now on will arrive.
    Subscribed(Vec<Uuid>),
    /// Published on a wallet's channel.
    Message(Uuid, Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Subscribe(Uuid),
    Unsubscribe(Uuid),
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in time")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Refused(#[from] RedisError),
    #[error("the connection ended")]
    Ended,
}

/// A command under way, and the wallets that are subscribed to once it is answered.
type Command = BoxFuture<'static, Result<Vec<Uuid>, Failure>>;

struct Connection {
    sink: PubSubSink,
    stream: PubSubStream,
    command: Option<Command>,
    ping: Interval,
}

enum State {
    Connecting(BoxFuture<'static, Result<PubSub, Failure>>),
    Connected(Box<Connection>),
}

/// The connection and what is to be changed on it.
pub(super) struct Link {
    client: Client,
    state: State,
    changes: VecDeque<Change>,
}

impl Link {
    pub(super) fn new(url: &str) -> RedisResult<Self> {
        let client = Client::open(url)?;
        let state = State::Connecting(Box::pin(connect(client.clone(), Duration::ZERO)));
        Ok(Self { client, state, changes: VecDeque::new() })
    }

    /// Asks for a wallet's messages. Forgotten when the connection is lost: after [`Event::Up`] ask again.
    pub(super) fn subscribe(&mut self, wallet_id: Uuid) {
        self.changes.push_back(Change::Subscribe(wallet_id));
    }

    /// No longer.
    pub(super) fn unsubscribe(&mut self, wallet_id: Uuid) {
        self.changes.push_back(Change::Unsubscribe(wallet_id));
    }

    /// The next event. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Event {
        let failure = match &mut self.state {
            State::Connecting(connecting) => match connecting.await {
                Ok(pubsub) => {
                    self.changes.clear();
                    self.state = State::Connected(Box::new(Connection::new(pubsub)));
                    return Event::Up;
                }
                Err(failure) => failure,
            },
            State::Connected(connection) => match connection.next(&mut self.changes).await {
                Ok(event) => return event,
                Err(failure) => failure,
            },
        };
        tracing::debug!(error = %failure, "no connection to Redis");
        self.state = State::Connecting(Box::pin(connect(self.client.clone(), RECONNECT_PAUSE)));
        Event::Down
    }
}

impl Connection {
    fn new(pubsub: PubSub) -> Self {
        let (sink, stream) = pubsub.split();
        let mut ping = interval(PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { sink, stream, command: None, ping }
    }

    async fn next(&mut self, changes: &mut VecDeque<Change>) -> Result<Event, Failure> {
        loop {
            if self.command.is_none() && !changes.is_empty() {
                self.command = Some(Box::pin(apply(self.sink.clone(), batch(changes))));
            }
            tokio::select! {
                message = self.stream.next() => {
                    let message = message.ok_or(Failure::Ended)?;
                    if let Some(wallet_id) = wallet_of(&message) {
                        return Ok(Event::Message(wallet_id, message.get_payload_bytes().to_vec()));
                    }
                }
                answered = answer(&mut self.command) => {
                    self.command = None;
                    let subscribed = answered?;
                    if !subscribed.is_empty() {
                        return Ok(Event::Subscribed(subscribed));
                    }
                }
                _ = self.ping.tick(), if self.command.is_none() => {
                    self.command = Some(Box::pin(apply(self.sink.clone(), Vec::new())));
                }
            }
        }
    }
}

async fn answer(command: &mut Option<Command>) -> Result<Vec<Uuid>, Failure> {
    match command {
        Some(command) => command.await,
        None => std::future::pending().await,
    }
}

async fn connect(client: Client, pause: Duration) -> Result<PubSub, Failure> {
    sleep(pause).await;
    let mut pubsub = timeout(CONNECT_TIMEOUT, client.get_async_pubsub()).await??;
    // A proxy in front of a dead server accepts as well.
    timeout(CONNECT_TIMEOUT, pubsub.ping::<redis::Value>()).await??;
    Ok(pubsub)
}

/// The first changes, as far as they are of one kind.
fn batch(changes: &mut VecDeque<Change>) -> Vec<Change> {
    let is_subscribe = |change: &Change| matches!(change, Change::Subscribe(_));
    let first = changes.front().is_some_and(is_subscribe);
    let length = changes
        .iter()
        .take(CHANNELS_MAX)
        .take_while(|change| is_subscribe(change) == first)
        .count();
    changes.drain(..length).collect()
}

/// One command for all of them; a PING for none.
async fn apply(mut sink: PubSubSink, changes: Vec<Change>) -> Result<Vec<Uuid>, Failure> {
    let (mut subscribed, mut unsubscribed) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Subscribe(wallet_id) => subscribed.push(wallet_id),
            Change::Unsubscribe(wallet_id) => unsubscribed.push(wallet_id),
        }
    }
    let channels =
        |wallets: &[Uuid]| wallets.iter().map(|wallet| channel(*wallet)).collect::<Vec<_>>();
    let command = async {
        if !subscribed.is_empty() {
            sink.subscribe(channels(&subscribed)).await
        } else if !unsubscribed.is_empty() {
            sink.unsubscribe(channels(&unsubscribed)).await
        } else {
            sink.ping::<redis::Value>().await.map(drop)
        }
    };
    timeout(COMMAND_TIMEOUT, command).await??;
    Ok(subscribed)
}

fn wallet_of(message: &Msg) -> Option<Uuid> {
    let (_, id) = message.get_channel_name().rsplit_once(':')?;
    let wallet_id = Uuid::parse_str(id).ok()?;
    (channel(wallet_id) == message.get_channel_name()).then_some(wallet_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_order_and_many_at_once() {
        let wallet = Uuid::from_u128;
        let mut changes: VecDeque<_> = (1..=3).map(|n| Change::Subscribe(wallet(n))).collect();
        changes.push_back(Change::Unsubscribe(wallet(1)));
        changes.push_back(Change::Subscribe(wallet(1)));
        assert_eq!(batch(&mut changes).len(), 3);
        assert_eq!(batch(&mut changes), [Change::Unsubscribe(wallet(1))]);
        assert_eq!(batch(&mut changes), [Change::Subscribe(wallet(1))]);
        changes.extend((0..1000).map(|n| Change::Subscribe(wallet(n))));
        assert_eq!(batch(&mut changes).len(), CHANNELS_MAX);
    }
}
