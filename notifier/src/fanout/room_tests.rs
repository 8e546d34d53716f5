//! Every order in which commits, publications, the subscription and the readings can come, one after the other: each
//! socket is told each number once and in order, and no heartbeat claims one before it.

#[path = "room_world.rs"]
mod world;

use std::sync::Arc;

use curbe_domain::frames::{HeldNotice, HeldUpdated, Published};
use curbe_domain::money::Money;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use world::{Plan, SINCE, World};

use super::{Control, Member, Outgoing, Room};
use crate::fanout::audience::Viewer;
use crate::store::{Caller, Role};

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

#[test]
fn what_is_set_aside_while_a_socket_comes_is_told_after_its_welcome() {
    let mut room = Room::new(Uuid::nil(), Arc::default());
    let caller = Caller { user_id: Uuid::nil(), role: Role::Member, wallet_id: None };
    let (queue, mut queued) = mpsc::channel(8);
    let member = Member {
        id: 1,
        viewer: Viewer::from(&caller),
        queue,
        overflowed: CancellationToken::new(),
        is_behind: Arc::default(),
    };
    room.on_control(Control::Join { member, arrival: oneshot::channel().0 });
    let data =
        HeldUpdated { held: Money::ZERO, available: Money::ZERO, currency: "USD".to_owned() };
    let notice = Published::Held(HeldNotice { data });
    room.on_message(&serde_json::to_vec(&notice).unwrap());
    let told = queued.try_recv().unwrap();
    assert!(matches!(told, Outgoing::Notice { kind: "held_updated", .. }), "{told:?}");
    assert_eq!(told.seq(), None);
}
