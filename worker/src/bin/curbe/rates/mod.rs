//! `curbe rates`.

mod import;
mod list;
mod quote;

use std::process::ExitCode;

use clap::Subcommand;
use curbe_domain::legs::Direction;

use crate::output::Output;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make a new deck from a CSV file and put it into force at one instant.
    Import(import::Arguments),
    /// List the rates in force.
    List(list::Arguments),
    /// What a call would cost now.
    Quote(quote::Arguments),
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Import(arguments) => import::run(arguments, output).await,
        Command::List(arguments) => list::run(&arguments, output).await,
        Command::Quote(arguments) => quote::run(&arguments, output).await,
    }
}

fn direction_words(direction: Option<Direction>) -> &'static str {
    direction.map_or("both", Direction::as_str)
}
