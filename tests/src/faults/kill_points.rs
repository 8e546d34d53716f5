//! Services of a fault build, each killed exactly at a named point.

use std::fs;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;

use super::builds::MARKER;
use super::lab::Lab;
use crate::stack::services::Kind;
use crate::stack::wait_for;

/// Calls must go on until a point is reached.
const SOON: Duration = Duration::from_secs(60);

/// Where a worker can be killed, in the order of a message's way.
pub const WORKER: [&str; 6] = ["fetched", "locked", "debited", "committed", "announced", "acked"];

impl Lab {
    /// Starts a service that stops for ever when it comes to this point for the so-manieth time, and kills it there.
    ///
    /// # Errors
    /// The point was not reached in time.
    pub async fn killed_at(&self, kind: Kind, point: &str, time: usize) -> Result<()> {
        let before = self.times_reached(point)?;
        let wanted = format!("{point}:{time}");
        let environment = [("CURBE_KILL_POINT", wanted.as_str())];
        let mut starting = pin!(self.start(kind, &environment));
        let what = format!("{} to come to {point}", kind.program());
        let mut reached = pin!(wait_for(SOON, &what, async || match self.times_reached(point) {
            Ok(times) if times > before => Ok(()),
            Ok(_) => Err("not yet".to_owned()),
            Err(error) => Err(format!("{error:#}")),
        }));
        tokio::select! {
            // It may stop before it is ready; whoever no longer waits for its start has killed it.
            reached = &mut reached => reached,
            started = &mut starting => {
                let service = started?;
                reached.await?;
                service.process().kill();
                Ok(())
            }
        }
    }

    /// How often any service has stopped at a point.
    fn times_reached(&self, point: &str) -> Result<usize> {
        let marker = format!("{MARKER}{point}\n");
        let mut times = 0;
        for entry in fs::read_dir(self.stack.folder().join("services"))? {
            times += fs::read_to_string(entry?.path())?.matches(&marker).count();
        }
        Ok(times)
    }
}
