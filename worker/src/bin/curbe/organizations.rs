//! `curbe organizations`.

use std::process::ExitCode;

use clap::Subcommand;
use curbe_domain::rating::deck::DEFAULT_DECK;
use curbe_worker::provisioning::organizations::{self, NewOrganization, Organization, deck_name};
use curbe_worker::provisioning::{currency, language, prefix, text};
use serde_json::json;
use uuid::Uuid;

use crate::customers::Customers;
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
        /// What callers are spoken to in: es or en; es, if nothing is said.
        #[arg(long, value_parser = language)]
        language: Option<String>,
        /// As many calls may run at once; any number, if nothing is said.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
        concurrent_calls_max: Option<i32>,
        /// Digits that numbers begin with which its people may not call, separated by commas.
        #[arg(long, value_delimiter = ',', value_parser = prefix)]
        blocked_prefixes: Option<Vec<String>>,
        /// Its id; said again with the same content, nothing changes.
        #[arg(long)]
        id: Option<Uuid>,
    },
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Create {
        name,
        currency,
        deck,
        language,
        concurrent_calls_max,
        blocked_prefixes,
        id,
    } = command;
    let wanted = NewOrganization {
        id,
        name,
        currency: Some(currency),
        rate_deck: Some(deck),
        language,
        calls_max: concurrent_calls_max.map(Some),
        blocked_prefixes,
        minimum_threshold: None,
    };
    let customers = Customers::open().await?;
    let made = organizations::create(&customers.pool, wanted).await?;
    customers.tell(&made.announcement, output).await;
    warn(output, &made);
    let (id, change) = (made.row.id, made.change.as_str());
    output.result(&json!({ "id": id, "change": change }), || {
        record([("organization", id.to_string()), ("change", change.to_owned())])
    })
}

fn warn(output: &Output, made: &Organization) {
    let (deck, own) = (deck_name(&made.row), &made.row.currency);
    match &made.deck_currency {
        None => output.warn(format!("there is no deck {deck} yet: calls cannot be rated")),
        Some(currency) if currency != own => output.warn(format!(
            "deck {deck} is in {currency}, the wallet in {own}: calls cannot be rated"
        )),
        Some(_) => {}
    }
}
