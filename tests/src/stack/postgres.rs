//! A private Postgres server, with SQL for whoever sets up databases.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use super::launch::{Ending, Launch};
use super::packages::{self, POSTGRES, Program};
use super::server::{Options, Server, start_on_free_port};
use super::{data_folder, paths};

const READY: &str = "database system is ready to accept connections";
/// The schema's owner and the server's superuser.
pub(super) const OWNER: &str = "curbe";
const TEMPLATE: &str = "curbe_template";

/// A running Postgres.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    template: OnceCell<()>,
}

impl Postgres {
    /// Starts one whose data is in `folder`; the data is made if it is not there.
    ///
    /// # Errors
    /// The program cannot be had, or it does not start.
    pub async fn start(folder: &Path, options: &Options) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let program = packages::find(POSTGRES).await?;
        let data = folder.join("data");
        if !data.exists() {
            data_folder::initialize(&program, folder, &data, options.durable).await?;
        }
        data_folder::copy_settings(&data)?;
        let server = start_on_free_port(options.port, |port| {
            let url = database_url(OWNER, port, "postgres");
            Server::start(launch(&program, folder, options, port), port, url, READY)
        })
        .await?;
        Ok(Self { server, template: OnceCell::new() })
    }

    /// To stop it, freeze it, start it again.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The URL of a database for its owner.
    pub fn url(&self, database: &str) -> String {
        self.url_as(OWNER, database)
    }

    /// The URL of a database for another role.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        database_url(role, self.server.port(), database)
    }

    /// A new and empty database; nothing happens if it is there.
    ///
    /// # Errors
    /// The server refused.
    pub async fn create_database(&self, name: &str) -> Result<()> {
        let mut connection = self.connect("postgres").await?;
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await?;
        if !there {
            execute(&mut connection, format!("create database {}", quoted(name))).await?;
        }
        Ok(connection.close().await?)
    }

    /// Makes the database from which others are copied, once.
    ///
    /// # Errors
    /// A migration failed.
    pub async fn migrate_template(&self) -> Result<()> {
        self.template.get_or_try_init(|| self.create_migrated(TEMPLATE)).await?;
        Ok(())
    }

    /// A new database with all migrations applied, by copying, which is fast.
    ///
    /// # Errors
    /// A migration failed, or the database is there already.
    pub async fn create_from_template(&self, name: &str) -> Result<()> {
        self.migrate_template().await?;
        let mut connection = self.connect("postgres").await?;
        let copy = format!("create database {} template {}", quoted(name), quoted(TEMPLATE));
        execute(&mut connection, copy).await?;
        Ok(connection.close().await?)
    }

    /// A database with all migrations applied, whether it was there or not.
    ///
    /// # Errors
    /// A migration failed.
    pub async fn create_migrated(&self, name: &str) -> Result<()> {
        self.create_database(name).await?;
        let mut connection = self.connect(name).await?;
        // Read now and not when this was compiled: cargo does not notice a new migration.
        let folder = paths::workspace().join("migrations");
        let migrator = Migrator::new(folder).await.context("the migrations")?;
        // Not `run`: what waits for that cannot be given to `tokio::spawn`.
        migrator.run_direct(None, &mut connection, false).await.context("a migration")?;
        Ok(connection.close().await?)
    }

    /// A role that may log in and has the rights of `group` alone.
    ///
    /// # Errors
    /// There is no such group: the migrations make it.
    pub async fn create_login(&self, role: &str, group: &str) -> Result<()> {
        let mut connection = self.connect("postgres").await?;
        let (role, group) = (quoted(role), quoted(group));
        let create = format!(
            "do $$ begin create role {role} login; exception when duplicate_object then null; end $$"
        );
        execute(&mut connection, create).await?;
        execute(&mut connection, format!("grant {group} to {role}")).await?;
        Ok(connection.close().await?)
    }

    async fn connect(&self, database: &str) -> Result<PgConnection> {
        PgConnection::connect(&self.url(database)).await.context("a connection to Postgres")
    }
}

fn database_url(role: &str, port: u16, database: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{port}/{database}")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names cannot be bound as values; they come from this folder's code and are quoted.
async fn execute(connection: &mut PgConnection, sql: String) -> Result<()> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await;
    done.map(drop).with_context(|| sql)
}

fn launch(program: &Program, folder: &Path, options: &Options, port: u16) -> Launch {
    let mut launch = Launch::new("postgres", program.clone(), folder.join("postgres.log"))
        .arguments(["-D".into(), folder.join("data")])
        .arguments(["-p", &port.to_string()])
        .arguments(["-c", "listen_addresses=127.0.0.1"])
        .arguments(["-c", "unix_socket_directories="]);
    if !options.durable {
        // `synchronous_commit` stays on: without it a killed server forgets what it confirmed, and
        // tests kill servers. Without fsync it costs next to nothing.
        for setting in ["fsync=off", "full_page_writes=off"] {
            launch = launch.arguments(["-c", setting]);
        }
        // Tests run side by side, each with services of its own.
        launch = launch.arguments(["-c", "max_connections=500"]);
    }
    launch.lifetime = options.lifetime.clone();
    launch.ending = Ending::Quit;
    launch.unprivileged = true;
    launch
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stack::directory::TestDirectory;

    #[tokio::test]
    async fn copies_of_the_template_survive_a_crash_on_the_same_port() {
        let folder = TestDirectory::new("postgres").unwrap();
        let postgres = Postgres::start(folder.path(), &Options::for_test()).await.unwrap();
        postgres.create_from_template("one").await.unwrap();
        let mut connection = postgres.connect("one").await.unwrap();
        sqlx::query("create table kept as select 1 as number")
            .execute(&mut connection)
            .await
            .unwrap();
        postgres.server().process().kill();
        assert!(connection.ping().await.is_err());
        postgres.server().restart().await.unwrap();
        let mut connection = postgres.connect("one").await.unwrap();
        let sum: i64 = sqlx::query_scalar("select sum(number) from kept")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(sum, 1);
    }

    #[tokio::test]
    async fn a_frozen_server_says_nothing_until_it_goes_on() {
        let folder = TestDirectory::new("postgres").unwrap();
        let postgres = Postgres::start(folder.path(), &Options::for_test()).await.unwrap();
        let mut connection = postgres.connect("postgres").await.unwrap();
        let process = postgres.server().process();
        process.freeze();
        let silence = Duration::from_millis(100);
        assert!(tokio::time::timeout(silence, connection.ping()).await.is_err());
        process.resume();
        postgres.connect("postgres").await.unwrap().ping().await.unwrap();
    }
}
