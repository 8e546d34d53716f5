//! A leg is charged exactly once, whatever is duplicated, reordered or killed: a thousand calls of all providers, each
//! webhook three times and many once more in other words, while the workers are killed with messages in their hands.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use curbe_tests::simulator::flow::{Plan, Request, Traffic, traffic};
use curbe_tests::simulator::sign::Webhook;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::wait_until;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::fixture::{Bank, SOON};

const CALLS: usize = 1_000;
const COPIES: usize = 3;
const KILLS: usize = 6;
/// Small batches, so that a kill hits several at different points.
const BATCH: (&str, &str) = ("WORKER_BATCH_MAX", "25");

#[tokio::test]
async fn whatever_is_repeated_reordered_or_killed() {
    // `SEED=… cargo test` makes the same traffic again.
    let seed = std::env::var_os("SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    println!("SEED={seed}");

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
