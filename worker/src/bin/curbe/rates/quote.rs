//! `curbe rates quote`: by the functions that calls are rated and priced by.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use curbe_domain::legs;
use curbe_domain::phone::E164;
use curbe_domain::rating::deck::DEFAULT_DECK;
use curbe_domain::rating::price::price;
use curbe_worker::store::{rate_decks, rates};
use serde_json::json;

use super::direction_words;
use crate::environment::database;
use crate::numbers::e164;
use crate::output::{Output, record};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The number called, in E.164.
    #[arg(value_parser = e164)]
    number: E164,
    /// How long the call lasts.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    seconds: u32,
    /// By which deck.
    #[arg(long, default_value = DEFAULT_DECK)]
    deck: String,
    /// As the customer sees the call.
    #[arg(long, default_value = "outbound")]
    direction: Direction,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Direction {
    Inbound,
    Outbound,
}

impl From<Direction> for legs::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Inbound => Self::Inbound,
            Direction::Outbound => Self::Outbound,
        }
    }
}

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let mut connection = database().await?.acquire().await?;
    let now = rate_decks::now(&mut connection).await?;
    let Arguments { number, seconds, deck, direction } = arguments;
    let decks = rates::decks_for_number(&mut connection, deck, number).await?;
    let found = decks
        .rate(deck, now, number, (*direction).into())
        .filter(|found| !found.rated_late)
        .with_context(|| format!("deck {deck} has no rate for {number}"))?;
    let rate = found.rate;
    let price = price(rate, *seconds).context("the price")?;
    let currency = &found.deck.currency;
    let result = json!({
        "number": number.as_str(),
        "deck": deck,
        "currency": currency,
        "rateId": rate.id,
        "prefix": rate.prefix,
        "direction": rate.direction,
        "ratePerMinute": rate.rate_per_minute,
        "connectionFee": rate.connection_fee,
        "initialIncrementSeconds": rate.initial_increment_seconds,
        "incrementSeconds": rate.increment_seconds,
        "seconds": seconds,
        "billedSeconds": price.billed_seconds,
        "billableMinutes": price.billable_minutes(),
        "price": price.amount,
    });
    output.result(&result, || {
        record([
            ("prefix", rate.prefix.clone()),
            ("direction", direction_words(rate.direction).to_owned()),
            ("per minute", format!("{} {currency}", rate.rate_per_minute)),
            ("connection fee", format!("{} {currency}", rate.connection_fee)),
            (
                "increments",
                format!("{}/{}", rate.initial_increment_seconds, rate.increment_seconds),
            ),
            ("billed seconds", format!("{} of {seconds}", price.billed_seconds)),
            ("price", format!("{} {currency}", price.amount)),
        ])
    })
}
