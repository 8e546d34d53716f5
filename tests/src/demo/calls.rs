//! The calls of the demo: a few to look at, a hundred one after another, many at once, and those that go wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use super::people::People;
use super::postman::Postman;
use super::screen::{self, Screen};
use crate::bench::latency::Latencies;
use crate::simulator::flow::{ExpectedLeg, Plan, Provider, traffic};
use crate::simulator::placed::{Dialled, Placed};
use crate::simulator::twilio::Status;

/// Who carries it, called number, how it ends, seconds: the calls shown one by one.
const SHOWN: [(Provider, &str, Status, u32); 12] = [
    (Provider::Twilio, "+525512345678", Status::Completed, 61),
    (Provider::Telnyx, "+525512345678", Status::Completed, 61),
    (Provider::SignalWire, "+525512345678", Status::Completed, 61),
    (Provider::Twilio, "+5218112345678", Status::Completed, 60),
    (Provider::Telnyx, "+34911234567", Status::Completed, 1),
    (Provider::SignalWire, "+442071234567", Status::Busy, 0),
    (Provider::Twilio, "+442071234567", Status::Completed, 725),
    (Provider::Telnyx, "+12125550123", Status::NoAnswer, 0),
    (Provider::SignalWire, "+12125550123", Status::Completed, 3_601),
    (Provider::Twilio, "+525587654321", Status::Completed, 59),
    (Provider::Twilio, "+34931234567", Status::Canceled, 0),
    (Provider::Telnyx, "+5218112345678", Status::Completed, 120),
];
/// Slow enough to be read.
const PACE: Duration = Duration::from_millis(150);
const ONE_AFTER_ANOTHER: usize = 100;
const AT_ONCE: usize = 200;
/// Whoever runs the demo again sees the same calls.
const SEED: u64 = 2025;

/// Everything that was sent and what must come of it.
#[derive(Debug, Default)]
pub struct Sent {
    /// Calls, of which some have two legs.
    pub calls: usize,
    /// The legs that must stand in the books.
    pub legs: Vec<ExpectedLeg>,
    /// How many dead letters of each reason there must be.
    pub dead_letters: BTreeMap<String, i64>,
    /// From the hangup to the frame, one call after another.
    pub unloaded: Latencies,
    /// The same while many came at once.
    pub loaded: Latencies,
    /// The legs that came at once.
    pub load: Range<usize>,
}

impl Sent {
    /// Counts a dead letter.
    pub(super) fn refused(&mut self, reason: &str) {
        *self.dead_letters.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts a call with one leg.
    pub(super) fn charged(&mut self, placed: &Placed) {
        self.calls += 1;
        self.legs.push(placed.leg.clone());
    }

    /// Some calls, slowly.
    ///
    /// # Errors
    /// A frame does not come.
    pub async fn shown(
        &mut self,
        people: &People,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<()> {
        screen::heading();
        for (provider, to, status, seconds) in SHOWN {
            let dialled = Dialled { status, ..Dialled::completed(provider, to, seconds) };
            let placed = postman.placed(&people.ben, &people.acme, dialled);
            let (log, after) = self.until_seen(&placed, postman, screen).await?;
            screen::line(provider, &log, screen.balance(), after);
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// The next hangup is sent when the last one is on the screen.
    ///
    /// # Errors
    /// A frame does not come.
    pub async fn one_after_another(
        &mut self,
        people: &People,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<()> {
        for number in 0..ONE_AFTER_ANOTHER {
            let (provider, to, _, seconds) = SHOWN[number % SHOWN.len()];
            let dialled = Dialled::completed(provider, to, seconds + 1);
            let placed = postman.placed(&people.ben, &people.acme, dialled);
            let (_, after) = self.until_seen(&placed, postman, screen).await?;
            self.unloaded.add(after);
        }
        Ok(())
    }

    /// Sends a call and waits for it on the screen: the log as it came, and how long after the hangup.
    pub(super) async fn until_seen(
        &mut self,
        placed: &Placed,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<(Value, Duration)> {
        if postman.ask(&placed.request).await.limit() < placed.leg.length.stated {
            postman.complain(format!("{} may not last as long as it does", placed.leg.id()));
        }
        let mut hung_up = Instant::now();
        for webhook in &placed.webhooks {
            hung_up = Instant::now();
            postman.event(webhook).await;
        }
        let (log, at) = screen.call(&placed.leg.names).await?;
        self.charged(placed);
        Ok((log, at.saturating_duration_since(hung_up)))
    }

    /// Many, with repeats and in disorder, of everybody.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn at_once(
        &mut self,
        people: &People,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<()> {
        let plan = Plan { files: postman.files().to_owned(), ..Plan::new(SEED, AT_ONCE) };
        let traffic = traffic(&plan, &people.customers(), postman.signers());
        traffic.legs.iter().for_each(|leg| postman.keep_recording(leg));
        screen.during(postman.send_all(&traffic.requests)).await?;
        self.calls += plan.calls;
        self.calls += traffic.unusable.len();
        for (_, why) in &traffic.unusable {
            self.refused(why.as_str());
        }
        self.load = self.legs.len()..self.legs.len() + traffic.legs.len();
        self.legs.extend(traffic.legs);
        Ok(())
    }
}
