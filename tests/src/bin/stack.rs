//! `make up`, `make down`, and a private database for `make sqlx`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::environment::{self, Earlier};
use curbe_tests::stack::launch::Lifetime;
use curbe_tests::stack::postgres::Postgres;
use curbe_tests::stack::server::Options;
use curbe_tests::stack::{Stack, StackOptions, background, paths};

/// Private servers and services on this machine, below `.local`.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything, keeps it running and writes `.local/env`.
    Up,
    /// Ends what `up` started; its data stays.
    Down,
    /// Runs a command with the `DATABASE_URL` of a migrated, short-lived Postgres.
    WithDatabase {
        /// The command and its arguments, after `--`.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Up => up().await.map(|()| ExitCode::SUCCESS),
        Command::Down => down().await.map(|()| ExitCode::SUCCESS),
        Command::WithDatabase { command } => with_database(&command).await,
    }
}

async fn up() -> Result<()> {
    let file = env_file();
    if file.is_file() && background::all_run(&run_folder()) {
        say("Already up. Next: `. .local/env`");
        return Ok(());
    }
    // What is left of a stack of which only a part runs.
    background::end_all(&run_folder()).await?;
    if let Err(error) = start(&file).await {
        background::end_all(&run_folder()).await?;
        return Err(error);
    }
    say("Up. Next: `. .local/env`, then `curbe --help`; `make down` ends it");
    Ok(())
}

async fn start(file: &Path) -> Result<()> {
    let earlier = Earlier::read(file);
    let mut options = StackOptions::new(paths::local().join("up"));
    options.lifetime = Lifetime::Detached(run_folder());
    options.secrets = earlier.secrets();
    options.ports = earlier.ports();
    let stack = Stack::start(options).await?;
    stack.start_services().await?;
    environment::write(&stack, file)?;
    for (name, value) in environment::variables(&stack) {
        if name.ends_with("_URL") {
            say(&format!("{name:<16}{value}"));
        }
    }
    Ok(())
}

async fn down() -> Result<()> {
    let ended = background::end_all(&run_folder()).await?;
    match ended.as_slice() {
        [] => say("Nothing was running"),
        names => say(&format!("Ended {}; the data stays in .local/up", names.join(", "))),
    }
    Ok(())
}

async fn with_database(command: &[OsString]) -> Result<ExitCode> {
    let folder = TestDirectory::new("database")?;
    let postgres = Postgres::start(folder.path(), &Options::for_test()).await?;
    postgres.create_migrated("curbe").await?;
    let (program, arguments) = command.split_first().context("a command")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", postgres.url("curbe"))
        .status()
        .await
        .with_context(|| format!("cannot run {}", program.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

fn run_folder() -> PathBuf {
    paths::local().join("run")
}

fn env_file() -> PathBuf {
    paths::local().join("env")
}

/// Whoever reads only the first line must not make the command fail.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
