//! `curbe events`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use curbe_platform::config::duration;
use curbe_worker::dead_letters::replay::Pace;
use curbe_worker::event_replay::{self, Report};
use time::OffsetDateTime;

use crate::environment::{Queue, database, read};
use crate::operator::{Confirmed, OperatorArguments};
use crate::output::{Output, bar, partly, table};
use crate::time_argument::Since;

const PATIENCE_MAX: Duration = Duration::from_secs(24 * 3_600);

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Send what the stream still holds through again, after a database was restored; what it knows already changes
    /// nothing. Status 3 if some of it became dead letters, is not handled yet, or was purged before it was read.
    Replay(Arguments),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// What came in since then: a time before the restored copy was taken, as 2026-12-01T00:00:00Z or 2h.
    #[arg(long, value_parser = Since::parse)]
    since: Since,
    /// Only what came in before then.
    #[arg(long, value_parser = Since::parse)]
    until: Option<Since>,
    /// Only count what would be sent.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// At most so many in a second, so that live traffic goes first.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long the workers may take to handle them.
    #[arg(long, default_value = "10m", value_parser = duration(Duration::ZERO, PATIENCE_MAX))]
    wait: Duration,
    #[command(flatten)]
    operator: OperatorArguments,
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Replay(Arguments { since, until, dry_run, rate, wait, operator }) = command;
    let said = match (dry_run, operator.said()) {
        (true, _) => None,
        (false, Ok(said)) => Some(said),
        (false, Err(words)) => return output.usage(words),
    };
    let now = OffsetDateTime::now_utc();
    let context = read::<Queue>()?.context().await?;
    let span = event_replay::span(&context, since.at(now), until.map(|at| at.at(now))).await?;
    if span.is_cut {
        output.warn("the stream begins later than --since: what came before may have been purged");
    }
    let messages = span.messages();
    let bar = bar("messages");
    bar.set_length(messages);
    let told = |sent: u64| bar.set_position(sent);
    let report = match said {
        None => event_replay::look(&context, span, &told).await?,
        Some(said) => {
            let question = format!("Send {messages} messages through again?");
            let operator = match said.confirmed(&question, output)? {
                Confirmed::Yes(operator) => operator,
                Confirmed::No(status) => return Ok(status),
            };
            let pace = Pace { rate, patience: wait };
            let pool = database().await?;
            event_replay::replay(&pool, &context, span, pace, &operator, &told).await?
        }
    };
    bar.finish_and_clear();
    let written = output.result(&report, || for_people(&report));
    if report.is_well() { written } else { partly(written) }
}

fn for_people(report: &Report) -> String {
    let subjects =
        report.subjects.iter().map(|(subject, sent)| [subject.clone(), sent.to_string()]);
    let subjects = table(["subject", "messages"], subjects);
    let gone = match report.gone {
        0 => String::new(),
        gone => format!(", {gone} gone: purged before they were read"),
    };
    let Some(run) = report.run_id else {
        return format!("{subjects}\n{} messages would be sent{gone}", report.sent);
    };
    let handled = if report.handled { "all handled" } else { "not all handled yet" };
    let failing = report.failing.iter().map(|(reason, letters)| format!("{letters} {reason}"));
    let failing = match failing.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "no dead letters".to_owned(),
        some => format!("dead letters: {some}"),
    };
    format!("{subjects}\n{} messages sent{gone}, {handled}, {failing} (run {run})", report.sent)
}
