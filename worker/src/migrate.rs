//! Schema, stream and consumers as this release needs them. Run twice, or by two instances at once, it changes nothing
//! more.

use std::time::Duration;

use curbe_platform::queue::{self, topology};
use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};
use tokio::time::{sleep, timeout};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// How long the queue may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// What could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database was made by a newer release.
    #[error("the database has migration {0}, which this release does not know: use the newer one")]
    Newer(i64),
    /// A migration was edited after it had been applied.
    #[error("migration {0} was applied in another version than this release has")]
    Edited(i64),
    /// The database refused.
    #[error("the schema cannot be brought up to date")]
    Schema(#[source] MigrateError),
    /// The URL of the queue is none.
    #[error("NATS_URL cannot be used")]
    Url(#[source] async_nats::ConnectError),
    /// The queue is away.
    #[error("no connection to NATS within {} s", PATIENCE.as_secs())]
    Unreachable,
    /// The queue refused.
    #[error(transparent)]
    Queue(#[from] topology::TopologyError),
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        if let MigrateError::VersionMissing(version) = error {
            Self::Newer(version)
        } else if let MigrateError::VersionMismatch(version) = error {
            Self::Edited(version)
        } else {
            Self::Schema(error)
        }
    }
}

/// Applies what is missing of the schema, whoever else does so at the same time. Returns its version.
///
/// # Errors
/// [`Error`].
pub async fn schema(pool: &PgPool) -> Result<i64, Error> {
    MIGRATIONS.run(pool).await?;
    Ok(MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default())
}

/// Creates or updates the stream and its consumers.
///
/// # Errors
/// [`Error`].
pub async fn queue(url: &str, bytes_max: i64, replicas: usize) -> Result<(), Error> {
    let client = queue::connect(url, "curbe").await.map_err(Error::Url)?;
    let connected = async {
        while !queue::is_connected(&client) {
            sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, connected).await.map_err(|_| Error::Unreachable)?;
    Ok(topology::apply(&queue::jetstream(client), bytes_max, replicas).await?)
}
