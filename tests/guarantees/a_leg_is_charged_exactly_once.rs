//! A leg is charged exactly once, whatever is duplicated, reordered or killed: a thousand calls of all providers, each
//! webhook three times and many once more in other words, while the workers are killed with messages in their hands.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use curbe_tests::oracle::{Books, Settled, books, seconds, text, units};
use curbe_tests::simulator::flow::{
    Customer, ExpectedLeg, Plan, Provider, Request, Traffic, traffic,
};
use curbe_tests::simulator::sign::Webhook;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::wait_until;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use uuid::Uuid;

use crate::fixture::customers::OPENING;
use crate::fixture::rates::oracle_rates;
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
    let customers = customers(&bank).await;
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

    let expected = books(&oracle_rates(), &traffic.legs);
    // Some legs of Telnyx's are charged only when no more is told of them.
    wait_until(SOON, "every leg to be as expected", async || {
        let found = differences(&bank, &traffic, &expected).await;
        if found.is_empty() { Ok(()) } else { Err(format!("seed {seed}: {}", found.join("\n"))) }
    })
    .await;
    wallets_are_as_expected(&bank, &expected, seed).await;
    dead_letters_are_as_expected(&bank, &traffic, seed).await;
    bank.books_are_clean().await;
}

/// Five wallets; every second customer has a softphone.
async fn customers(bank: &Bank) -> Vec<Customer> {
    let mut customers = Vec::new();
    for number in 0..5 {
        let user = bank.customer().await;
        let softphone = (number % 2 == 0).then(|| format!("client:user{number}"));
        if let Some(name) = &softphone {
            bank.identity(&user, name).await;
        }
        customers.push(Customer { softphone, ..Customer::new(user.wallet, &user.number) });
    }
    customers
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

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Leg {
    settled_as: Option<String>,
    wallet_id: Option<Uuid>,
    direction: Option<String>,
    status: Option<String>,
    seconds: Option<i32>,
    price: Option<String>,
    recording_url: Option<String>,
    charges: Vec<String>,
    corrections: Vec<String>,
}

impl Leg {
    const COVERED: Self = Self {
        settled_as: None,
        wallet_id: None,
        direction: None,
        status: None,
        seconds: None,
        price: None,
        recording_url: None,
        charges: Vec::new(),
        corrections: Vec::new(),
    };

    fn logged(leg: &ExpectedLeg, seconds: u32, price: i128) -> Self {
        Self {
            settled_as: Some(if price == 0 { "free" } else { "charged" }.to_owned()),
            wallet_id: Some(leg.wallet),
            direction: Some(if leg.outbound { "outbound" } else { "inbound" }.to_owned()),
            status: Some(leg.outcome.clone()),
            seconds: Some(i32::try_from(seconds).unwrap()),
            price: Some(text(price)),
            recording_url: leg.recording_url.clone(),
            charges: if price == 0 { vec![] } else { vec![text(-price)] },
            corrections: vec![],
        }
    }

    /// As it would be if all had been known at once; whatever a charge by less was corrected to.
    fn corrected(mut self, seconds: u32) -> Self {
        let taken: i128 =
            [&self.charges[..], &self.corrections].concat().iter().map(|a| units(a)).sum();
        let price = self.price.as_deref().map_or(0, units);
        let charged = self.charges.iter().map(|amount| -units(amount)).sum::<i128>();
        // The log goes together with the charge, and neither is changed.
        if price == charged && self.charges.len() <= 1 && self.price.is_some() {
            self.settled_as = Some(if taken == 0 { "free" } else { "charged" }.to_owned());
            self.price = Some(text(-taken));
            self.charges = if taken == 0 { vec![] } else { vec![text(taken)] };
            self.corrections.clear();
            self.seconds = Some(i32::try_from(seconds).unwrap());
        }
        self
    }
}

async fn differences(bank: &Bank, traffic: &Traffic, expected: &Books) -> Vec<String> {
    let mut legs = legs(bank).await;
    let mut differences = Vec::new();
    for leg in &traffic.legs {
        let found: Vec<Leg> = leg.names.iter().filter_map(|name| legs.remove(name)).collect();
        let is_right = match <[Leg; 1]>::try_from(found) {
            Ok([found]) => is_as_expected(leg, found, expected.legs[leg.id()]),
            Err(found) => Err(format!("{} times: {found:?}", found.len())),
        };
        differences.extend(is_right.err().map(|words| format!("{leg:?}: {words}")));
    }
    let settled = legs.iter().filter(|(_, leg)| leg.settled_as.is_some());
    differences.extend(settled.map(|(name, leg)| format!("nobody expected {name}: {leg:?}")));
    differences
}

fn is_as_expected(leg: &ExpectedLeg, found: Leg, settled: Settled) -> Result<(), String> {
    let seconds = seconds(&leg.length);
    let covered = Leg { settled_as: Some("covered".to_owned()), ..Leg::COVERED };
    let found = match leg.provider {
        Provider::Telnyx => found.corrected(seconds),
        Provider::Twilio | Provider::SignalWire => found,
    };
    let expected = match settled {
        Settled::Charged(price) => Leg::logged(leg, seconds, price),
        Settled::Free => Leg::logged(leg, seconds, 0),
        Settled::Covered => covered,
        Settled::Behind if found.settled_as.as_deref() == Some("covered") => covered,
        Settled::Behind => Leg::logged(leg, seconds, 0),
        Settled::NoRate => return Err("every number of the traffic has a rate".to_owned()),
    };
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?}")) }
}

