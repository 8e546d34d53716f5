//! Calls that go on while one thing after another breaks.

use std::time::Duration;

use anyhow::{Context, Result};

use super::fault::Fault;
use super::lab::Lab;
use crate::demo::people::{self, Organization};
use crate::oracle::units;

/// Webhooks that are accepted before something breaks, and after it is put right.
const BETWEEN: usize = 30;
/// What the one with little money pays in before something breaks, and what the others do: more than they spend.
const LITTLE: &str = "2.0000";
const PLENTY: &str = "200.0000";

impl Lab {
    /// Lets calls go on ending while one thing after another breaks for so long.
    ///
    /// # Errors
    /// Something does not come back, or webhooks are no longer accepted.
    pub async fn survives(&self, faults: &[Fault], outage: Duration) -> Result<()> {
        self.payday().await?;
        let callers = self.callers();
        for fault in faults {
            callers.accepted(BETWEEN).await?;
            let refused = self.history().refused;
            self.strike(*fault, outage).await.with_context(|| fault.to_string())?;
            callers.accepted(BETWEEN).await?;
            self.nobody_was_turned_away(*fault, refused);
        }
        callers.accepted(BETWEEN).await?;
        callers.begun().await?;
        callers.finish().await
    }

    /// What the queue does not take, the disk does: as long as `ingest` itself runs, every event is answered with a yes.
    fn nobody_was_turned_away(&self, fault: Fault, before: usize) {
        let mut history = self.history();
        let refused = history.refused - before;
        if refused > 0 && !fault.is_of_ingest() {
            history.wrong.push(format!("{refused} events were turned away: {fault}"));
        }
    }

    /// Everybody pays something in, so that there is something to promise.
    async fn payday(&self) -> Result<()> {
        let reference = format!("payday-{}", self.history().paydays);
        for organization in self.organizations() {
            let (id, amount) = (organization.id.to_string(), self.payday_of(organization));
            let refill = ["wallets", "refill", &id, amount, "--reference", &reference];
            people::curbe(&self.stack, &refill).await?;
        }
        self.history().paydays += 1;
        Ok(())
    }

    fn payday_of(&self, organization: &Organization) -> &'static str {
        if organization.id == self.people.initech.id { LITTLE } else { PLENTY }
    }

    /// What an organization has paid in so far, in units of 1/10,000.
    pub(super) fn paid_in(&self, organization: &Organization) -> i128 {
        let paydays: i128 =
            (0..self.history().paydays).map(|_| units(self.payday_of(organization))).sum();
        units(organization.paid) + paydays
    }

    pub(super) fn organizations(&self) -> [&Organization; 3] {
        [&self.people.acme, &self.people.globex, &self.people.initech]
    }
}
