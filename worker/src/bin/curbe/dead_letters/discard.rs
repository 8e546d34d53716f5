//! `curbe dead-letters discard`.

use std::process::ExitCode;

use curbe_worker::dead_letters::discard;
use curbe_worker::dead_letters::replay::Selection;
use serde_json::json;

use super::chosen::Chosen;
use crate::environment::database;
use crate::operator::{Confirmed, OperatorArguments};
use crate::output::Output;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    operator: OperatorArguments,
}

pub(super) async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let Arguments { chosen, operator } = arguments;
    let selection = match chosen.selection() {
        Ok(selection) => selection,
        Err(words) => return output.usage(words),
    };
    discard(&selection, operator, output).await
}

/// Discards what is selected.
pub(super) async fn discard(
    selection: &Selection,
    operator: OperatorArguments,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let said = match operator.said() {
        Ok(said) => said,
        Err(words) => return output.usage(words),
    };
    let pool = database().await?;
    let selected = selection.select(&pool).await?;
    let letters = selected.ids.len();
    let operator = match said.confirmed(&format!("Discard {letters} dead letters?"), output)? {
        Confirmed::Yes(operator) => operator,
        Confirmed::No(status) => return Ok(status),
    };
    let done = discard::discard(&pool, selected, &operator).await?;
    let discarded = done.letters.len();
    let result = json!({ "runId": done.run_id, "discarded": discarded, "letters": done.letters });
    output.result(&result, || format!("{discarded} dead letters discarded (run {})", done.run_id))
}
