//! `curbe dead-letters`.

mod accept;
mod chosen;
mod discard;
mod list;
mod replay;
mod report;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

use crate::output::Output;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List them, the newest first.
    List(list::Arguments),
    /// Show one: its headers, its bytes, what was tried, and what it would cost now.
    Show(show::Arguments),
    /// Send them through again; whatever was charged before is not charged twice. Status 3 if some still fail.
    Replay(replay::Arguments),
    /// Be asked about them no more.
    Discard(discard::Arguments),
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(arguments) => list::run(arguments, output).await,
        Command::Show(arguments) => show::run(&arguments, output).await,
        Command::Replay(arguments) => replay::run(arguments, output).await,
        Command::Discard(arguments) => discard::run(arguments, output).await,
    }
}
