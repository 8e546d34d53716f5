//! `curbe dead-letters show`.

use std::process::ExitCode;

use anyhow::Context as _;
use curbe_worker::dead_letters::detail::{self, Details};
use curbe_worker::rates::RateCache;
use serde_json::Value;
use uuid::Uuid;

use super::report;
use crate::environment::{Database, read};
use crate::output::{Output, or_dash, record, table};
use crate::time_argument::shown;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Which.
    id: Uuid,
}

pub(super) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<Database>()?;
    let (pool, rates) = (settings.pool().await?, RateCache::new(settings.patient_pool().await?));
    let details = detail::read(&pool, &rates, arguments.id).await?;
    let details = details.with_context(|| format!("there is no dead letter {}", arguments.id))?;
    output.result(&details, || for_people(&details))
}

fn for_people(details: &Details) -> String {
    let row = &details.letter;
    let head = record([
        ("dead letter", row.id.to_string()),
        ("status", row.status.clone()),
        ("reason", row.reason.clone()),
        ("", row.detail.clone()),
        ("provider", row.provider.clone()),
        ("leg", or_dash(row.leg.as_ref())),
        ("organization", or_dash(row.organization_id)),
        ("subject", row.subject.clone()),
        ("received", shown(row.received_at)),
        ("given up", shown(row.created_at)),
        ("last given up", shown(row.buried_at)),
        ("attempts", row.attempts.to_string()),
        ("headers", lines(headers(&details.headers))),
        ("payload", decoded(details.payload.decoded.as_ref())),
        ("as it came", raw(details)),
    ]);
    let tried = details.decisions.iter().map(|made| {
        let at = shown(made.decided_at);
        [at, made.decision.clone(), made.actor.clone(), made.why.clone(), made.run_id.to_string()]
    });
    let tried = table(["at", "was", "by", "why", "run"], tried);
    format!("{head}\n\n{tried}\n\nSent through again now:\n{}", report::for_people(&details.now))
}

/// Names and values of an object whose values are lists.
fn headers(headers: &Value) -> impl Iterator<Item = String> {
    let named = headers.as_object().into_iter().flatten();
    named.flat_map(|(name, values)| {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        values.map(move |value| format!("{name}: {value}"))
    })
}

/// The fields of a form, a line each; JSON as it is written for people.
fn decoded(decoded: Option<&Value>) -> String {
    let Some(decoded) = decoded else { return "neither a form nor JSON".to_owned() };
    let field = |field: &Value| {
        Some(format!("{} = {}", field.get("name")?.as_str()?, field.get("value")?.as_str()?))
    };
    let fields: Option<Vec<String>> =
        decoded.as_array().and_then(|fields| fields.iter().map(field).collect());
    match fields {
        Some(fields) => lines(fields),
        None => serde_json::to_string_pretty(decoded).unwrap_or_default(),
    }
}

fn raw(details: &Details) -> String {
    let (text, base64) = (details.payload.text.clone(), details.payload.base64.clone());
    text.or(base64.map(|base64| format!("base64: {base64}"))).unwrap_or_default()
}

/// Each is one line, whatever is in it.
fn lines(lines: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|line| line.replace('\n', "\\n")).collect();
    lines.join("\n")
}
