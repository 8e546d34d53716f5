//! What is told late is corrected to the cent: the events of random calls come in waves, and in between everything that
//! can be charged on what is known by then is charged.

use curbe_tests::seed::seed;
use curbe_tests::simulator::flow::{Plan, Provider, traffic};
use curbe_tests::simulator::sign::Webhook;
use curbe_tests::stack::wait_until;

use crate::fixture::{Bank, SOON};

const CALLS: usize = 150;
const WAVES: usize = 3;
/// What tells how long a leg of Telnyx's lasted; without it a length can only be guessed.
const LENGTHS: [&str; 3] = ["call.answered", "call.bridged", "call.cost"];

#[tokio::test]
async fn wave_by_wave() {
    let seed = seed();
    told(&Plan::new(seed, CALLS), |webhooks| {
        let size = webhooks.len().div_ceil(WAVES);
        webhooks.chunks(size).map(<[Webhook]>::to_vec).collect()
    })
    .await;
}

#[tokio::test]
async fn where_nearly_every_length_comes_last() {
    let seed = seed();
    let plan = Plan { providers: vec![Provider::Telnyx], ..Plan::new(seed, CALLS) };
    let bank = told(&plan, |webhooks| {
        let (lengths, others) = webhooks.into_iter().partition(tells_length);
        vec![others, lengths]
    })
    .await;
    let corrections = "select count(*) from wallet_transactions where type = 'adjustment'";
    assert!(bank.count(corrections).await > 0, "seed {seed}: nothing was told late");
}

/// After the last wave everything must be as if it had been told in order.
async fn told(plan: &Plan, in_waves: impl FnOnce(Vec<Webhook>) -> Vec<Vec<Webhook>>) -> Bank {
    let bank = Bank::without_worker().await;
    let customers = bank.customers_of_traffic().await;
    let traffic = traffic(plan, &customers, &bank.signers);
    let workers = [(); 2].map(|()| bank.stack.start_worker(&[]));
    futures_util::future::try_join_all(workers).await.unwrap();
    let webhooks = traffic.requests.iter().map(|request| request.webhook.clone()).collect();
    for wave in in_waves(webhooks) {
        until_answered(&bank, wave).await;
        bank.drained().await;
        nothing_is_left_to_guess(&bank).await;
    }
    bank.holds(&traffic, plan.seed).await;
    bank.books_are_clean().await;
    bank
}

/// A busy machine may ask for some of it once more.
async fn until_answered(bank: &Bank, mut webhooks: Vec<Webhook>) {
    while !webhooks.is_empty() {
        let mut answers = bank.send_all(webhooks).await;
        answers.retain(|(_, status)| status.is_none_or(|status| status >= 500));
        webhooks = answers.into_iter().map(|(webhook, _)| webhook).collect();
    }
}

fn tells_length(webhook: &Webhook) -> bool {
    let body = String::from_utf8_lossy(&webhook.body);
    LENGTHS.iter().any(|event| body.contains(event))
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
