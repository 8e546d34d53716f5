//! Calls of all providers that go on while something breaks: some end, and others ask before they begin.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::providers::{Providers, held};
use crate::stack::wait_for;

/// Longer than any outage with all that follows it.
const SOON: Duration = Duration::from_secs(60);

/// Calls until they are told to stop.
#[derive(Debug)]
pub struct Callers {
    providers: Providers,
    stop: CancellationToken,
    calling: JoinHandle<()>,
}

impl Callers {
    pub(super) fn start(providers: &Providers) -> Self {
        let (providers, stop) = (providers.clone(), CancellationToken::new());
        let (these, until) = (providers.clone(), stop.clone());
        let calling = tokio::spawn(async move {
            let end = async {
                while !until.is_cancelled() {
                    these.batch().await;
                }
            };
            let ask = async {
                while !until.is_cancelled() {
                    these.asking(these.seed_of_asking.fetch_add(1, Ordering::Relaxed)).await;
                }
            };
            tokio::join!(end, ask);
        });
        Self { providers, stop, calling }
    }

    /// Waits until so many more webhooks were accepted.
    ///
    /// # Errors
    /// They were not in time.
    pub async fn accepted(&self, more: usize) -> Result<()> {
        let enough = held(&self.providers.history).accepted + more;
        wait_for(SOON, "webhooks to be accepted", async || {
            match held(&self.providers.history).accepted {
                now if now < enough => Err(format!("{now} of {enough}")),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Waits until one more call was let begin.
    ///
    /// # Errors
    /// None was in time.
    pub async fn begun(&self) -> Result<()> {
        let before = held(&self.providers.history).asked.begun;
        wait_for(SOON, "a call to begin", async || match held(&self.providers.history).asked {
            asked if asked.begun > before => Ok(()),
            asked => Err(format!("{asked:?}")),
        })
        .await
    }

    /// Tells the last calls to their ends.
    ///
    /// # Errors
    /// They are not accepted.
    pub async fn finish(self) -> Result<()> {
        self.stop.cancel();
        Ok(timeout(SOON, self.calling).await??)
    }
}
