//! `curbe dead-letters replay`.

use std::process::ExitCode;
use std::time::Duration;

use curbe_platform::config::duration;
use curbe_worker::dead_letters::preview;
use curbe_worker::dead_letters::replay::{self, Pace, Selection};
use curbe_worker::rates::RateCache;

use super::chosen::Chosen;
use super::{accept, report};
use crate::environment::{Database, Queue, read};
use crate::operator::{Confirmed, OperatorArguments};
use crate::output::{Output, bar, partly};

const NEW: &str = "new";
const OLD: &str = "old";
const PATIENCE_MAX: Duration = Duration::from_secs(3_600);

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Only show what would come of it: the real transaction, rolled back.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Of conflicts that are named: let the new word stand, and correct what was paid by a row of its own; or let the old
    /// one stand, and discard the new.
    #[arg(long, value_parser = [NEW, OLD], conflicts_with = "all")]
    accept: Option<String>,
    /// At most so many in a second, so that live traffic goes first.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long the worker may take to handle them.
    #[arg(long, default_value = "60s", value_parser = duration(Duration::ZERO, PATIENCE_MAX))]
    wait: Duration,
    #[command(flatten)]
    operator: OperatorArguments,
}

pub(super) async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let Arguments { chosen, dry_run, accept, rate, wait, operator } = arguments;
    let selection = match chosen.selection() {
        Ok(selection) => selection,
        Err(words) => return output.usage(words),
    };
    match (accept.as_deref(), &selection, dry_run) {
        (Some(NEW), Selection::Ids(ids), true) => return accept::look(ids, output).await,
        (Some(NEW), Selection::Ids(ids), false) => {
            return accept::accept(ids, operator, output).await;
        }
        (Some(_), _, true) => {
            return output.usage("the old word stands already: there is nothing to look at");
        }
        (Some(_), _, false) => return accept::keep(&selection, operator, output).await,
        (None, _, true) => return only_look(&selection, output).await,
        (None, _, false) => {}
    }
    let said = match operator.said() {
        Ok(said) => said,
        Err(words) => return output.usage(words),
    };
    let pool = read::<Database>()?.pool().await?;
    let selected = selection.select(&pool).await?;
    let question = format!("Send {} dead letters through again?", selected.ids.len());
    let operator = match said.confirmed(&question, output)? {
        Confirmed::Yes(operator) => operator,
        Confirmed::No(status) => return Ok(status),
    };
    let context = read::<Queue>()?.context().await?;
    let bar = bar("dead letters");
    let told = |sent: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(sent as u64);
        if sent == total {
            bar.set_message("dead letters sent, the worker handles them");
        }
    };
    let pace = Pace { rate, patience: wait };
    let report = replay::replay(&pool, &context, selected, pace, &operator, &told).await?;
    bar.finish_and_clear();
    let written = output.result(&report, || report::for_people(&report));
    if report.is_well() { written } else { partly(written) }
}

async fn only_look(selection: &Selection, output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<Database>()?;
    let (pool, rates) = (settings.pool().await?, RateCache::new(settings.patient_pool().await?));
    let ids = selection.select(&pool).await?.ids;
    let bar = bar("dead letters");
    bar.set_length(ids.len() as u64);
    let told = |looked_at: usize| bar.set_position(looked_at as u64);
    let report = preview::preview(&pool, &rates, &ids, &told).await?;
    bar.finish_and_clear();
    let written = output.result(&report, || report::for_people(&report));
    if report.is_well() { written } else { partly(written) }
}
