//! Every order in which commits, publications, the subscription and the readings can come, one after the other: each
//! socket is told each number once and in order, and no heartbeat claims one before it.

#[path = "room_world.rs"]
mod world;

use world::{Plan, SINCE, World};

/// Goes through the plan, at each fork as `forks` says, and notes forks that are new.
fn once(plan: Plan, forks: &mut Vec<(usize, usize)>) {
    let mut world = World::new(plan);
    let mut happened = Vec::new();
    let mut step = 0;
    loop {
        let possible = world.possible();
        if possible.is_empty() {
            if world.sweep() {
                continue;
            }
            break;
        }
        if step == forks.len() {
            forks.push((0, possible.len()));
        }
        let action = possible[forks[step].0];
        happened.push(action);
        world.act(action);
        step += 1;
    }
    let expected: Vec<i64> = (SINCE + 1..=world.committed).collect();
    for told in world.told() {
        assert_eq!(told, expected, "{happened:?}");
    }
}

/// How many orders there were.
fn all(plan: Plan) -> usize {
    let mut forks = Vec::new();
    let mut orders = 0;
    loop {
        once(plan, &mut forks);
        orders += 1;
        // The last fork that has a way not taken yet.
        while forks.pop_if(|(taken, ways)| *taken + 1 == *ways).is_some() {}
        match forks.last_mut() {
            Some((taken, _)) => *taken += 1,
            None => return orders,
        }
    }
}

#[test]
fn every_order_tells_each_number_once() {
    let plan = Plan { commits: 2, joins: 1, losses: 0, offline: false };
    assert!(all(plan) > 10_000);
    assert!(all(Plan { commits: 1, joins: 2, ..plan }) > 1_000);
}

#[test]
fn also_where_redis_was_away_at_first() {
    assert!(all(Plan { commits: 2, joins: 1, losses: 0, offline: true }) > 10_000);
}

#[test]
fn also_what_redis_loses() {
    assert!(all(Plan { commits: 2, joins: 1, losses: 1, offline: false }) > 10_000);
}
