//! `curbe dead-letters list`.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use curbe_worker::store::dead_letters::{self, ANY, DeadLetterRow, OPEN, STATUSES};
use serde_json::json;

use super::chosen::Filters;
use crate::environment::database;
use crate::output::{Output, or_dash, table};
use crate::time_argument::shown;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Only those that a person has decided about like this.
    #[arg(long, default_value = OPEN, value_parser = PossibleValuesParser::new(STATUSES.into_iter().chain([ANY])))]
    status: String,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

pub(super) async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let status = Some(arguments.status).filter(|status| status != ANY);
    let filter = arguments.filters.filter(status);
    let mut connection = database().await?.acquire().await?;
    let rows = dead_letters::list(&mut connection, &filter, None, arguments.limit).await?;
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
