//! What is told late is corrected to the cent: the events of random calls come in waves, and in between everything that
//! can be charged on what is known by then is charged.

use curbe_tests::simulator::flow::{Plan, traffic};
use curbe_tests::stack::wait_until;

use crate::fixture::{Bank, SOON};

const CALLS: usize = 150;
const WAVES: usize = 3;

#[tokio::test]
async fn wave_by_wave() {
    // `SEED=… cargo test` makes the same traffic again.
    let seed = std::env::var_os("SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    println!("SEED={seed}");

    let bank = Bank::without_worker().await;
    let customers = bank.customers_of_traffic().await;
    let traffic = traffic(&Plan::new(seed, CALLS), &customers, &bank.signers);
    let workers = [(); 2].map(|()| bank.stack.start_worker(&[]));
    futures_util::future::try_join_all(workers).await.unwrap();
    let webhooks: Vec<_> = traffic.requests.iter().map(|request| request.webhook.clone()).collect();
    for wave in webhooks.chunks(webhooks.len().div_ceil(WAVES)) {
        bank.send_all(wave.to_vec()).await;
        bank.drained().await;
        nothing_is_left_to_guess(&bank).await;
    }
    bank.holds(&traffic, seed).await;
    bank.books_are_clean().await;
    let corrections = "select count(*) from wallet_transactions where type = 'adjustment'";
    assert!(bank.count(corrections).await > 0, "seed {seed}: nothing was told late");
}

/// Every leg whose length can be guessed has been guessed. Those that wait for another leg go on waiting.
async fn nothing_is_left_to_guess(bank: &Bank) {
    let waiting = "select count(*) from call_legs l
        where outcome is not null and settled_at is null and refused_at is null and seconds is null
            and parent is null and not exists (
                select from call_legs e where e.session = l.session and e.settled_at is null and e.leg <> l.leg)";
    wait_until(SOON, "lengths to be guessed", async || match bank.count(waiting).await {
        0 => Ok(()),
        legs => Err(legs),
    })
    .await;
}
