//! A schedule: who does the next step is decided by a seed alone, and so is what goes wrong.

use super::bank::{Ended, Leg};
use super::checks;
use super::loading::Load;
use super::preflight::Preflight;
use super::purchase::Purchase;
use super::sweeping::Sweep;
use super::world::{Actor, Without, World};
use rand::RngExt as _;

/// Everything comes to rest long before.
const REST_MAX: usize = 40;

/// What may happen, by how often.
pub(super) const KINDS: usize = 13;
const EVENTS: [(Event, u32); KINDS] = [
    (Event::Call, 14),
    (Event::AskAgain, 7),
    (Event::TakeIn, 18),
    (Event::Hangup, 8),
    (Event::Settle, 14),
    (Event::Repeat, 3),
    (Event::Purchase, 5),
    (Event::Refill, 2),
    (Event::Load, 8),
    (Event::Sweep, 8),
    (Event::Seconds, 5),
    (Event::Minutes, 4),
    (Event::Hours, 2),
];

#[derive(Clone, Copy, Debug)]
enum Event {
    Call,
    AskAgain,
    TakeIn,
    Hangup,
    Settle,
    Repeat,
    Purchase,
    Refill,
    Load,
    Sweep,
    Seconds,
    Minutes,
    Hours,
}

/// Most wallets are in the cache when a schedule begins.
pub(super) async fn begin(world: &mut World) {
    // Some things happen three times as often in one schedule as in another, and some never: what goes wrong only where
    // much of one kind comes together is found sooner.
    let tempers = [0, 1, 1, 3];
    world.tempers = EVENTS.map(|_| tempers[world.rng.random_range(0..tempers.len())]);
    // Without calls there is nothing to see.
    world.tempers[0] = world.tempers[0].max(1);
    if world.chance(80) {
        for wallet in 0..world.bank.wallets.len() {
            Load::begin(world, wallet);
        }
        while !world.actors.is_empty() {
            world.advance(0).await;
        }
    }
}

/// One step of somebody, and a look at what must be true after it.
pub(super) async fn go_on(world: &mut World) -> Result<(), String> {
    step(world).await;
    judge(world).await
}

async fn judge(world: &mut World) -> Result<(), String> {
    checks::no_money_is_promised_twice(world)?;
    // That nothing is held where nothing is to be held, is no news: what counts then is the money.
    let is_strict = !matches!(world.without, Without::Holds | Without::Permanence);
    if world.is_unseen && is_strict {
        world.is_unseen = false;
        checks::the_cache_holds_what_is_promised(world).await?;
    }
    Ok(())
}

async fn step(world: &mut World) {
    if !world.actors.is_empty() && world.chance(60) {
        let which = world.rng.random_range(0..world.actors.len());
        return world.advance(which).await;
    }
    if world.without == Without::Permanence && world.chance(10) {
        return forget_a_hold(world).await;
    }
    let weights = world.tempers.iter().zip(EVENTS).map(|(temper, (_, weight))| temper * weight);
    let weights: Vec<u32> = weights.collect();
    let mut drawn = world.rng.random_range(0..weights.iter().sum());
    for ((event, _), weight) in EVENTS.into_iter().zip(weights) {
        if drawn < weight {
            return happen(world, event).await;
        }
        drawn -= weight;
    }
}

async fn happen(world: &mut World, event: Event) {
    match event {
        Event::Call => {
            let leg = world.new_leg();
            Preflight::begin(world, leg);
        }
        Event::AskAgain => {
            if let Some(leg) = some_leg(world, |_| true) {
                Preflight::begin(world, leg);
            }
        }
        Event::TakeIn => take_in(world),
        Event::Hangup => {
            if let Some(leg) = some_leg(world, |leg| leg.ended.is_none()) {
                hang_up(world, leg);
            }
        }
        Event::Settle => settle_one(world),
        Event::Repeat => {
            if let Some(leg) = some_leg(world, |leg| leg.settled) {
                let news = world.bank.repeat(leg);
                world.tell(news);
            }
        }
        Event::Purchase => Purchase::begin(world),
        Event::Refill => refill(world),
        Event::Load => {
            let wallet = world.any_wallet();
            Load::begin(world, wallet);
        }
        Event::Sweep => match world.rng.random_range(0..4) {
            0 => Sweep::wallets(world),
            1 => Sweep::overdue(world),
            _ => Sweep::orphans(world).await,
        },
        Event::Seconds => world.now += 5,
        Event::Minutes => pass(world, 150),
        Event::Hours => pass(world, 5 * 3600),
    }
}

fn some_leg(world: &mut World, which: impl Fn(&Leg) -> bool) -> Option<usize> {
    let all = world.bank.legs.iter().enumerate().filter(|(_, leg)| which(leg));
    let all: Vec<usize> = all.map(|(at, _)| at).collect();
    let drawn = world.rng.random_range(0..all.len().max(1));
    all.get(drawn).copied()
}

