//! `make demo`: from nothing to a balance that moves on a screen, with the books checked at the end.

pub mod books;
pub mod calls;
pub mod credit;
pub mod load;
pub mod next;
pub mod people;
pub mod player;
pub mod postman;
pub mod screen;
pub mod special;
pub mod summary;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::books::Found;
use self::calls::Sent;
use self::people::People;
use self::postman::Postman;
use self::screen::Screen;
use crate::bench::latency::seconds;
use crate::simulator::provider_api::ProviderApi;
use crate::stack::{Stack, StackOptions, paths, wait_for};

/// How long the last webhooks may take into the books.
const SETTLING: Duration = Duration::from_secs(20);

/// Everything that runs and what was done with it.
struct Demo {
    stack: Stack,
    people: People,
    postman: Postman,
    screen: Screen,
    sent: Sent,
}

/// Runs the demo; whether everything was as it had to be. Without `once` it stays until Ctrl-C.
///
/// # Errors
/// Something could not be started, or did not answer.
pub async fn run(once: bool) -> Result<bool> {
    let begin = Instant::now();
    let folder = paths::local().join("demo");
    let _lock = alone(&folder.with_extension("lock"))?;
    if folder.exists() {
        fs::remove_dir_all(&folder).context("the last demo's data")?;
    }
    say("Starting Postgres, NATS and Redis of its own in .local/demo, and the three services");
    let stack = Stack::start(StackOptions::new(folder)).await?;
    let mut demo = Demo::set_up(stack).await?;
    say(&format!("Ready after {}", seconds(begin.elapsed())));
    demo.calls().await?;
    let right = demo.settle_up().await?;
    say(&format!("\nDone after {}", seconds(begin.elapsed())));
    if !once {
        next::show(&demo.stack, &demo.people).await?;
        until_told_to_end().await?;
    }
    Ok(right)
}

impl Demo {
    async fn set_up(stack: Stack) -> Result<Self> {
        people::import_rates(&stack).await?;
        let people = People::settle_in(&stack).await?;
        let provider_api = ProviderApi::start().await?;
        let found_there = provider_api.environment();
        let found_there: Vec<_> =
            found_there.iter().map(|(name, value)| (*name, value.as_str())).collect();
        stack.start_worker(&found_there).await?;
        stack.start_ingest(&[]).await?;
        stack.start_notifier(&[]).await?;
        let token = people::token(&stack, &people.ben).await?;
        let screen = Screen::open(&stack.notifier_url(), &token).await?;
        let postman = Postman::new(&stack, provider_api)?;
        Ok(Self { stack, people, postman, screen, sent: Sent::default() })
    }

    async fn calls(&mut self) -> Result<()> {
        let Self { stack, people, postman, screen, sent } = self;
        say("\nThe price list");
        people::price_list().for_each(|line| say(&format!("  {line}")));
        say(&format!("\nThe screen of {}: balance {}", people.ben.email, screen.balance()));
        sent.shown(people, postman, screen).await?;
        // Telnyx's legs that wait for their answer go on waiting while the others are shown.
        say("\nA call at Telnyx whose answer is never told: it is charged 5 s after its end");
        sent.answer_untold(people, postman).await;
        say("\nMany calls at once, of three users in two organizations, repeated and in disorder");
        sent.at_once(people, postman, screen).await?;
        say("\nA recorded call at each provider, heard as soon as the recording is on the screen");
        sent.recorded(people, postman, screen).await?;
        say("\nA hundred calls, each hung up once the last one is on the screen");
        sent.one_after_another(people, postman, screen).await?;
        say(&format!("  balance {}", screen.balance()));
        say("\nCredit before the call: somebody with little money");
        sent.on_credit(people, postman, stack).await?;
        say("\nAnd what goes wrong: forged signatures, a call told twice with other seconds, a");
        say("stranger's call, a number without a price, a body that says nothing");
        sent.gone_wrong(people, postman, screen).await?;
        Ok(())
    }

    /// Waits for the last frame and the last row, then shows what became of it all.
    async fn settle_up(&mut self) -> Result<bool> {
        let found = self.settled().await?;
        let shown = self.stray_calls().await?;
        load::measure(&mut self.sent, &self.postman, &self.screen);
        let tally = self.postman.tally();
        summary::show(&self.sent, &tally, &found, &self.screen);
        let differences =
            [&found.differences, &tally.wrong, &shown, self.screen.problems()].concat();
        let audited = summary::audit(&self.stack).await?;
        summary::judge(&differences);
        Ok(audited && differences.is_empty())
    }

    async fn settled(&mut self) -> Result<Found> {
        let Self { stack, people, screen, sent, .. } = self;
        let waiting = wait_for(SETTLING, "the books", async || {
            match books::compare(stack.pool(), people, sent).await {
                Ok(found) if found.differences.is_empty() => Ok(found),
                Ok(found) => Err(found.differences.join("\n")),
                Err(error) => Err(format!("{error:#}")),
            }
        });
        match screen.during(waiting).await? {
            Ok(found) => Ok(found),
            // What differs is part of what is shown.
            Err(_) => books::compare(stack.pool(), people, sent).await,
        }
    }

    /// What the screen shows and the books do not, or the other way round.
    async fn stray_calls(&mut self) -> Result<Vec<String>> {
        let booked = books::calls_of(self.stack.pool(), self.people.ben.id).await?;
        self.screen.settle_down(booked.len()).await?;
        let booked: BTreeSet<&str> = booked.iter().map(String::as_str).collect();
        let shown: BTreeSet<&str> = self.screen.calls().keys().map(String::as_str).collect();
        let words = |sid: &&str| format!("{sid} is in the books or on the screen, but not in both");
        Ok(booked.symmetric_difference(&shown).map(words).collect())
    }
}

/// Two demos would remove each other's data.
fn alone(path: &std::path::Path) -> Result<File> {
    fs::create_dir_all(paths::local())?;
    let lock = File::create(path)?;
    if lock.try_lock().is_err() {
        bail!("a demo is running already: end it with Ctrl-C first");
    }
    Ok(lock)
}

async fn until_told_to_end() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminated.recv() => {}
    }
    say("\nEnding everything");
    Ok(())
}

/// Whoever reads only the first lines must not make the demo fail.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
