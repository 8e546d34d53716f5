//! Browsers that watch their wallets all the time and come back whenever they are thrown out.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use super::providers::held;
use crate::simulator::browser::{Browser, Ended, Hello};

/// Before it comes back.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody who may see everything of a wallet. Dropped, he goes away.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) wallet: Uuid,
    shown: Arc<Mutex<Shown>>,
    watching: JoinHandle<()>,
}

/// What he was shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// Up to which number he has everything; `None` before the first welcome.
    pub(super) seq: Option<i64>,
    /// The calls.
    pub(super) calls: HashSet<String>,
    /// The last balance.
    pub(super) balance: String,
    /// He was told to ask the API anew, and missed what came before.
    pub(super) asks_anew: bool,
    /// What he must not be shown, in words.
    pub(super) wrong: Vec<String>,
}

impl Screen {
    /// Opens it; the notifier may be away at times.
    pub(super) fn open(notifier_url: String, token: String, wallet: Uuid) -> Self {
        let shown = Arc::<Mutex<Shown>>::default();
        let watching = tokio::spawn(watch(notifier_url, token, Arc::clone(&shown)));
        Self { wallet, shown, watching }
    }

    /// What it shows now.
    pub(super) fn shown(&self) -> Shown {
        held(&self.shown).clone()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

async fn watch(url: String, token: String, shown: Arc<Mutex<Shown>>) {
    loop {
        let since = held(&shown).seq;
        let hello = Hello { since, ..Hello::new(&token) };
        if let Ok(browser) = Browser::enter(&url, &hello).await {
            drop(look(browser, &shown).await);
        }
        sleep(PAUSE).await;
    }
}

async fn look(mut browser: Browser, shown: &Mutex<Shown>) -> Result<(), Ended> {
    held(shown).welcome(&browser.welcome().clone());
    loop {
        let frame = browser.next().await?.json();
        let Ok(frame) = frame else { continue };
        held(shown).take(&frame);
        if frame["type"] == "resync" {
            return Ok(());
        }
    }
}

impl Shown {
    fn welcome(&mut self, welcome: &Value) {
        let seq = welcome["seq"].as_i64().unwrap_or_default();
        if self.seq.is_some_and(|last| seq < last) {
            self.wrong.push(format!("welcomed at {seq} after {:?}", self.seq));
        }
        if welcome["resumed"] == false {
            self.asks_anew |= self.seq.is_some();
            self.seq = Some(seq);
        }
        if let Some(balance) = welcome["data"]["balance"].as_str() {
            balance.clone_into(&mut self.balance);
        }
    }

    fn take(&mut self, frame: &Value) {
        let last = self.seq.unwrap_or_default();
        let Some(seq) = frame["seq"].as_i64() else {
            if frame["type"] == "resync" {
                (self.seq, self.asks_anew) = (None, true);
            }
            return;
        };
        let is_numbered = frame["type"] != "heartbeat" && frame["type"] != "welcome";
        if seq < last || (is_numbered && seq == last) {
            self.wrong.push(format!("{} came after {last}", frame["seq"]));
        }
        self.seq = Some(seq.max(last));
        if let Some(balance) = frame["data"]["newBalance"].as_str() {
            balance.clone_into(&mut self.balance);
        }
        if let Some(call) = frame["data"]["logData"]["externalCallId"].as_str()
            && !self.calls.insert(call.to_owned())
        {
            self.wrong.push(format!("call {call} was shown twice"));
        }
    }
}
