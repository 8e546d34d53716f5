//! `curbe rates list`.

use std::process::ExitCode;

use anyhow::Context as _;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::DEFAULT_DECK;
use curbe_worker::store::rate_decks::{self, DeckRow};
use curbe_worker::store::rates;
use serde_json::{Value, json};

use super::direction_words;
use crate::environment::database;
use crate::output::{Output, table};
use crate::time_argument::shown;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Of which deck.
    #[arg(long, default_value = DEFAULT_DECK)]
    deck: String,
    /// Only prefixes that begin like this.
    #[arg(long, default_value = "", value_parser = digits)]
    prefix: String,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
}

fn digits(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits.to_owned())
    } else {
        Err("is not digits")
    }
}

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let mut connection = database().await?.acquire().await?;
    let now = rate_decks::now(&mut connection).await?;
    let decks = rate_decks::of_name(&mut connection, &arguments.deck).await?;
    let deck = decks
        .into_iter()
        .rfind(|deck| deck.effective_from <= now)
        .with_context(|| format!("no deck {} is in force", arguments.deck))?;
    let (rates, total) =
        rates::list(&mut connection, deck.id, &arguments.prefix, arguments.limit).await?;
    let result = json!({
        "deckId": deck.id,
        "deck": deck.name,
        "currency": deck.currency,
        "effectiveFrom": shown(deck.effective_from),
        "data": rates.iter().map(view).collect::<Vec<_>>(),
        "total": total,
    });
    output.result(&result, || for_people(&deck, &rates, total))
}

fn view(rate: &Rate) -> Value {
    json!({
        "id": rate.id,
        "prefix": rate.prefix,
        "direction": rate.direction,
        "ratePerMinute": rate.rate_per_minute,
        "connectionFee": rate.connection_fee,
        "initialIncrementSeconds": rate.initial_increment_seconds,
        "incrementSeconds": rate.increment_seconds,
    })
}

fn for_people(deck: &DeckRow, rates: &[Rate], total: i64) -> String {
    let rows = rates.iter().map(|rate| {
        [
            rate.prefix.clone(),
            direction_words(rate.direction).to_owned(),
            rate.rate_per_minute.to_string(),
            rate.connection_fee.to_string(),
            format!("{}/{}", rate.initial_increment_seconds, rate.increment_seconds),
        ]
    });
    let table = table(["prefix", "direction", "per minute", "fee", "increments"], rows);
    let since = shown(deck.effective_from);
    let shown = rates.len();
    format!("{table}\n{shown} of {total} in {}, {}, since {since}", deck.name, deck.currency)
}
