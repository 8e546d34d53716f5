//! The queue: one JetStream stream, three subject trees, a pull consumer for each.
//!
//! Runs on nats-server 2.9.10 and newer, so only fields that 2.9 knows are used: it drops newer ones silently.

use std::time::Duration;

use async_nats::jetstream::context::{Context, ContextBuilder};
use async_nats::{Client, ConnectOptions};

pub mod load;
pub mod message;
pub mod topology;

/// The one stream.
pub const STREAM: &str = "CURBE";

/// The longest that JetStream may take to answer before the answer counts as unknown.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A dead peer is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Connects, and goes on trying for as long as the process lives; the client says itself whether it is connected.
///
/// # Errors
/// Only when the URL or the credentials in it cannot be used at all.
pub async fn connect(url: &str, service: &str) -> Result<Client, async_nats::ConnectError> {
    ConnectOptions::new()
        .name(service)
        .retry_on_initial_connect()
        .ping_interval(PING_INTERVAL)
        .connection_timeout(Duration::from_secs(2))
        .connect(url)
        .await
}

/// The JetStream context. Made once and cloned: each one made has an acker task of its own.
#[must_use]
pub fn jetstream(client: Client) -> Context {
    ContextBuilder::new().timeout(TIMEOUT).build(client)
}

/// Whether the client has a connection at this moment.
#[must_use]
pub fn is_connected(client: &Client) -> bool {
    client.connection_state() == async_nats::connection::State::Connected
}
