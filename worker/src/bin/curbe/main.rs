//! `curbe`: what operators and deployments do by hand. Each group of commands has a file of its own.

mod accounts;
mod audit;
mod cache;
mod command;
mod customers;
mod dead_letters;
mod environment;
mod events;
mod identities;
mod migrate;
mod numbers;
mod operator;
mod organizations;
mod output;
mod rates;
mod time_argument;
mod tokens;
mod users;
mod wallets;

use std::process::ExitCode;

use clap::Parser as _;
use curbe_platform::tls;

use command::Curbe;
use environment::Reported;
use output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let curbe = Curbe::parse();
    tls::install_provider();
    let output = Output::new(curbe.json);
    match curbe.command.run(&output).await {
        Ok(status) => status,
        Err(error) => match error.downcast_ref::<Reported>() {
            Some(Reported(status)) => *status,
            None => {
                output.error(&error);
                ExitCode::FAILURE
            }
        },
    }
}
