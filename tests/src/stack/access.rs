//! What a stack consists of and where it is.

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};
use sqlx::PgPool;

use super::Stack;
use super::postgres::Postgres;
use super::secrets::Secrets;
use super::server::Server;
use super::services::Kind;

/// What a client of the cache waits for at most.
const PATIENCE: Duration = Duration::from_secs(60);

impl Stack {
    /// Its data and logs.
    pub fn folder(&self) -> &Path {
        &self.options.folder
    }

    /// What its services and its clients both know.
    pub fn secrets(&self) -> &Secrets {
        &self.options.secrets
    }

    /// The database server; in tests, all stacks of the process share it.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The queue.
    pub fn nats(&self) -> &Server {
        &self.nats
    }

    /// The cache.
    pub fn redis(&self) -> &Server {
        &self.redis
    }

    /// The database, as the schema's owner.
    pub fn database_url(&self) -> String {
        self.postgres.url(&self.database)
    }

    /// Connections to the database, as the schema's owner.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Where clients of the queue connect.
    pub fn nats_url(&self) -> &str {
        self.nats.url()
    }

    /// Where clients of the cache connect.
    pub fn redis_url(&self) -> &str {
        self.redis.url()
    }

    /// A client of the cache, which waits for a busy machine longer than the library's half second.
    ///
    /// # Errors
    /// The cache cannot be reached.
    pub async fn redis_client(&self) -> RedisResult<MultiplexedConnection> {
        let patience = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = redis::Client::open(self.redis_url())?;
        client.get_multiplexed_async_connection_with_config(&patience).await
    }

    /// The first ingest's address; the providers' webhooks go there.
    pub fn ingest_url(&self) -> String {
        self.url_of(Kind::Ingest)
    }

    /// The first worker's address.
    pub fn worker_url(&self) -> String {
        self.url_of(Kind::Worker)
    }

    /// The first notifier's address.
    pub fn notifier_url(&self) -> String {
        self.url_of(Kind::Notifier)
    }

    /// # Panics
    /// No such service was started: whoever asks has forgotten to.
    fn url_of(&self, kind: Kind) -> String {
        let first = self.services_of(kind).into_iter().next();
        first.map(|service| service.url().to_owned()).expect("a service that was started")
    }
}
