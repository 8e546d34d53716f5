//! The caller's screen: what his socket receives, line by line, and what would be wrong with it.

use std::collections::HashMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::player::Player;
use super::say;
use crate::bench::latency::milliseconds;
use crate::simulator::browser::{Browser, Seen};
use crate::simulator::flow::Provider;

/// How long a frame may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(10);
/// A line after so many calls.
const PROGRESS: usize = 20;

/// The socket and what came over it.
#[derive(Debug)]
pub struct Screen {
    browser: Browser,
    balance: String,
    last_seq: i64,
    /// The calls that were logged on it, and when.
    calls: HashMap<String, Instant>,
    frames: usize,
    problems: Vec<String>,
    player: Player,
}

impl Screen {
    /// Opens the socket with a token.
    ///
    /// # Errors
    /// The notifier does not let it in.
    pub async fn open(notifier_url: &str, token: &str) -> Result<Self> {
        let browser = Browser::open(notifier_url, token).await?;
        let welcome = browser.welcome();
        Ok(Self {
            balance: text(&welcome["data"]["balance"]),
            last_seq: welcome["seq"].as_i64().context("a welcome with its number")?,
            browser,
            calls: HashMap::new(),
            frames: 0,
            problems: Vec::new(),
            player: Player::new(notifier_url, token)?,
        })
    }

    /// The balance that it shows.
    pub fn balance(&self) -> &str {
        &self.balance
    }

    /// How many frames came.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The calls that it shows, and when each came.
    pub fn calls(&self) -> &HashMap<String, Instant> {
        &self.calls
    }

    /// What should not have been.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Waits until the call with one of these names is logged on it; the log as it came, and when.
    ///
    /// # Errors
    /// It does not come in time.
    pub async fn call(&mut self, names: &[String]) -> Result<(Value, Instant)> {
        let waiting = async {
            loop {
                let seen = self.next().await?;
                let frame = self.show(&seen)?;
                let log = &frame["data"]["logData"];
                if names.iter().any(|name| log["externalCallId"] == **name) {
                    return Ok((log.clone(), seen.at));
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.with_context(|| format!("no frame of call {names:?} within {PATIENCE:?}"))?
    }

    /// Waits until the recording of a logged call is there and plays it; tells in words what was heard.
    ///
    /// # Errors
    /// It does not come in time, or is not played.
    pub async fn recording(&mut self, log_id: &Value) -> Result<String> {
        let waiting = async {
            loop {
                let seen = self.next().await?;
                let frame = self.show(&seen)?;
                if frame["type"] == "recording_ready" && frame["data"]["callLogId"] == *log_id {
                    return anyhow::Ok(());
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.with_context(|| format!("no recording of {log_id} within {PATIENCE:?}"))??;
        self.player.play(&text(log_id)).await
    }

    /// Shows whatever comes while `work` is done: a line now and then.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            let seen = tokio::select! {
                done = &mut work => return Ok(done),
                seen = self.next() => seen?,
            };
            let before = self.calls.len();
            self.show(&seen)?;
            let calls = self.calls.len();
            if calls > before && calls.is_multiple_of(PROGRESS) {
                say(&format!("  {calls} calls on the screen, balance {}", self.balance));
            }
        }
    }

    /// Waits until as many calls are logged on it, or no more come.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn settle_down(&mut self, calls: usize) -> Result<()> {
        while self.calls.len() < calls {
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(seen) => drop(self.show(&seen?)?),
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Seen> {
        self.browser.next().await.context("the notifier's socket")
    }

    fn show(&mut self, seen: &Seen) -> Result<Value> {
        let frame = seen.json()?;
        let kind = frame["type"].as_str().unwrap_or_default();
        if !matches!(kind, "balance_updated" | "new_call_log" | "recording_ready") {
            return Ok(frame);
        }
        self.frames += 1;
        let seq = frame["seq"].as_i64().unwrap_or_default();
        if seq <= self.last_seq {
            self.problems.push(format!("frame {seq} came after frame {}", self.last_seq));
        }
        self.last_seq = seq;
        match kind {
            "balance_updated" => self.balance = text(&frame["data"]["newBalance"]),
            "new_call_log" => {
                let sid = text(&frame["data"]["logData"]["externalCallId"]);
                self.calls.insert(sid, seen.at);
            }
            _ => {}
        }
        Ok(frame)
    }
}

/// The heading of [`line`].
pub fn heading() {
    say(
        "  provider    from           to              seconds  outcome         cost     balance  after",
    );
}

/// One call as it came to the screen.
pub fn line(provider: Provider, log: &Value, balance: &str, after: Duration) {
    let [from, to, outcome, cost] =
        ["fromNumber", "toNumber", "status", "customerPrice"].map(|name| text(&log[name]));
    let provider = provider.as_str();
    let seconds = log["durationSeconds"].as_i64().unwrap_or_default();
    let after = milliseconds(after);
    say(&format!(
        "  {provider:<12}{from:<15}{to:<16}{seconds:>7}  {outcome:<10}{cost:>10}  {balance:>10}  {after}"
    ));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
