//! `curbe rates import`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use curbe_domain::rating::deck::DEFAULT_DECK;
use curbe_worker::provisioning::{currency, text};
use curbe_worker::rate_import::difference::{Change, Difference, Terms};
use curbe_worker::rate_import::file::{self, BadLine};
use curbe_worker::rate_import::{self, Import, Request};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::direction_words;
use crate::environment::{Database, read};
use crate::output::{Output, bar, failed, record, table};
use crate::time_argument::{instant, shown};

/// More bad lines than these say nothing new to a person.
const BAD_LINES_SHOWN: usize = 50;
const BAD_LINES_IN_JSON: usize = 1_000;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// prefix,rate_per_minute and, where wanted, connection_fee, direction, initial_increment_seconds,
    /// increment_seconds; a header names them, in any order.
    file: PathBuf,
    /// The deck's name.
    #[arg(long, default_value = DEFAULT_DECK, value_parser = text)]
    deck: String,
    /// ISO 4217; not needed where the deck has rates already [default: USD].
    #[arg(long, value_parser = currency)]
    currency: Option<String>,
    /// Keep the rates in force where the file has none for their prefix.
    #[arg(long)]
    merge: bool,
    /// When it comes into force, now or later: 2026-12-01T00:00:00Z or 2026-12-01. Only a deck without any rates in
    /// force may start in the past [default: now].
    #[arg(long, value_parser = instant)]
    effective_from: Option<OffsetDateTime>,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let bytes = tokio::fs::read(&arguments.file)
        .await
        .with_context(|| format!("cannot read {}", arguments.file.display()))?;
    let rates = match file::parse(&bytes) {
        Ok(rates) => rates,
        Err(bad) => return refuse(&arguments, &bad, output),
    };
    let pool = read::<Database>()?.patient_pool().await?;
    let request = Request {
        deck: arguments.deck,
        currency: arguments.currency,
        is_merge: arguments.merge,
        effective_from: arguments.effective_from,
    };
    let done = if arguments.dry_run {
        rate_import::dry_run(&pool, &request, rates).await?
    } else {
        let bar = bar("rates");
        let told = |written: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(written as u64);
        };
        let done = rate_import::import(&pool, &request, rates, &told).await?;
        bar.finish_and_clear();
        done
    };
    let (deck, dry_run) = (&request.deck, arguments.dry_run);
    output.result(&view(deck, &done, dry_run), || for_people(deck, &done, dry_run))
}

fn refuse(arguments: &Arguments, bad: &[BadLine], output: &Output) -> anyhow::Result<ExitCode> {
    let named = bad.get(..BAD_LINES_IN_JSON).unwrap_or(bad);
    let result = json!({ "badLines": named, "badLinesTotal": bad.len() });
    failed(output.result(&result, || {
        let shown = bad.get(..BAD_LINES_SHOWN).unwrap_or(bad);
        let rows = shown.iter().map(|bad| [bad.line.to_string(), bad.reason.clone()]);
        let more = match bad.len() - shown.len() {
            0 => String::new(),
            more => format!(" ({more} more are not shown)"),
        };
        let file = arguments.file.display();
        let table = table(["line", "reason"], rows);
        format!("{table}\nNothing imported: {} bad lines in {file}{more}", bad.len())
    }))
}

fn view(deck: &str, done: &Import, dry_run: bool) -> Value {
    let Difference { added, removed, raised, lowered, unchanged, largest_changes } =
        &done.difference;
    json!({
        "id": done.deck_id,
        "deck": deck,
        "currency": done.currency,
        "effectiveFrom": done.effective_from.map(shown),
        "effectiveUntil": done.until.map(shown),
        "dryRun": dry_run,
        "rates": done.rates,
        "added": added,
        "removed": removed,
        "raised": raised,
        "lowered": lowered,
        "unchanged": unchanged,
        "largestChanges": largest_changes,
    })
}

fn for_people(deck: &str, done: &Import, dry_run: bool) -> String {
    let difference = &done.difference;
    let state = match (done.deck_id, dry_run) {
        (_, true) => "dry run: nothing imported".to_owned(),
        (None, false) => "the same rates are in force already: nothing imported".to_owned(),
        (Some(id), false) => format!("imported as {id}"),
    };
    let from = done.effective_from.map_or_else(|| "now".to_owned(), shown);
    let until = done.until.map_or_else(String::new, |at| format!(" until {}", shown(at)));
    let head = record([
        ("deck", format!("{deck}, {} rates in {}", done.rates, done.currency)),
        ("in force", format!("from {from}{until}")),
        ("added", difference.added.to_string()),
        ("removed", difference.removed.to_string()),
        ("raised", difference.raised.to_string()),
        ("lowered", difference.lowered.to_string()),
        ("unchanged", difference.unchanged.to_string()),
        ("", state),
    ]);
    if difference.largest_changes.is_empty() {
        return head;
    }
    let changes = table(
        ["largest changes", "direction", "before", "after"],
        difference.largest_changes.iter().map(change),
    );
    format!("{head}\n{changes}")
}

fn change(change: &Change) -> [String; 4] {
    let direction = direction_words(change.direction).to_owned();
    [change.prefix.clone(), direction, terms(&change.before), terms(&change.after)]
}

fn terms(terms: &Terms) -> String {
    let Terms { rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds } =
        terms;
    format!("{rate_per_minute} + {connection_fee}, {initial_increment_seconds}/{increment_seconds}")
}
