//! A price list that was imported rates the calls that start from its instant on, all of it at once, without a restart;
//! a file with a bad line changes nothing.

use std::fs;
use std::path::PathBuf;

use curbe_tests::simulator::twilio::TwilioCall;
use time::{Duration, OffsetDateTime};

use crate::fixture::Bank;
use crate::fixture::customers::User;

fn file(bank: &Bank, content: &str) -> PathBuf {
    let file = bank.stack.folder().join("rates.csv");
    fs::write(&file, content).unwrap();
    file
}

async fn price(bank: &Bank, call: &TwilioCall) -> String {
    bank.hang_up(call).await;
    bank.settled(&call.sid).await;
    bank.log(&call.sid).await.unwrap().price
}

/// Calls of a minute that began so long after an instant.
fn began(user: &User, to: &str, after: Duration, instant: OffsetDateTime) -> TwilioCall {
    user.calls(to, 60).ended_at(instant + after + Duration::minutes(1))
}

#[tokio::test]
async fn for_calls_that_start_later() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (mexico, london) = ("+523312345678", "+441234567890");
    assert_eq!(price(&bank, &user.calls(mexico, 60)).await, "0.0142");
    let list = file(&bank, "prefix,rate_per_minute,connection_fee\n52,0.0500,0.0000\n");
    let imported = bank.curbe(&["rates", "import", list.to_str().unwrap(), "--merge"]).await;
    let from = imported["effectiveFrom"].as_str().unwrap();
    let from = OffsetDateTime::parse(from, &time::format_description::well_known::Rfc3339).unwrap();

    // A call's times come in whole seconds.
    let second = Duration::seconds(2);
    assert_eq!(price(&bank, &began(&user, mexico, second, from)).await, "0.0500");
    assert_eq!(price(&bank, &began(&user, mexico, -second, from)).await, "0.0142");
    // What the file does not name stays.
    assert_eq!(price(&bank, &began(&user, london, second, from)).await, "0.0000");
    assert_eq!(price(&bank, &began(&user, "+34911234567", second, from)).await, "0.0700");
    bank.all_is_well().await;

    // The same again is nothing new.
    let again = bank.curbe(&["rates", "import", list.to_str().unwrap(), "--merge"]).await;
    assert_eq!(again["id"], serde_json::Value::Null, "{again}");
}

#[tokio::test]
async fn while_calls_go_on_ending() {
    let bank = Bank::without_worker().await;
    for _ in 0..2 {
        bank.stack.start_worker(&[("WORKER_BATCH_MAX", "20")]).await.unwrap();
    }
    let user = bank.customer().await;
    let (mexico, now) = ("+523312345678", OffsetDateTime::now_utc());
    // Those that end while the list changes began before; of those that end later, every other one.
    let earlier = |number: i64| began(&user, mexico, Duration::seconds(-1 - number % 60), now);
    let told = (0..300).map(earlier).map(|call| bank.signed(&call.hangup())).collect();
    let telling = bank.sending(told);
    let list = file(&bank, "prefix,rate_per_minute,connection_fee\n52,0.0500,0.0000\n");
    let imported = bank.curbe(&["rates", "import", list.to_str().unwrap(), "--merge"]).await;
    let from = imported["effectiveFrom"].as_str().unwrap();
    let from = OffsetDateTime::parse(from, &time::format_description::well_known::Rfc3339).unwrap();
    let later = |number: i64| began(&user, mexico, Duration::seconds(number * 7 % 60 - 30), from);
    let told = (0..100).map(later).map(|call| bank.signed(&call.hangup())).collect();
    for told in [telling.await.unwrap(), bank.send_all(told).await] {
        assert!(told.iter().all(|(_, status)| *status == Some(204)));
    }
    bank.all_is_well().await;

    // Each was rated by the deck that was in force when it began, and says by which row of it.
    let wrong = "select count(*) from call_logs l
        join call_rates r on r.id = l.rate_id join rate_decks d on d.id = r.deck_id
        where l.start_time < d.effective_from
            or l.customer_price <> r.rate_per_minute + r.connection_fee
            or exists (select from rate_decks later where later.name = d.name
                and d.effective_from < later.effective_from and later.effective_from <= l.start_time)";
    assert_eq!(bank.count(wrong).await, 0);
    let used =
        "select count(distinct r.deck_id) from call_logs l join call_rates r on r.id = l.rate_id";
    assert_eq!(bank.count(used).await, 2);
    assert_eq!(bank.count("select count(*) from call_logs where rate_id is not null").await, 400);
}

#[tokio::test]
async fn or_not_at_all() {
    let bank = Bank::without_worker().await;
    let decks = "select count(*) from rate_decks";
    let (before, rates) =
        (bank.count(decks).await, bank.count("select count(*) from call_rates").await);
    for (content, line) in [
        ("prefix,rate_per_minute\n52,0.05\n5255,NaN\n", 3),
        ("prefix,rate_per_minute\n52,-0.05\n", 2),
        ("prefix,rate_per_minute\n52,0.00001\n", 2),
        ("prefix,rate_per_minute\n52,0.01\n52,0.02\n", 3),
        ("prefix,rate_per_minute\n5a,0.01\n", 2),
    ] {
        let list = file(&bank, content);
        let ran = bank.run(&["rates", "import", list.to_str().unwrap(), "--json"]).await;
        assert_eq!(ran.status, Some(1), "{content:?}: {ran:?}");
        assert_eq!(ran.json()["badLines"][0]["line"], line, "{content:?}: {ran:?}");
    }
    assert_eq!(bank.count(decks).await, before);
    assert_eq!(bank.count("select count(*) from call_rates").await, rates);
}

#[tokio::test]
async fn and_a_quote_is_what_a_call_costs() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    for (to, seconds) in [("+523312345678", 61_u32), ("+525512345678", 61), ("+34911234567", 3_600)]
    {
        let quote = bank.curbe(&["rates", "quote", to, "--seconds", &seconds.to_string()]).await;
        assert_eq!(quote["price"], price(&bank, &user.calls(to, seconds)).await, "{quote}");
    }
}
