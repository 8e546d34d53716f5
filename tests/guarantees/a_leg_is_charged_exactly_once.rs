//! A leg is charged exactly once, whatever is duplicated, reordered or killed: a thousand calls of all providers, each
//! webhook three times and many once more in other words, while the workers are killed with messages in their hands.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use curbe_domain::providers::Provider;
use curbe_tests::oracle::{text, units};
use curbe_tests::seed::seed;
use curbe_tests::simulator::flow::{Plan, Request, Traffic, traffic};
use curbe_tests::simulator::sign::Webhook;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::wait_until;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::fixture::{Bank, SOON};

const FORM: &str = "application/x-www-form-urlencoded";
const CALLS: usize = 1_000;
const COPIES: usize = 3;
const KILLS: usize = 6;
/// Small batches, so that a kill hits several at different points.
const BATCH: (&str, &str) = ("WORKER_BATCH_MAX", "25");

#[tokio::test]
async fn whatever_is_repeated_reordered_or_killed() {
    let seed = seed();
    let bank = Bank::without_worker().await;
    let customers = bank.customers_of_traffic().await;
    let traffic = traffic(&Plan::new(seed, CALLS), &customers, &bank.signers);
    let requests = repeated(&traffic, &mut StdRng::seed_from_u64(seed));
    let forged: HashSet<Vec<u8>> = traffic
        .requests
        .iter()
        .filter(|request| request.forged)
        .map(|request| request.webhook.body.clone())
        .collect();

    let workers = [
        bank.stack.start_worker(&[BATCH]).await.unwrap(),
        bank.stack.start_worker(&[BATCH]).await.unwrap(),
    ];
    let sending = bank.sending(requests);
    kill_in_mid_batch(&bank, &workers, traffic.legs.len()).await;
    for (webhook, status) in sending.await.unwrap() {
        let expected = if forged.contains(&webhook.body) { 403 } else { 204 };
        assert_eq!(status, Some(expected), "seed {seed}: {webhook:?}");
    }
    bank.drained().await;

    bank.holds(&traffic, seed).await;
    bank.books_are_clean().await;
}

/// Each webhook so often, each with its own bytes.
fn repeated(traffic: &Traffic, rng: &mut StdRng) -> Vec<Webhook> {
    let once: BTreeMap<&[u8], &Webhook> = traffic
        .requests
        .iter()
        .map(|Request { webhook, .. }| (&webhook.body[..], webhook))
        .collect();
    let mut all: Vec<Webhook> =
        once.into_values().flat_map(|webhook| vec![webhook.clone(); COPIES]).collect();
    all.shuffle(rng);
    all
}

/// Kills one worker or both whenever as much again is settled, each time with messages in their hands.
async fn kill_in_mid_batch(bank: &Bank, workers: &[Arc<Service>; 2], legs: usize) {
    for kill in 0..KILLS {
        let settled = i64::try_from(legs * (kill + 1) / (KILLS + 3)).unwrap();
        wait_until(SOON, "legs to be settled", async || match bank.legs_settled().await {
            now if now >= settled => Ok(()),
            now => Err(format!("{now} of {settled}")),
        })
        .await;
        let victims = match kill % 3 {
            2 => &workers[..],
            one => &workers[one..=one],
        };
        wait_until(SOON, "messages in hand", async || {
            victims.iter().for_each(|worker| worker.process().freeze());
            if bank.standing().await.in_hand > 0 {
                return Ok(());
            }
            victims.iter().for_each(|worker| worker.process().resume());
            Err("nothing in hand")
        })
        .await;
        victims.iter().for_each(|worker| worker.process().kill());
        for victim in victims {
            victim.restart().await.unwrap();
        }
    }
}

#[tokio::test]
async fn told_ten_times_at_one_instant_to_two_workers() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let calls = [(); 20].map(|()| user.calls("+523312345678", 61));
    let queue = bank.queue().await;
    for _ in 0..10 {
        for call in &calls {
            let body = bank.signed(&call.hangup()).body;
            bank.put_by_hand(&queue, Provider::Twilio, Some(&call.sid), FORM, &body).await;
        }
    }
    // Each message in a transaction of its own, several at once in each worker.
    let alone = [("WORKER_BATCH_MAX", "1"), ("WORKER_LANES", "4")];
    let workers = bank.two_workers(&alone, 4).await;
    bank.all_is_well().await;
    for call in &calls {
        assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    }
    assert_eq!(bank.spent(&user).await, "0.5480");
    for worker in &workers {
        wait_until(SOON, "each worker to have met what is there already", async || {
            let has_met = worker.process().log().contains("\"duplicate\"");
            if has_met { Ok(()) } else { Err("it has not") }
        })
        .await;
    }
}

#[tokio::test]
async fn told_in_two_ways_in_either_order() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let mut spent = 0;
    for (first, then, price) in [(61, 3_600, "0.0274"), (3_600, 61, "0.7930")] {
        let call = user.calls("+523312345678", first);
        let other = call.clone().completed(then);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
        bank.hang_up(&other).await;
        bank.drained().await;
        assert_eq!(bank.charges(&call.sid).await, [format!("-{price}")]);
        let letters = bank.letters(&call.sid).await;
        assert_eq!((letters.len(), letters[0].reason.as_str()), (1, "conflict"), "{letters:?}");
        assert_eq!(letters[0].payload, bank.signed(&other.hangup()).body);
        spent += units(price);
    }
    assert_eq!(bank.spent(&user).await, text(spent));
    bank.books_are_clean().await;
}
