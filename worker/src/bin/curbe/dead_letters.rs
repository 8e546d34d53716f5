//! `curbe dead-letters`.

use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use curbe_domain::providers::Provider;
use curbe_worker::dead_letters::Reason;
use curbe_worker::store::dead_letters::{self, DeadLetterRow, Filter};
use serde_json::json;
use time::OffsetDateTime;

use crate::environment::database;
use crate::numbers::provider;
use crate::output::{Output, or_dash, table};
use crate::time_argument::{Since, shown};

const ALL: &str = "all";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List them, the newest first.
    List(Arguments),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Only of this provider.
    #[arg(long, value_parser = provider())]
    provider: Option<Provider>,
    /// Only for this reason.
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::as_str)))]
    reason: Option<String>,
    /// Only those given up since then: 2h, 7d, 2026-12-01.
    #[arg(long, value_parser = Since::parse)]
    since: Option<Since>,
    /// Only those that a person has decided about like this.
    #[arg(long, default_value = "open", value_parser = ["open", "replayed", "discarded", ALL])]
    status: String,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::List(arguments) = command;
    let filter = Filter {
        provider: arguments.provider.map(|provider| provider.as_str().to_owned()),
        reason: arguments.reason,
        status: Some(arguments.status).filter(|status| status != ALL),
        since: arguments.since.map(|since| since.at(OffsetDateTime::now_utc())),
    };
    let mut connection = database().await?.acquire().await?;
    let rows = dead_letters::list(&mut connection, &filter, arguments.limit).await?;
    let total = dead_letters::count(&mut connection, &filter).await?;
    output.result(&json!({ "data": rows, "total": total }), || for_people(&rows, total))
}

fn for_people(rows: &[DeadLetterRow], total: i64) -> String {
    let headings = ["id", "given up", "provider", "leg", "reason", "detail", "attempts", "status"];
    let lines = rows.iter().map(|row| {
        [
            row.id.to_string(),
            shown(row.created_at),
            row.provider.clone(),
            or_dash(row.leg.as_ref()),
            row.reason.clone(),
            row.detail.clone(),
            row.attempts.to_string(),
            row.status.clone(),
        ]
    });
    format!("{}\n{} of {total}", table(headings, lines), rows.len())
}
