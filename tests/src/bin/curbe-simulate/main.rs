//! Sends signed webhooks to a running ingest and shows the answers.

mod arguments;
mod told;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use curbe_tests::simulator::send::{Answer, Sender};
use curbe_tests::simulator::sign::Webhook;

use crate::arguments::Arguments;
use crate::told::{Problem, Told, told};

/// The exit statuses of all of Curbe's programs for a command line and for a configuration that are wrong.
const USAGE: u8 = 2;
const CONFIGURATION: u8 = 78;

/// Headers that tell something of an answer.
const SHOWN_HEADERS: [&str; 4] = ["content-type", "retry-after", "x-request-id", "location"];

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, environment } = Arguments::parse();
    let told = match told(&command, &environment) {
        Ok(told) => told,
        Err(Problem::Configuration(words)) => {
            complain(&words);
            return ExitCode::from(CONFIGURATION);
        }
        Err(Problem::Usage(words)) => {
            complain(&words);
            return ExitCode::from(USAGE);
        }
    };
    match send(&told, &environment.ingest_url).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the provider would take every answer for a yes.
async fn send(told: &Told, ingest_url: &str) -> Result<bool> {
    let sender = Sender::new(ingest_url)?;
    let mut is_taken = true;
    for (name, webhook) in &told.webhooks {
        let answer = sender.send(webhook).await?;
        is_taken &= answer.is_success();
        show(name, webhook, &told.id, &answer)?;
    }
    Ok(is_taken)
}

fn show(name: &str, webhook: &Webhook, id: &str, answer: &Answer) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let path = webhook.path.split('?').next().unwrap_or_default();
    let milliseconds = answer.latency.as_millis();
    writeln!(out, "{name}: POST {path} {id} -> {} in {milliseconds} ms", answer.status)?;
    for name in SHOWN_HEADERS {
        if let Some(value) = answer.headers.get(name) {
            writeln!(out, "{name}: {}", value.to_str().unwrap_or("(not text)"))?;
        }
    }
    if !answer.body.is_empty() {
        writeln!(out, "\n{}", answer.body)?;
    }
    Ok(())
}

fn complain(words: &str) {
    // Where even this cannot be written, the exit status is all there is left to say.
    writeln!(std::io::stderr(), "curbe-simulate: {words}").ok();
}