/// Two workers: the second decision may be taken in before the first.
fn take_in(world: &mut World) {
    let waiting = world.bank.queue.iter().enumerate().filter(|(_, (_, taken))| !taken);
    let waiting: Vec<usize> = waiting.map(|(at, _)| at).take(2).collect();
    let second = usize::from(world.chance(25));
    if let Some(at) = waiting.get(second).or(waiting.first()).copied() {
        world.note(format!("taken in: {at}"));
        if let Some(news) = world.bank.take_in(at) {
            world.tell(news);
        }
    }
}

fn hang_up(world: &mut World, leg: usize) {
    let price = match world.bank.legs[leg].answered {
        Some((_, seconds)) => {
            let seconds =
                if world.chance(50) { world.rng.random_range(0..=seconds) } else { seconds };
            world.bank.price(seconds)
        }
        None => 0,
    };
    let after = (!world.chance(10)).then_some(world.bank.queue.len());
    world.note(format!("leg {leg} ends: {price}, told after {after:?}"));
    world.bank.legs[leg].ended = Some(Ended { price, after });
}

fn settle_one(world: &mut World) {
    let passed: Vec<bool> =
        (0..=world.bank.queue.len()).map(|end| world.bank.has_passed(end)).collect();
    let is_due = |leg: &Leg| {
        !leg.settled && leg.ended.and_then(|end| end.after).is_some_and(|end| passed[end])
    };
    let Some(leg) = some_leg(world, is_due) else { return };
    let Some(news) = world.bank.settle(leg) else { return };
    world.note(format!("leg {leg} is settled: {:?} left", news.wallets[0].balance));
    world.tell(news);
}

fn refill(world: &mut World) {
    let wallet = world.any_wallet();
    let amount = world.rng.random_range(1..10_000);
    world.bank.post(wallet, amount);
    world.note(format!("wallet {wallet} is refilled by {amount}"));
    let wallets = vec![world.bank.state(wallet)];
    world.tell(super::bank::News { wallets, dropped: Vec::new() });
}

/// Nobody who owes an answer is still there after minutes, and no call after its limit.
fn pass(world: &mut World, seconds: i64) {
    world.now += seconds;
    world.note(format!("{seconds} seconds go by"));
    world.actors.retain(|actor| match actor {
        Actor::Preflight(one) => one.is_patient(),
        Actor::Purchase(one) => one.is_patient(),
        Actor::Load(_) | Actor::Telling(_) | Actor::Sweep(_) => true,
    });
    for leg in 0..world.bank.legs.len() {
        let Leg { answered, until, ended, .. } = world.bank.legs[leg];
        let is_over = until <= world.now || (answered.is_none() && seconds > 3600);
        if ended.is_none() && is_over {
            hang_up(world, leg);
        }
    }
}

async fn forget_a_hold(world: &mut World) {
    let open: Vec<_> = (0..world.bank.wallets.len())
        .flat_map(|at| world.bank.promised(at).into_iter().map(move |(hold, _)| (at, hold)))
        .collect();
    let drawn = world.rng.random_range(0..open.len().max(1));
    if let Some((wallet, hold)) = open.get(drawn) {
        let id = world.bank.wallets[*wallet].id;
        world.cache.drop_hold(id, hold, super::world::at(i64::from(u32::MAX))).await.ok();
        world.note(format!("{hold} goes by itself"));
    }
}

/// Everybody finishes, nobody begins, and time goes by.
pub(super) async fn come_to_rest(world: &mut World) -> Result<(), String> {
    world.is_calm = true;
    world.is_unseen = true;
    for round in 0..REST_MAX {
        world.link.connected().await;
        while world.bank.queue.iter().any(|(_, taken)| !taken) {
            take_in(world);
        }
        let mut steps = 0;
        while !world.actors.is_empty() && steps < 200 {
            world.advance(steps % world.actors.len()).await;
            while world.bank.queue.iter().any(|(_, taken)| !taken) {
                take_in(world);
            }
            judge(world).await?;
            steps += 1;
        }
        for leg in 0..world.bank.legs.len() {
            if world.bank.legs[leg].ended.is_none() {
                hang_up(world, leg);
            }
        }
        while world
            .bank
            .legs
            .iter()
            .any(|leg| !leg.settled && leg.ended.is_some_and(|end| end.after.is_some()))
        {
            settle_one(world);
        }
        if world.actors.is_empty() && round > 0 && checks::all_is_at_rest(world).await.is_ok() {
            break;
        }
        pass(world, 5 * 3600);
        for wallet in 0..world.bank.wallets.len() {
            Load::begin(world, wallet);
        }
        Sweep::overdue(world);
        Sweep::wallets(world);
        Sweep::orphans(world).await;
    }
    judge(world).await?;
    checks::all_is_at_rest(world).await
}
