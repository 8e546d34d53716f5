//! A connection to Redis that is either there or not: no caller ever waits for a reconnect.
//!
//! The client library's own manager blocks a command for seconds while Redis is down, and stays broken after one
//! refused password. Here one task connects, looks after the connection with PING, and replaces it whatever the error.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const PING_INTERVAL: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_secs(1);
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone, Default)]
struct State {
    generation: u64,
    connection: Option<Connection>,
}

/// A connection, and who is at its other end.
#[derive(Clone)]
pub struct Connection {
    /// Carries any number of commands at once.
    pub commands: MultiplexedConnection,
    /// The server process's own id (`run_id`), another one after every start: what one process was told, another one
    /// does not know, whatever data it has.
    pub server: Arc<str>,
}

/// A handle on the connection, cheap to clone.
#[derive(Clone)]
pub struct Link {
    state: watch::Receiver<State>,
}

impl Link {
    /// Starts looking after a connection to `url` until `shutdown`.
    ///
    /// # Errors
    /// When the URL is no Redis URL.
    pub fn start(url: &str, shutdown: CancellationToken) -> Result<Self, RedisError> {
        let client = Client::open(url)?;
        let (sender, state) = watch::channel(State::default());
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = look_after(&client, &sender) => {}
            }
        });
        Ok(Self { state })
    }

    /// The connection, if there is one at this moment.
    #[must_use]
    pub fn connection(&self) -> Option<MultiplexedConnection> {
        self.state.borrow().connection.as_ref().map(|connection| connection.commands.clone())
    }

    /// The connection with who is at its other end, if there is one at this moment.
    #[must_use]
    pub fn connection_to(&self) -> Option<Connection> {
        self.state.borrow().connection.clone()
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.state.borrow().generation
    }

    /// Waits until there is a connection.
    pub async fn connected(&self) {
        let mut state = self.state.clone();
        // The sender lives as long as the process serves; afterwards nobody waits.
        state.wait_for(|state| state.connection.is_some()).await.ok();
    }
}

async fn look_after(client: &Client, sender: &watch::Sender<State>) {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(PING_TIMEOUT));
    loop {
        match connect(client, &config).await {
            Ok(connection) => {
                sender.send_modify(|state| {
                    state.generation += 1;
                    state.connection = Some(connection.clone());
                });
                tracing::info!(dependency = "redis", "connected");
                ping_until_it_fails(connection.commands).await;
                sender.send_modify(|state| state.connection = None);
                tracing::warn!(dependency = "redis", "connection lost");
            }
            Err(error) => tracing::debug!(dependency = "redis", %error, "cannot connect"),
        }
        sleep(RECONNECT_PAUSE).await;
    }
}

async fn connect(
    client: &Client,
    config: &AsyncConnectionConfig,
) -> Result<Connection, RedisError> {
    let mut commands = client.get_multiplexed_async_connection_with_config(config).await?;
    let about: String = redis::cmd("INFO").arg("server").query_async(&mut commands).await?;
    let id = about.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
    let id = id.ok_or((ErrorKind::UnexpectedReturnType, "the server does not tell its run_id"))?;
    Ok(Connection { commands, server: id.into() })
}

async fn ping_until_it_fails(mut connection: MultiplexedConnection) {
    loop {
        let ping = redis::cmd("PING");
        let pong = ping.query_async::<()>(&mut connection);
        match timeout(PING_TIMEOUT, pong).await {
            Ok(Ok(())) => sleep(PING_INTERVAL).await,
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
