//! What the commands are told by the environment, and the connections that follow from it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::Context;
use clap::Parser;
use curbe_platform::config::{bounded, from_environment, nats_url, secret};
use curbe_platform::queue::{self, topology};
use curbe_worker::store;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

const NAME: &str = "curbe";
const DIAGNOSIS: Duration = Duration::from_secs(5);
/// Shorter keys can be guessed: RFC 7518 asks for as many bits as the hash has.
const JWT_SECRET_BYTES_MIN: usize = 32;
/// The largest message must fit many times over.
const QUEUE_BYTES_MIN: i64 = 1 << 20;

/// The reason was printed already: the status to end with.
#[derive(Debug, thiserror::Error)]
#[error("invalid configuration")]
pub(crate) struct Reported(pub(crate) ExitCode);

/// Reads what a command needs.
pub(crate) fn read<T: Parser>() -> anyhow::Result<T> {
    Ok(from_environment().map_err(Reported)?)
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Database {
    #[arg(long, env, value_parser = database_url)]
    database_url: SecretString,
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Money {
    #[command(flatten)]
    pub(crate) database: Database,
    #[arg(long, env, value_parser = redis_url)]
    pub(crate) redis_url: SecretString,
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Customers {
    #[command(flatten)]
    pub(crate) database: Database,
    #[arg(long, env, value_parser = redis_url)]
    pub(crate) redis_url: Option<SecretString>,
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Migration {
    #[command(flatten)]
    pub(crate) database: Database,
    #[arg(long, env, value_parser = nats_url)]
    pub(crate) nats_url: SecretString,
    #[arg(long, env, value_parser = bounded(QUEUE_BYTES_MIN, i64::MAX))]
    pub(crate) queue_max_bytes: i64,
    #[arg(long, env, default_value_t = 1, value_parser = bounded(1_usize, 5))]
    pub(crate) queue_replicas: usize,
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Queue {
    #[arg(long, env, value_parser = nats_url)]
    nats_url: SecretString,
}

#[derive(Parser)]
#[command(name = NAME)]
pub(crate) struct Tokens {
    #[arg(long, env, required = true, value_delimiter = ',', value_parser = jwt_secret)]
    pub(crate) jwt_secrets: Vec<SecretString>,
    #[arg(long, env, value_parser = database_url)]
    pub(crate) database_url: Option<SecretString>,
}

fn database_url(text: &str) -> Result<SecretString, String> {
    match text.parse::<PgConnectOptions>() {
        Ok(_) => secret(text),
        Err(_) => Err("is no address such as postgres://user:password@host:5432/curbe".to_owned()),
    }
}

fn redis_url(text: &str) -> Result<SecretString, String> {
    match redis::Client::open(text) {
        Ok(_) => secret(text),
        Err(_) => Err("is no address such as redis://user:password@host:6379".to_owned()),
    }
}

fn jwt_secret(text: &str) -> Result<SecretString, String> {
    let secret = secret(text)?;
    if secret.expose_secret().len() < JWT_SECRET_BYTES_MIN {
        return Err(format!("is shorter than {JWT_SECRET_BYTES_MIN} bytes"));
    }
    Ok(secret)
}

impl Database {
    /// Connections for a command that is done in a moment.
    pub(crate) async fn pool(&self) -> anyhow::Result<PgPool> {
        reached(pool(&self.database_url)?).await
    }

    /// Connections for a command that may take minutes.
    pub(crate) async fn patient_pool(&self) -> anyhow::Result<PgPool> {
        let pool = store::patient_pool(self.database_url.expose_secret(), NAME);
        reached(pool.context("DATABASE_URL cannot be used")?).await
    }
}

impl Queue {
    /// The queue, where it is as it must be.
    pub(crate) async fn context(&self) -> anyhow::Result<Context> {
        let client = queue::connect(self.nats_url.expose_secret(), NAME).await?;
        let context = queue::jetstream(client);
        topology::verify(&context).await?;
        Ok(context)
    }
}

/// The usual connections: `DATABASE_URL` is set.
pub(crate) async fn database() -> anyhow::Result<PgPool> {
    read::<Database>()?.pool().await
}

/// Connections to this database.
pub(crate) async fn database_at(url: &SecretString) -> anyhow::Result<PgPool> {
    reached(pool(url)?).await
}

fn pool(url: &SecretString) -> anyhow::Result<PgPool> {
    store::pool(url.expose_secret(), 2, NAME).context("DATABASE_URL cannot be used")
}

/// The pool once it has a connection. It only ever says that it waited too long, so the reason is asked for directly.
async fn reached(pool: PgPool) -> anyhow::Result<PgPool> {
    const AWAY: &str = "no connection to Postgres";
    match pool.acquire().await {
        Ok(connection) => drop(connection),
        Err(sqlx::Error::PoolTimedOut) => {
            let options = pool.connect_options();
            let direct = PgConnection::connect_with(&options);
            let mut connection = timeout(DIAGNOSIS, direct).await.context(AWAY)?.context(AWAY)?;
            connection.ping().await.context(AWAY)?;
        }
        Err(error) => return Err(error).context(AWAY),
    }
    Ok(pool)
}
