//! However many write to the same wallets at once: none waits in a circle, every number is given out once, and every sum
//! is exact.

use curbe_tests::oracle::{text, units};
use curbe_tests::seed::seed;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;
use futures_util::StreamExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::fixture::backend::Backend;
use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

/// Small batches of many lanes, so that many transactions meet at the same wallets.
const BUSY: [(&str, &str); 2] = [("WORKER_BATCH_MAX", "20"), ("WORKER_LANES", "6")];
const ONE_CAN_HOLD: usize = 20 * 6;
const SENDERS: usize = 16;
const WALLETS: usize = 6;
const CALLS_OF_EACH: usize = 100;

#[tokio::test]
async fn of_wallets_that_come_in_any_order() {
    let bank = Bank::without_worker().await;
    let mut users = Vec::new();
    for _ in 0..WALLETS {
        users.push(bank.customer().await);
    }
    let all = users.iter().flat_map(|user| vec![user; CALLS_OF_EACH]);
    let mut calls: Vec<TwilioCall> = all.map(|user| user.calls("+523312345678", 61)).collect();
    calls.shuffle(&mut StdRng::seed_from_u64(seed()));
    bank.hang_up_all(&calls).await;
    let workers = bank.two_workers(&BUSY, ONE_CAN_HOLD).await;
    bank.all_is_well().await;
    for user in &users {
        assert_eq!(bank.spent(user).await, "2.7400");
    }
    for worker in &workers {
        wait_until(SOON, "each to have charged", async || {
            let has_charged = worker.process().log().contains("\"charged\"");
            if has_charged { Ok(()) } else { Err("it has not") }
        })
        .await;
        assert!(!worker.process().log().contains("deadlock"), "{}", worker.process().log());
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(bank.count(deadlocks).await, 0);
}

/// Something that moves money of one wallet.
enum Deed {
    Call(TwilioCall),
    Refill(i128),
    Adjustment(i128),
    /// Of a part of one of the charges that were there before.
    Refund(Uuid),
}

#[tokio::test]
async fn while_charges_refills_and_refunds_race() {
    let bank = Bank::without_worker().await;
    for _ in 0..2 {
        bank.stack.start_worker(&BUSY).await.unwrap();
    }
    let (user, backend) = (bank.customer().await, bank.backend());
    let earlier = [(); 20].map(|()| user.calls("+523312345678", 61));
    bank.hang_up_all(&earlier).await;
    bank.all_is_well().await;
    let charges = "select id from wallet_transactions where type = 'call_charge'";
    let charges: Vec<Uuid> =
        sqlx::query_scalar(charges).fetch_all(bank.stack.pool()).await.unwrap();

    let deeds = deeds(&user, &charges, &mut StdRng::seed_from_u64(seed()));
    let moved: i128 = deeds.iter().map(worth).sum();
    let done = futures_util::stream::iter(deeds.iter().enumerate())
        .map(|(number, deed)| happens(&bank, &backend, &user, number, deed));
    done.buffer_unordered(SENDERS).for_each(|()| std::future::ready(())).await;
    bank.all_is_well().await;
    let expected = units(OPENING) - 20 * units("0.0274") + moved;
    assert_eq!(bank.balance(&user).await, text(expected));
}

fn deeds(user: &User, charges: &[Uuid], rng: &mut StdRng) -> Vec<Deed> {
    (0..1_000)
        .map(|number| match number % 5 {
            0 | 1 => Deed::Call(user.calls("+523312345678", rng.random_range(1..3_600))),
            2 => Deed::Refill(rng.random_range(1..50_000)),
            3 => Deed::Adjustment(rng.random_range(1..2_000) * [-1, 1][number % 2]),
            // No charge is given back more than it was: 0.0001 ten times at most.
            _ => Deed::Refund(charges[(number / 5) % charges.len()]),
        })
        .collect()
}

fn worth(deed: &Deed) -> i128 {
    match deed {
        Deed::Call(call) => {
            -(i128::from(call.seconds.div_ceil(60)) * units("0.0132") + units("0.0010"))
        }
        Deed::Refill(amount) | Deed::Adjustment(amount) => *amount,
        Deed::Refund(_) => 1,
    }
}

/// Who finds all connections taken asks once more under the same reference, as he is told.
async fn happens(bank: &Bank, backend: &Backend, user: &User, number: usize, deed: &Deed) {
    let reference = format!("d{number}");
    wait_until(SOON, "a deed to be done", async || {
        let page = match deed {
            Deed::Call(call) => {
                bank.hang_up(call).await;
                return Ok(());
            }
            Deed::Refill(amount) => {
                backend.moves(user, "refills", &text(*amount), &reference).await
            }
            Deed::Adjustment(amount) => {
                backend.moves(user, "adjustments", &text(*amount), &reference).await
            }
            Deed::Refund(charge) => {
                backend.refund(user, "0.0001", &reference, &charge.to_string()).await
            }
        };
        assert!(matches!(page.status, 200 | 201 | 503), "{page:?}");
        if page.status == 503 { Err(format!("{page:?}")) } else { Ok(()) }
    })
    .await;
}
