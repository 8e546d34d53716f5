//! `curbe dead-letters replay`.

use std::process::ExitCode;
use std::time::Duration;

use curbe_platform::config::duration;
use curbe_worker::dead_letters::accept::{self, Acceptance};
use curbe_worker::dead_letters::preview;
use curbe_worker::dead_letters::replay::{self, Pace, Selection};
use curbe_worker::rates::RateCache;
use serde_json::{Value, json};
use uuid::Uuid;

use super::chosen::Chosen;
use super::{discard, report};
use crate::customers::Customers;
use crate::environment::{Database, Queue, read};
use crate::operator::{Confirmed, OperatorArguments};
use crate::output::{Output, bar, partly, table};

const NEW: &str = "new";
const OLD: &str = "old";
const PATIENCE_MAX: Duration = Duration::from_secs(3_600);

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Only show what would come of it: the real transaction, rolled back.
    #[arg(long, conflicts_with_all = ["yes", "accept"])]
    dry_run: bool,
    /// Of conflicts that are named: let the new word stand, and correct what was paid by a row of its own; or let the old
    /// one stand, and discard the new.
    #[arg(long, value_parser = [NEW, OLD], conflicts_with = "all", requires = "why")]
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
    if dry_run {
        return only_look(&selection, output).await;
    }
    match (accept.as_deref(), &selection) {
        (Some(NEW), Selection::Ids(ids)) => return let_stand(ids, operator, output).await,
        (Some(_), _) => return discard::discard(&selection, operator, output).await,
        (None, _) => {}
    }
    let pool = read::<Database>()?.pool().await?;
    let letters = selection.ids(&pool).await?.len();
    let question = format!("Send {letters} dead letters through again?");
    let operator = match operator.confirmed(&question, output)? {
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
    let report = replay::replay(&pool, &context, &selection, pace, &operator, &told).await?;
    bar.finish_and_clear();
    let written = output.result(&report, || report::for_people(&report));
    if report.is_well() { written } else { partly(written) }
}

async fn only_look(selection: &Selection, output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<Database>()?;
    let (pool, rates) = (settings.pool().await?, RateCache::new(settings.patient_pool().await?));
    let ids = selection.ids(&pool).await?;
    let bar = bar("dead letters");
    bar.set_length(ids.len() as u64);
    let told = |looked_at: usize| bar.set_position(looked_at as u64);
    let report = preview::preview(&pool, &rates, &ids, &told).await?;
    bar.finish_and_clear();
    let written = output.result(&report, || report::for_people(&report));
    if report.is_well() { written } else { partly(written) }
}

async fn let_stand(
    ids: &[Uuid],
    operator: OperatorArguments,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let question = format!("Let the new word of {} dead letters stand?", ids.len());
    let operator = match operator.confirmed(&question, output)? {
        Confirmed::Yes(operator) => operator,
        Confirmed::No(status) => return Ok(status),
    };
    let rates = RateCache::new(read::<Database>()?.patient_pool().await?);
    let customers = Customers::open().await?;
    let mut accepted = Vec::new();
    for id in ids {
        let acceptance = accept::accept(&customers.pool, &rates, *id, &operator).await?;
        customers.tell(&acceptance.settled.announcement, output).await;
        accepted.push((*id, acceptance));
    }
    let view: Vec<Value> = accepted.iter().map(|(id, acceptance)| view(*id, acceptance)).collect();
    output.result(&json!({ "data": view }), || for_people(&accepted))
}

fn view(id: Uuid, acceptance: &Acceptance) -> Value {
    let postings = acceptance.postings().map(|posting| {
        json!({
            "id": posting.id,
            "walletId": posting.wallet_id,
            "type": posting.kind.as_str(),
            "amount": posting.amount,
            "balanceAfter": posting.balance_after,
            "reference": posting.external_reference,
        })
    });
    json!({
        "id": id,
        "runId": acceptance.run_id,
        "repeated": acceptance.run_id.is_none(),
        "walletTransactions": postings.collect::<Vec<_>>(),
    })
}

fn for_people(accepted: &[(Uuid, Acceptance)]) -> String {
    let lines = accepted.iter().map(|(id, acceptance)| {
        let moved: Vec<String> =
            acceptance.postings().map(|posting| posting.amount.to_string()).collect();
        let moved = match (acceptance.run_id, moved.is_empty()) {
            (None, _) => "accepted before, nothing moved now".to_owned(),
            (Some(_), true) => "nothing to correct".to_owned(),
            (Some(_), false) => moved.join(", "),
        };
        [id.to_string(), moved]
    });
    table(["dead letter", "corrected by"], lines)
}
