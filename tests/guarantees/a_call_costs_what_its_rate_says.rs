//! The price of a call: full minutes times the rate of the longest prefix, plus the fee, rounded once; no time, no price.

use curbe_tests::simulator::twilio::{Silence, Status, TwilioCall};
use curbe_tests::stack::wait_until;

use crate::fixture::bank::with;
use crate::fixture::customers::OPENING;
use crate::fixture::{Bank, SOON};

#[tokio::test]
async fn to_the_fourth_place() {
    let bank = Bank::open().await;
    bank.sql(
        "insert into call_rates (prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds)
            values ('33', 0.0100, 0, 30, 6), ('3361', 0.0001, 0, 30, 30)",
    )
    .await;
    for (to, seconds, price, prefix, minutes) in [
        ("+523312345678", 61, "0.0274", "52", "2.00"),
        ("+523312345678", 60, "0.0142", "52", "1.00"),
        ("+523312345678", 1, "0.0142", "52", "1.00"),
        ("+525512345678", 61, "0.0200", "5255", "2.00"),
        ("+34911234567", 3_600, "1.2500", "34", "60.00"),
        ("+33123456789", 31, "0.0060", "33", "0.60"),
        // 0.00005 goes away from zero.
        ("+33612345678", 30, "0.0001", "3361", "0.50"),
    ] {
        let user = bank.customer().await;
        let call = user.calls(to, seconds);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
        let log = bank.log(&call.sid).await.unwrap();
        assert_eq!(log.price, price, "{to} {seconds}");
        assert_eq!(
            (log.prefix.as_deref(), log.seconds),
            (Some(prefix), i32::try_from(seconds).unwrap())
        );
        assert_eq!((log.status.as_str(), log.direction.as_str()), ("completed", "outbound"));
        assert_eq!((log.user_id, log.wallet_id), (user.id, user.wallet));
        assert_eq!(bank.charges(&call.sid).await, [format!("-{price}")]);
        assert_eq!(bank.spent(&user).await, price);
        assert_eq!(billable_minutes(&bank, &call).await, minutes);
    }
    bank.all_is_well().await;
}

async fn billable_minutes(bank: &Bank, call: &TwilioCall) -> String {
    let minutes = "select billable_minutes::text from call_logs where external_call_id = $1";
    sqlx::query_scalar(minutes).bind(&call.sid).fetch_one(bank.stack.pool()).await.unwrap()
}

#[tokio::test]
async fn a_call_that_did_not_last_is_logged_and_free() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    // No rate has its prefix: for what is free none is needed.
    let call = || user.calls("+999123456", 0);
    let mut cases = vec![
        (call(), call().hangup(), "completed"),
        (call(), with(call().hangup(), "CallDuration", Some("")), "completed"),
        (call(), with(call().hangup(), "CallDuration", None), "completed"),
    ];
    for (status, logged) in [
        (Status::Busy, "busy"),
        (Status::NoAnswer, "no_answer"),
        (Status::Failed, "failed"),
        (Status::Canceled, "canceled"),
    ] {
        for silence in [Silence::Zero, Silence::Empty, Silence::Absent] {
            let call = call().unanswered(status, silence);
            cases.push((call.clone(), call.hangup(), logged));
        }
    }
    for (call, fields, status) in cases {
        bank.tell(&with(fields, "CallSid", Some(&call.sid))).await;
        assert_eq!(bank.settled(&call.sid).await, "free", "{call:?}");
        let log = bank.log(&call.sid).await.unwrap();
        assert_eq!((log.price.as_str(), log.status.as_str(), log.seconds), ("0.0000", status, 0));
        assert_eq!(bank.charges(&call.sid).await, [""; 0]);
    }
    assert_eq!(bank.balance(&user).await, OPENING);
    bank.all_is_well().await;
}

#[tokio::test]
async fn a_call_at_a_rate_of_nothing_is_logged_with_its_rate() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+441234567890", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "free");
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.price.as_str(), log.prefix.as_deref()), ("0.0000", Some("44")));
    assert_eq!(bank.charges(&call.sid).await, [""; 0]);
    bank.all_is_well().await;
}

#[tokio::test]
async fn usage_that_happened_is_charged_below_zero() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    // 600 minutes at 0.0200 and the fee.
    let call = user.calls("+34911234567", 36_000);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    assert_eq!(bank.balance(&user).await, "-2.0500");
    let is_counted = async || {
        let metrics = reqwest::get(format!("{}/metrics", worker.admin_url())).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let one = metrics.contains("curbe_wallets_below_zero_total 1\n");
        if one { Ok(()) } else { Err(metrics) }
    };
    wait_until(SOON, "the wallet to be counted", is_counted).await;
    bank.all_is_well().await;
}
