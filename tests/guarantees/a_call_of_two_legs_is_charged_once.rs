//! Which leg of a call is charged, in whatever order its legs are heard of and by however many workers at once.

use curbe_tests::simulator::twilio::{Silence, Status, TwilioCall};

use crate::fixture::Bank;
use crate::fixture::customers::User;

/// What a leg must come to: what it was settled as, and its price if it has a log.
type Expected = (&'static str, Option<&'static str>);
const COVERED: Expected = ("covered", None);

/// Tells the legs in every order, each time with other ids, every event settled before the next is sent.
async fn in_every_order(bank: &Bank, legs: &[(TwilioCall, Expected)]) {
    for order in permutations(legs.len()) {
        let legs = renamed(legs);
        for (told, index) in order.iter().enumerate() {
            bank.hang_up(&legs[*index].0).await;
            bank.drained().await;
            if told == 0 && legs[*index].0.parent.is_some() {
                assert_eq!(
                    bank.settled_as(&legs[*index].0.sid).await,
                    None,
                    "it waits for its parent"
                );
            }
        }
        for (leg, (settled_as, price)) in &legs {
            assert_eq!(&bank.settled(&leg.sid).await, settled_as, "{order:?}: {leg:?}");
            let log = bank.log(&leg.sid).await;
            assert_eq!(log.map(|log| log.price).as_deref(), *price, "{order:?}: {leg:?}");
        }
    }
    bank.all_is_well().await;
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![vec![]] };
    let shorter = permutations(last);
    let with_last = |order: &Vec<usize>, place| {
        let mut order = order.clone();
        order.insert(place, last);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |place| with_last(order, place))).collect()
}

/// The same call again: the first leg and its children with new ids.
fn renamed(legs: &[(TwilioCall, Expected)]) -> Vec<(TwilioCall, Expected)> {
    let new = || TwilioCall::outbound("", "").sid;
    let root = new();
    legs.iter()
        .map(|(leg, expected)| {
            let sid = if leg.parent.is_some() { new() } else { root.clone() };
            let parent = leg.parent.as_ref().map(|_| root.clone());
            (TwilioCall { sid, parent, ..leg.clone() }, *expected)
        })
        .collect()
}

#[tokio::test]
async fn an_outbound_call_covers_what_it_dials() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let parent = user.calls("+523312345678", 61);
    let child = parent.dialled(&user.number, "+34911234567").completed(55);
    let unanswered = child.clone().unanswered(Status::NoAnswer, Silence::Absent);
    in_every_order(
        &bank,
        &[(parent.clone(), ("charged", Some("0.0274"))), (child.clone(), COVERED)],
    )
    .await;
    in_every_order(
        &bank,
        &[(parent, ("charged", Some("0.0274"))), (child, COVERED), (unanswered, COVERED)],
    )
    .await;
    // Two orders of two legs, six of three.
    assert_eq!(bank.spent(&user).await, "0.2192");
}

#[tokio::test]
async fn a_forwarded_call_is_two_calls() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let parent = TwilioCall::inbound("+14155550000", &user.number).completed(61);
    let child = parent.dialled("+14155550000", "+523312345678").completed(55);
    in_every_order(
        &bank,
        &[
            (parent.clone(), ("charged", Some("0.0070"))),
            (child.clone(), ("charged", Some("0.0142"))),
        ],
    )
    .await;
    assert_eq!(bank.spent(&user).await, "0.0424");
    // To the customer's own softphone nobody's minutes are bought.
    let own = parent.dialled("+14155550000", "client:alice").completed(55);
    in_every_order(&bank, &[(parent, ("charged", Some("0.0070"))), (own, COVERED)]).await;
    assert_eq!(bank.spent(&user).await, "0.0564");

    let directions = "select direction::text, count(*) from call_logs group by 1 order by 1";
    let directions: Vec<(String, i64)> =
        sqlx::query_as(directions).fetch_all(bank.stack.pool()).await.unwrap();
    assert_eq!(directions, [("inbound".to_owned(), 4), ("outbound".to_owned(), 2)]);
}

#[tokio::test]
async fn a_softphones_call_is_rated_by_the_number_it_reached() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.identity(&user, "client:alice").await;
    let parent = TwilioCall::inbound("client:alice", "").completed(61);
    let child = parent.dialled(&user.number, "+523312345678").completed(55);
    in_every_order(&bank, &[(parent, ("charged", Some("0.0274"))), (child, COVERED)]).await;
    assert_eq!(bank.spent(&user).await, "0.0548");
    let wrong = bank
        .count("select count(*) from call_logs where user_id is null or direction <> 'outbound'");
    assert_eq!(wrong.await, 0);
}

#[tokio::test]
async fn by_two_workers_at_once() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    bank.identity(&user, "client:alice").await;
    // One message a batch, so that the events of a call hardly ever meet in one transaction.
    for _ in 0..2 {
        bank.stack.start_worker(&[("WORKER_BATCH_MAX", "1"), ("WORKER_LANES", "4")]).await.unwrap();
    }
    let mut events = Vec::new();
    for number in 0..60 {
        let (parent, child) = call_of_two(&user, number);
        // Both at the same moment, first the one, then the other.
        events.extend(if number % 2 == 0 { [parent, child] } else { [child, parent] });
    }
    bank.hang_up_all(&events).await;
    bank.all_is_well().await;
    let settled = "select settled_as, count(*) from call_legs group by 1 order by 1";
    let settled: Vec<(Option<String>, i64)> =
        sqlx::query_as(settled).fetch_all(bank.stack.pool()).await.unwrap();
    let expected =
        [("charged", 80), ("covered", 40)].map(|(what, count)| (Some(what.to_owned()), count));
    assert_eq!(settled, expected);
    // Twenty each: 0.0274; 0.0274; 0.0070 and 0.0142.
    assert_eq!(bank.spent(&user).await, "1.5200");
}

/// Outbound, from a softphone, or forwarded.
fn call_of_two(user: &User, number: usize) -> (TwilioCall, TwilioCall) {
    let parent = match number % 3 {
        0 => user.calls("+523312345678", 61),
        1 => TwilioCall::inbound("client:alice", "").completed(61),
        _ => TwilioCall::inbound("+14155550000", &user.number).completed(61),
    };
    let child = parent.dialled("+14155550000", "+523312345678").completed(55);
    (parent, child)
}
