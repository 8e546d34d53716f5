//! A signature proves who says something, not that it can be: times before there were telephones, calls longer than a day,
//! costs that no column holds. None of it is charged as it is said, and none of it breaks a page.

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::stack::wait_until;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::fixture::bank::with;
use crate::fixture::{Bank, SOON};

async fn tell(bank: &Bank, event: &Value) {
    let webhook = bank.signers.telnyx.json(VOICE_EVENTS, event, OffsetDateTime::now_utc());
    bank.is_taken(&webhook).await;
}

#[tokio::test]
async fn of_a_time() {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let before = OffsetDateTime::now_utc() - time::Duration::MINUTE;
    let mut legs = Vec::new();
    for at in ["Mon, 01 Jan 1900 00:00:00 +0000", "Fri, 31 Dec 9999 23:59:59 -1200", "never"] {
        let call = user.calls("+523312345678", 61);
        bank.tell(&with(call.hangup(), "Timestamp", Some(at))).await;
        legs.push(call.sid);
    }
    for at in ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"] {
        // Nobody answered, so that no length follows from the times.
        let mut leg = TelnyxLeg::outbound(&user.number, "+523312345678", 61).hangup();
        leg["data"]["occurred_at"] = at.into();
        leg["data"]["payload"]["start_time"] = at.into();
        leg["data"]["payload"]["hangup_cause"] = "user_busy".into();
        legs.push(leg["data"]["payload"]["call_leg_id"].as_str().unwrap().to_owned());
        tell(&bank, &leg).await;
    }
    for leg in &legs {
        bank.settled(leg).await;
    }
    bank.all_is_well().await;
    // They ended when they were heard of, and the page that lists them can be read.
    let early = sqlx::query_scalar(
        "select count(*) from call_logs where end_time < $1 or end_time > now()",
    );
    let early: i64 = early.bind(before).fetch_one(bank.stack.pool()).await.unwrap();
    assert_eq!(early, 0);
    let listed = bank.browser(&user).read("/api/logs").await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(legs.len()), "{listed}");
}

#[tokio::test]
async fn of_a_length_or_a_cost() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let mut legs = Vec::new();
    for (seconds, cost) in [
        ("86401", "0.1"),
        ("4294967295", "0.1"),
        ("1e3", "0.1"),
        ("60", "1e30"),
        ("60", "-1000000"),
    ] {
        let leg = TelnyxLeg::outbound(&user.number, "+523312345678", 61);
        let mut told = leg.cost(60);
        told["data"]["payload"]["billed_duration_secs"] = json!(seconds);
        told["data"]["payload"]["total_cost"] = json!(cost);
        tell(&bank, &leg.hangup()).await;
        tell(&bank, &told).await;
        legs.push(leg.leg_id.to_string());
    }
    // Each is charged on what can be believed of it, or put before a person.
    for leg in &legs {
        wait_until(SOON, "a leg to be judged", async || {
            let letters = bank.letters(leg).await;
            let is_put_aside = letters.iter().any(|letter| letter.reason == "duration_ambiguous");
            let is_settled = bank.settled_as(leg).await.is_some();
            if is_put_aside || is_settled { Ok(()) } else { Err(leg) }
        })
        .await;
    }
    assert!(bank.legs_settled().await > 0, "none is charged");
    let dear =
        "select count(*) from wallet_transactions where type = 'call_charge' and amount < -1";
    assert_eq!(bank.count(dear).await, 0);
    assert!(bank.count("select count(*) from dead_letters").await > 0);
    bank.books_are_clean().await;
}
