//! `curbe organizations`.

use std::process::ExitCode;

use clap::Subcommand;
use curbe_domain::rating::deck::DEFAULT_DECK;
use curbe_worker::provisioning::organizations::{self, NewOrganization, Organization};
use curbe_worker::provisioning::{currency, text};
use serde_json::json;
use uuid::Uuid;

use crate::environment::database;
use crate::output::{Output, record};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Create an organization. Its wallet comes with its first user.
    Create {
        /// What it is called.
        #[arg(long, value_parser = text)]
        name: String,
        /// ISO 4217, the currency of its wallet.
        #[arg(long, default_value = "USD", value_parser = currency)]
        currency: String,
        /// The deck that its calls are rated by.
        #[arg(long, default_value = DEFAULT_DECK, value_parser = text)]
        deck: String,
        /// Its id; said again with the same content, nothing changes.
        #[arg(long)]
        id: Option<Uuid>,
    },
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Create { name, currency, deck, id } = command;
    let wanted = NewOrganization { id, name, currency, rate_deck: deck };
    let made = organizations::create(&database().await?, wanted.clone()).await?;
    warn(output, &wanted, &made);
    let result = json!({ "id": made.id, "change": made.change.as_str() });
    output.result(&result, || {
        record([("organization", made.id.to_string()), ("change", made.change.as_str().to_owned())])
    })
}

fn warn(output: &Output, wanted: &NewOrganization, made: &Organization) {
    let deck = &wanted.rate_deck;
    match &made.deck_currency {
        None => output.warn(format!("there is no deck {deck} yet: calls cannot be rated")),
        Some(currency) if *currency != wanted.currency => output.warn(format!(
            "deck {deck} is in {currency}, the wallet in {}: calls cannot be rated",
            wanted.currency
        )),
        Some(_) => {}
    }
}