async fn legs(bank: &Bank) -> BTreeMap<String, Leg> {
    #[derive(sqlx::FromRow)]
    struct Row {
        leg: String,
        #[sqlx(flatten)]
        rest: Leg,
    }
    let legs = "select g.leg, g.settled_as, l.wallet_id, l.direction::text, l.status, l.duration_seconds as seconds,
            l.customer_price::text as price, l.recording_url,
            array(select t.amount::text from wallet_transactions t
                where t.reference_id = l.id and t.type = 'call_charge') as charges,
            array(select t.amount::text from wallet_transactions t
                where t.reference_id = l.id and t.type <> 'call_charge') as corrections
        from call_legs g left join call_logs l on l.external_call_id = g.leg and l.provider = g.provider";
    let rows: Vec<Row> = sqlx::query_as(legs).fetch_all(bank.stack.pool()).await.unwrap();
    rows.into_iter().map(|row| (row.leg, row.rest)).collect()
}

async fn wallets_are_as_expected(bank: &Bank, expected: &Books, seed: u64) {
    for (wallet, spent) in &expected.wallets {
        let balance = sqlx::query_scalar("select balance::text from wallets where id = $1");
        let balance: String = balance.bind(wallet).fetch_one(bank.stack.pool()).await.unwrap();
        assert_eq!(balance, text(units(OPENING) - spent), "seed {seed}: wallet {wallet}");
    }
}

/// Every unusable event and nothing else; what was forged is nowhere.
async fn dead_letters_are_as_expected(bank: &Bank, traffic: &Traffic, seed: u64) {
    let found: Vec<(String, String)> =
        sqlx::query_as("select leg, reason from dead_letters order by leg")
            .fetch_all(bank.stack.pool())
            .await
            .unwrap();
    let mut expected: Vec<_> =
        traffic.unusable.iter().map(|(leg, why)| (leg.clone(), why.as_str().to_owned())).collect();
    expected.sort();
    assert_eq!(found, expected, "seed {seed}");
    let known = "select count(*) from call_legs where leg = any($1)";
    let known = sqlx::query_scalar(known).bind(&traffic.forged);
    let known: i64 = known.fetch_one(bank.stack.pool()).await.unwrap();
    assert_eq!(known, 0, "seed {seed}: a forged webhook was processed");
    assert!(!traffic.forged.is_empty() && !traffic.unusable.is_empty());
}
