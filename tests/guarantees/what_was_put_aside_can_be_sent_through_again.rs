//! What was put aside can be sent through again: what a look says beforehand is what moves, a second time nothing moves,
//! and nobody pays twice, whoever is killed and whatever else arrives at the same time.

use curbe_tests::oracle::units;
use curbe_tests::stack::wait_until;
use serde_json::Value;

use crate::fixture::bank::with;
use crate::fixture::letters::PRICE_UNITS;
use crate::fixture::{Bank, SOON};

const ALL: [&str; 1] = ["--all"];

#[tokio::test]
async fn a_thousand_of_them_move_what_a_look_says() {
    const ROUNDS: usize = 100;
    let bank = Bank::open().await;
    let mixed = bank.mixed(ROUNDS).await;
    let before = bank.ledgers().await;
    bank.puts_aside([&mixed.healed[..], &mixed.lost].concat(), 1_000).await;
    assert_eq!(bank.count("select count(distinct reason) from dead_letters").await, 7);
    assert_eq!(bank.ledgers().await, before, "nothing was guessed");

    bank.heal(&mixed).await;
    let before = bank.ledgers().await;
    let look = bank.dead_letters(&["replay", "--all", "--dry-run"], 3).await;
    let counted = |report: &Value| {
        ["total", "settled", "failing", "taken", "pending"]
            .map(|name| report[name].as_u64().unwrap())
    };
    assert_eq!(counted(&look), [1_000, 500, 500, 0, 0]);
    assert_eq!(bank.ledgers().await, before, "a look moves nothing");
    assert_eq!(bank.letters_that_are("open").await, 1_000);

    let sent = bank.replay(&ALL, 3).await;
    assert_eq!(counted(&sent), counted(&look));
    let after = bank.ledgers().await;
    assert_eq!(differences(&before, &after), expected(&look));
    // By our own sum: each healed leg costs the same.
    let moved: i64 = differences(&before, &after).iter().map(|(_, units)| units).sum();
    assert_eq!(moved, -500 * PRICE_UNITS);
    assert_eq!(bank.letters_that_are("open").await, 500);
    assert_eq!(bank.letters_that_are("replayed").await, 500);

    // Once more, what failed and what did not: nothing moves.
    let ids: Vec<String> = look["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter["id"].as_str().unwrap().to_owned())
        .collect();
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();
    let again = bank.replay(&named, 3).await;
    assert_eq!(counted(&again), counted(&look));
    assert_eq!(bank.ledgers().await, after);
    bank.books_are_clean().await;
    let runs = "select count(*) from operator_runs where action = 'dead_letters_replay' and outcome is not null
        and actor <> ''";
    assert_eq!(bank.count(runs).await, 2);
}

/// What moved, wallet by wallet.
fn differences(before: &[(uuid::Uuid, i64)], after: &[(uuid::Uuid, i64)]) -> Vec<(String, i64)> {
    let before: std::collections::HashMap<_, _> = before.iter().copied().collect();
    let moved = after.iter().map(|(wallet, units)| {
        (wallet.to_string(), units - before.get(wallet).copied().unwrap_or_default())
    });
    moved.filter(|(_, units)| *units != 0).collect()
}

/// What a look says would move.
fn expected(look: &Value) -> Vec<(String, i64)> {
    let wallets = look["wallets"].as_array().unwrap().iter();
    let moves = wallets.map(|wallet| {
        let amount = units(wallet["amount"].as_str().unwrap());
        (wallet["walletId"].as_str().unwrap().to_owned(), i64::try_from(amount).unwrap())
    });
    let mut moves: Vec<_> = moves.filter(|(_, units)| *units != 0).collect();
    moves.sort();
    moves
}

#[tokio::test]
async fn twice_at_the_same_time_beside_live_traffic_for_the_same_legs() {
    const CALLS: i64 = 100;
    let bank = Bank::open().await;
    bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    let calls: Vec<_> = (0..CALLS).map(|_| user.calls("+991555010000", 61)).collect();
    bank.hang_up_all(&calls).await;
    bank.drained().await;
    assert_eq!(bank.letters_that_are("open").await, CALLS);
    bank.insert_rate("991", "0.0132", "0.0010").await;
    // The provider tells them once more in other bytes, which the queue's own window does not stop.
    let repeats = calls.iter().map(|call| with(call.hangup(), "ForwardedFrom", Some("")));
    let live = bank.sending(repeats.map(|fields| bank.signed(&fields)).collect());
    let (one, two) = tokio::join!(bank.replay(&ALL, 0), bank.replay(&ALL, 0));
    for (webhook, status) in live.await.unwrap() {
        assert_eq!(status, Some(204), "{webhook:?}");
    }
    bank.drained().await;
    for call in &calls {
        assert_eq!(bank.charges(&call.sid).await, ["-0.0274"], "{one} {two}");
    }
    assert_eq!(bank.spent(&user).await, "2.7400");
    assert_eq!(bank.letters_that_are("replayed").await, CALLS);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn though_whoever_sends_them_is_killed_half_way() {
    let bank = Bank::open().await;
    let mixed = bank.mixed(20).await;
    bank.puts_aside(mixed.healed.clone(), 100).await;
    bank.heal(&mixed).await;
    let before = bank.ledgers().await;
    for slowly in ["5", "8"] {
        let replayed = bank.letters_that_are("replayed").await;
        let arguments =
            ["dead-letters", "replay", "--all", "--yes", "--why", "r", "--rate", slowly];
        tokio::select! {
            ended = bank.run(&arguments) => panic!("it was too fast to be killed: {ended:?}"),
            // Dropped, it is killed at once.
            () = some_more_are_replayed(&bank, replayed) => {}
        }
        assert!(bank.letters_that_are("open").await > 0);
        let all = "select count(*) from dead_letters where status in ('open', 'replayed')";
        assert_eq!(bank.count(all).await, 100, "none is forgotten");
    }
    bank.replay(&ALL, 0).await;
    assert_eq!(bank.letters_that_are("replayed").await, 100);
    let moved: i64 =
        differences(&before, &bank.ledgers().await).iter().map(|(_, units)| units).sum();
    assert_eq!(moved, -100 * PRICE_UNITS);
    // What was cut off is on record as such.
    let cut_off = "select count(*) from operator_runs where ended_at is null";
    assert_eq!(bank.count(cut_off).await, 2);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn at_once_though_the_queue_would_swallow_its_old_message() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+991555010000", 61);
    bank.hang_up(&call).await;
    bank.drained().await;
    let letter = bank.letters(&call.sid).await.remove(0).id.to_string();
    bank.insert_rate("991", "0.0132", "0.0010").await;

    // As it came, under the id that it came with: the server says yes and keeps nothing.
    let shown = bank.dead_letters(&["show", &letter], 0).await;
    let mut headers = async_nats::HeaderMap::new();
    for (name, values) in shown["headers"].as_object().unwrap() {
        headers.insert(name.as_str(), values[0].as_str().unwrap());
    }
    assert!(headers.get("Nats-Msg-Id").is_some(), "{shown}");
    let body = bank.signed(&call.hangup()).body;
    let subject = shown["subject"].as_str().unwrap().to_owned();
    let queue = bank.queue().await;
    let sent = queue.publish_with_headers(subject, headers, body.into()).await;
    assert!(sent.unwrap().await.unwrap().duplicate);
    bank.drained().await;
    assert_eq!(bank.charges(&call.sid).await, [""; 0]);

    let sent = bank.replay(&[&letter], 0).await;
    assert_eq!(sent["settled"], 1, "{sent}");
    assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn but_not_what_nobody_reads() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+991555010000", 61);
    bank.hang_up(&call).await;
    bank.drained().await;
    bank.insert_rate("991", "0.0132", "0.0010").await;
    // Put there by hand: nothing that we run puts it aside.
    bank.sql(
        "insert into dead_letters (subject, digest, payload, headers, provider, reason, detail, attempts, received_at)
        values ('payments.stripe', sha256('{}'), '{}', '{}', 'stripe', 'unreadable', 'by hand', 1, now())",
    )
    .await;
    for way in [&["--dry-run"][..], &["--yes", "--why", "r"]] {
        let report = bank.dead_letters(&[&["replay", "--all"], way].concat(), 3).await;
        assert_eq!((&report["settled"], &report["failing"]), (&1.into(), &1.into()), "{report}");
        let letters = report["letters"].as_array().unwrap();
        let failing = letters.iter().find(|letter| letter["fate"] == "failing").unwrap();
        assert_eq!(failing["detail"], "nobody reads payments.stripe yet: it is not sent");
    }
    let open: Vec<String> =
        sqlx::query_scalar("select id::text from dead_letters where status = 'open'")
            .fetch_all(bank.stack.pool())
            .await
            .unwrap();
    // Named, neither.
    bank.replay(&[&open[0]], 3).await;
    assert_eq!(bank.letters_that_are("open").await, 1);
    assert_eq!(bank.count("select count(*) from dead_letter_decisions").await, 1);
    assert_eq!(bank.stream().await.cached_info().state.messages, 2);
    bank.books_are_clean().await;
}

async fn some_more_are_replayed(bank: &Bank, than: i64) {
    wait_until(SOON, "a few letters to be sent", async || {
        match bank.letters_that_are("replayed").await {
            replayed if replayed > than => Ok(()),
            replayed => Err(replayed),
        }
    })
    .await;
}
