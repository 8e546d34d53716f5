//! `curbe dead-letters replay --accept new` and `--accept old`.

use std::process::ExitCode;

use curbe_worker::dead_letters::accept::{self, AcceptError, Acceptance};
use curbe_worker::dead_letters::replay::Selection;
use curbe_worker::rates::RateCache;
use serde_json::json;
use uuid::Uuid;

use super::discard;
use crate::customers::Customers;
use crate::environment::{Database, database, read};
use crate::operator::{Confirmed, OperatorArguments};
use crate::output::{Output, partly, table};

/// Lets the words of these letters stand.
pub(super) async fn accept(
    ids: &[Uuid],
    operator: OperatorArguments,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let said = match operator.said() {
        Ok(said) => said,
        Err(words) => return output.usage(words),
    };
    let question = format!("Let the new word of {} dead letters stand?", ids.len());
    let operator = match said.confirmed(&question, output)? {
        Confirmed::Yes(operator) => operator,
        Confirmed::No(status) => return Ok(status),
    };
    let rates = RateCache::new(read::<Database>()?.patient_pool().await?);
    let customers = Customers::open().await?;
    let (mut accepted, mut failed) = (Vec::new(), Vec::new());
    // Each is a transaction of its own: one that fails takes back none of the others.
    for id in ids {
        match accept::accept(&customers.pool, &rates, *id, &operator).await {
            Ok((acceptance, settled)) => {
                customers.tell(&settled.announcement, output).await;
                accepted.push(acceptance);
            }
            Err(error) => failed.push(not_accepted(*id, error, output)),
        }
    }
    told(&accepted, &failed, output)
}

/// Lets the words stand that the letters contradict: they are discarded.
pub(super) async fn keep(
    selection: &Selection,
    operator: OperatorArguments,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    if let Selection::Ids(ids) = selection {
        accept::are_conflicts(&database().await?, ids).await?;
    }
    discard::discard(selection, operator, output).await
}

/// Shows what would come of it, of each letter after those before it.
pub(super) async fn look(ids: &[Uuid], output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<Database>()?;
    let (pool, rates) = (settings.pool().await?, RateCache::new(settings.patient_pool().await?));
    let (mut seen, mut failed) = (Vec::new(), Vec::new());
    for (id, looked) in accept::look(&pool, &rates, ids).await? {
        match looked {
            Ok(acceptance) => seen.push(acceptance),
            Err(error) => failed.push(not_accepted(id, error, output)),
        }
    }
    told(&seen, &failed, output)
}

fn not_accepted(id: Uuid, error: AcceptError, output: &Output) -> Uuid {
    let error = anyhow::Error::from(error);
    output.error(&error.context(format!("dead letter {id} is not accepted")));
    id
}

fn told(accepted: &[Acceptance], failed: &[Uuid], output: &Output) -> anyhow::Result<ExitCode> {
    if accepted.is_empty() && !failed.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let result = json!({ "data": accepted, "failed": failed });
    let written = output.result(&result, || for_people(accepted));
    if failed.is_empty() { written } else { partly(written) }
}

fn for_people(accepted: &[Acceptance]) -> String {
    let lines = accepted.iter().map(|acceptance| {
        let rows = acceptance.wallet_transactions.iter();
        let moved: Vec<String> =
            rows.map(|row| format!("{} {}", row.amount, row.currency)).collect();
        let moved =
            if moved.is_empty() { "nothing to correct".to_owned() } else { moved.join(", ") };
        let when = match (acceptance.repeated, acceptance.dry_run) {
            (true, _) => "accepted before, nothing moves now",
            (false, true) => "nothing was changed",
            (false, false) => "accepted",
        };
        [acceptance.id.to_string(), moved, when.to_owned()]
    });
    table(["dead letter", "corrected by", ""], lines)
}
