//! The calls of the demo: a few to look at, a hundred one after another, many at once, and those that go wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use uuid::Uuid;

use super::people::{People, Person};
use super::postman::Postman;
use super::screen::{self, Screen};
use crate::bench::latency::Latencies;
use crate::simulator::flow::{ExpectedLeg, Plan, Request, VOICE_EVENTS, traffic};
use crate::simulator::twilio::{Silence, Status, TwilioCall};

/// Called number, how it ends, seconds: the calls shown one by one.
const SHOWN: [(&str, Status, u32); 10] = [
    ("+525512345678", Status::Completed, 61),
    ("+5218112345678", Status::Completed, 60),
    ("+34911234567", Status::Completed, 1),
    ("+442071234567", Status::Busy, 0),
    ("+442071234567", Status::Completed, 725),
    ("+12125550123", Status::NoAnswer, 0),
    ("+12125550123", Status::Completed, 3_601),
    ("+525587654321", Status::Completed, 59),
    ("+34931234567", Status::Canceled, 0),
    ("+5218112345678", Status::Completed, 120),
];
/// Slow enough to be read.
const PACE: Duration = Duration::from_millis(150);
const ONE_AFTER_ANOTHER: usize = 100;
const AT_ONCE: usize = 250;
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
    fn refused(&mut self, reason: &str) {
        self.calls += 1;
        *self.dead_letters.entry(reason.to_owned()).or_default() += 1;
    }

    fn leg(&mut self, wallet: Uuid, call: &TwilioCall) {
        self.calls += 1;
        self.legs.push(ExpectedLeg {
            wallet,
            outbound: true,
            rated_number: call.to.clone(),
            covered: false,
            recording_url: None,
            call: call.clone(),
        });
    }

    /// Ten calls, slowly.
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
        for (number, (to, status, seconds)) in SHOWN.into_iter().enumerate() {
            let call = made(&people.ben, to, status, seconds);
            let begin = Instant::now();
            postman.event(&call.hangup()).await;
            let (log, at) = screen.call(&call.sid).await?;
            screen::line(number + 1, &log, screen.balance(), at - begin);
            self.leg(people.acme.wallet, &call);
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
            let (to, _, seconds) = SHOWN[number % SHOWN.len()];
            let call = made(&people.ben, to, Status::Completed, seconds + 1);
            let begin = Instant::now();
            postman.event(&call.hangup()).await;
            let (_, at) = screen.call(&call.sid).await?;
            self.unloaded.add(at - begin);
            self.leg(people.acme.wallet, &call);
        }
        Ok(())
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
        let plan = Plan::new(SEED, AT_ONCE);
        let traffic = traffic(&plan, &people.customers(), postman.signer());
        screen.during(postman.send_all(&traffic.requests)).await?;
        self.calls += plan.calls;
        for (_, why) in &traffic.unusable {
            self.refused(why.as_str());
        }
        self.load = self.legs.len()..self.legs.len() + traffic.legs.len();
        self.legs.extend(traffic.legs);
        Ok(())
    }

    /// What must be kept for a person to look at, and what must not even be let in.
    pub async fn gone_wrong(&mut self, people: &People, postman: &Postman) {
        let told_twice = made(&people.ben, "+525512345678", Status::Completed, 60);
        postman.event(&told_twice.hangup()).await;
        postman.event(&told_twice.clone().completed(75).hangup()).await;
        self.leg(people.acme.wallet, &told_twice);
        self.refused("conflict");
        self.calls -= 1;

        let strangers = TwilioCall::outbound("+33123456789", "+525512345678").completed(60);
        postman.event(&strangers.hangup()).await;
        self.refused("unknown_owner");

        let far_away = made(&people.carla, "+81312345678", Status::Completed, 60);
        postman.event(&far_away.hangup()).await;
        self.leg(people.globex.wallet, &far_away);
        self.refused("no_rate");
        self.calls -= 1;

        postman.event(&vec![("Something", "that is no call".to_owned())]).await;
        self.refused("unreadable");

        let forged = made(&people.ben, "+525512345678", Status::Completed, 3_600);
        let webhook = postman.signer().form(VOICE_EVENTS, &forged.hangup()).forged();
        postman.send(&Request { webhook, forged: true }).await;
    }
}

fn made(person: &Person, to: &str, status: Status, seconds: u32) -> TwilioCall {
    let call = TwilioCall::outbound(person.number, to);
    if status == Status::Completed {
        return call.completed(seconds);
    }
    call.unanswered(status, Silence::Zero)
}
