//! `make faults OUTAGE=60`: under a steady load the queue is away for so many seconds, with a kill of an `ingest` in the
//! middle; and then, on other servers, the database.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use super::fault::Part;
use super::history::{Answered, History};
use super::invariants::{Invariant, Violation};
use super::providers::{PATIENCE, PAUSE, Providers};
use super::{Lab, LabOptions};
use crate::stack::services::Kind;

/// Before something breaks, and after it is back.
const AROUND: Duration = Duration::from_secs(5);
/// The most impatient provider waits no longer than 2 s (Telnyx).
const YES_WITHIN: Duration = Duration::from_millis(1_500);
/// As many as the kernel counts in a second (`getconf CLK_TCK`, the same on every Linux).
const TICKS: u64 = 100;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Outage {
    /// What all chance comes from.
    pub seed: u64,
    /// How long something is away.
    pub length: Duration,
    /// Webhooks a second.
    pub rate: u32,
    /// How whoever wants to see the same again says so.
    pub again: String,
}

impl Outage {
    /// So many seconds under so many webhooks a second.
    #[must_use]
    pub fn new(seed: u64, seconds: u64, rate: u32) -> Self {
        let again = format!("make faults SEED={seed} OUTAGE={seconds} RATE={rate}");
        Self { seed, length: Duration::from_secs(seconds), rate, again }
    }

    /// Lets queue and database be away, one after the other. Whether nothing was violated.
    ///
    /// # Errors
    /// Something does not start, or does not come back.
    pub async fn run(&self) -> Result<bool> {
        let queue = self.of(Part::Queue).await?;
        let database = self.of(Part::Database).await?;
        say(&format!("violations: {}; again: {}", queue + database, self.again));
        Ok(queue + database == 0)
    }

    /// Returns how many violations there were.
    async fn of(&self, part: Part) -> Result<usize> {
        let mut options = LabOptions::seeded(self.seed, self.again.clone());
        options.own_database = true;
        options.instances = (2, 2);
        let lab = Lab::open(options).await?;
        let steady = Steady::start(&lab.providers, self.seed, self.rate);
        sleep(AROUND).await;
        let (busy, begun) = (cpu(&lab)?, Instant::now());
        lab.server(part).process().end_at_once();
        sleep(self.length / 2).await;
        let cut = if part == Part::Queue { Some(cut_by_a_kill(&lab).await?) } else { None };
        sleep(self.length / 2).await;
        let (busy, lasted) = (cpu(&lab)? - busy, begun.elapsed());
        lab.server(part).restart().await?;
        sleep(AROUND).await;
        let sent = steady.finish().await;
        let mut violations = lab.violations().await?;
        violations.extend(broken_promises(&lab.history(), cut));
        violations.iter().take(20).for_each(|violation| say(&violation.to_string()));
        report(&lab, &format!("{part:?} away for {lasted:.1?}"), sent, busy).await?;
        Ok(violations.len())
    }
}

/// Kills an `ingest` and starts it again. Returns how many webhooks had no answer around it.
async fn cut_by_a_kill(lab: &Lab) -> Result<usize> {
    let before = lab.history().unknown;
    let ingest = lab.stack.services_of(Kind::Ingest).into_iter().next();
    ingest.context("an ingest")?.restart().await?;
    // Who was waiting then has given up by now.
    sleep(PATIENCE).await;
    Ok(lab.history().unknown - before)
}

/// Whatever is away, every event is answered with a yes. Where it is the queue, at once, and but for the connections that
/// a kill has `cut`: while workers catch up after the database, all of them share this machine with `ingest`.
fn broken_promises(history: &History, cut: Option<usize>) -> Vec<Violation> {
    let mut words = Vec::new();
    if history.refused > 0 {
        words.push(format!("{} events were turned away", history.refused));
    }
    if let Some(cut) = cut {
        if history.unknown > cut {
            words.push(format!("{} events had no answer, {cut} by the kill", history.unknown));
        }
        if history.slowest > YES_WITHIN {
            words.push(format!("a yes took {:.2?}", history.slowest));
        }
    }
    let violation = |words| Violation { invariant: Invariant::Answered, words };
    words.into_iter().map(violation).collect()
}

async fn report(lab: &Lab, what: &str, sent: usize, busy: Duration) -> Result<()> {
    let letters: i64 =
        sqlx::query_scalar("select count(*) from dead_letters").fetch_one(lab.stack.pool()).await?;
    let legs = lab.legs_settled().await?;
    let history = lab.history();
    say(&format!(
        "{what}: calls {sent}, answered 2xx {}, refused {}, without an answer {}, slowest yes {:.2?}; legs settled {legs}, \
         dead letters {letters}; both workers' CPU meanwhile {busy:.1?}",
        history.accepted, history.refused, history.unknown, history.slowest
    ));
    Ok(())
}

/// What the running workers have used of the processor so far.
fn cpu(lab: &Lab) -> Result<Duration> {
    let mut ticks = 0;
    for pid in lab.stack.services_of(Kind::Worker).iter().filter_map(|w| w.process().pid()) {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, may hold spaces. utime and stime are the 14th and 15th field, proc(5).
        let fields = stat.rsplit_once(')').context("a process")?.1;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u64>()?;
        }
    }
    Ok(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// Calls that end at a steady rate, each told until it is accepted.
struct Steady {
    stop: CancellationToken,
    sent: Arc<AtomicUsize>,
    calling: tokio::task::JoinHandle<()>,
}

impl Steady {
    fn start(providers: &Providers, seed: u64, rate: u32) -> Self {
        let (stop, sent) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let (providers, until, count) = (providers.clone(), stop.clone(), Arc::clone(&sent));
        let calling = tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut due = interval(Duration::from_secs(1) / rate);
            let mut telling = JoinSet::new();
            while !until.is_cancelled() {
                due.tick().await;
                let (call, providers) = (providers.call(&mut rng), providers.clone());
                count.fetch_add(1, Ordering::Relaxed);
                telling.spawn(async move {
                    while providers.tell(&providers.sender, &call).await != Answered::Accepted {
                        sleep(PAUSE).await;
                    }
                });
                while telling.try_join_next().is_some() {}
            }
            telling.join_all().await;
        });
        Self { stop, sent, calling }
    }

    async fn finish(self) -> usize {
        self.stop.cancel();
        self.calling.await.expect("nobody panicked");
        self.sent.load(Ordering::Relaxed)
    }
}

fn say(line: &str) {
    // Nobody may be reading any more.
    writeln!(std::io::stdout(), "{line}").ok();
}
