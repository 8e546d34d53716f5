//! What became of the demo's calls, in a few lines.

use anyhow::Result;

use super::books::Found;
use super::calls::Sent;
use super::postman::Tally;
use super::say;
use super::screen::Screen;
use crate::stack::Stack;

/// Of what is wrong, as many lines are shown.
const SHOWN: usize = 10;

/// Shows the counts, the balances and how long it took.
pub fn show(sent: &Sent, tally: &Tally, found: &Found, screen: &Screen) {
    say("\nSummary");
    let row = |name: &str, words: &str| say(&format!("  {name:<20}{words}"));
    row("calls", &format!("{}, with {} legs in the books", sent.calls, sent.legs.len()));
    row("webhooks", &format!("{} sent, {} refused with 403", tally.sent, tally.refused));
    let of = |name: &str| found.settled.get(name).copied().unwrap_or_default();
    let (charged, free, covered) = (of("charged"), of("free"), of("covered"));
    row("legs", &format!("{charged} charged, {free} free, {covered} covered by another leg"));
    let letters = found.dead_letters.iter();
    let letters: Vec<String> = letters.map(|(reason, count)| format!("{count} {reason}")).collect();
    let total: i64 = found.dead_letters.values().sum();
    row("dead letters", &format!("{total}: {}", letters.join(", ")));
    for (name, is, should) in &found.balances {
        row(&format!("balance of {name}"), &format!("{is}, the oracle says {should}"));
    }
    let shown = screen.calls().len();
    row("on the screen", &format!("{} frames, {shown} calls", screen.frames()));
    say("  hangup sent to frame received");
    for (name, latencies) in [("one by one", &sent.unloaded), ("many at once", &sent.loaded)] {
        row(
            &format!("  {name}"),
            &format!("{} over {} calls", latencies.told(), latencies.count()),
        );
    }
}

/// Shows `curbe audit`; whether the books are well.
///
/// # Errors
/// It could not be run.
pub async fn audit(stack: &Stack) -> Result<bool> {
    say("\n$ curbe audit");
    let output = stack.curbe(&["audit"]).await?;
    for text in [&output.stdout, &output.stderr] {
        String::from_utf8_lossy(text).lines().for_each(say);
    }
    Ok(output.status.success())
}

/// Says whether everything was as it had to be, and what was not.
pub fn judge(differences: &[String]) {
    if differences.is_empty() {
        say("\nEvery leg, every balance, every dead letter and every frame is as the oracle says");
        return;
    }
    say(&format!("\n{} differences", differences.len()));
    differences.iter().take(SHOWN).for_each(|words| say(&format!("  {words}")));
}
