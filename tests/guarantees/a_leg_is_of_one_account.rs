//! A leg is of one account: what another account tells of it, however well signed, changes nothing.

use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;

use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";
const OTHER: &str = "AC000000000000000000000000000000aa";

fn of_other(call: &TwilioCall) -> TwilioCall {
    TwilioCall { account: OTHER.to_owned(), ..call.clone() }
}

/// Waits until an event of another account was put aside.
async fn is_put_aside(bank: &Bank, leg: &str, letters: usize) {
    wait_until(SOON, "a dead letter", async || {
        let reasons: Vec<_> = bank.letters(leg).await.into_iter().map(|one| one.reason).collect();
        if reasons == vec!["conflict"; letters] { Ok(()) } else { Err(format!("{reasons:?}")) }
    })
    .await;
}

#[tokio::test]
async fn and_no_other_ends_it() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls(MEXICO, 61);
    bank.tell(&call.recording("in-progress")).await;
    bank.drained().await;
    let short = of_other(&call).completed(1);
    bank.tell(&short.hangup()).await;
    is_put_aside(&bank, &call.sid, 1).await;
    bank.tell(&of_other(&call).recording("completed")).await;
    is_put_aside(&bank, &call.sid, 2).await;
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.seconds, log.recording_url), (61, None));
    assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn nor_among_many_at_once() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let call = user.calls(MEXICO, 61);
    bank.hang_up(&call).await;
    bank.tell(&of_other(&call).completed(1).hangup()).await;
    bank.tell(&call.recording("completed")).await;
    bank.stack.start_worker(&[]).await.unwrap();
    is_put_aside(&bank, &call.sid, 1).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.drained().await;
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.seconds, log.recording_url), (61, Some(call.recording_url())));
    bank.books_are_clean().await;
}

#[tokio::test]
async fn nor_has_a_call_forwarded_at_its_expense() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let inbound = TwilioCall::inbound(MEXICO, &user.number).completed(61);
    bank.hang_up(&inbound).await;
    assert_eq!(bank.settled(&inbound.sid).await, "charged");
    let dear = inbound.dialled(MEXICO, "+34911111111").completed(3_600);
    bank.hang_up(&of_other(&dear)).await;
    wait_until(SOON, "a dead letter", async || {
        let letters = bank.letters(&dear.sid).await;
        if letters.iter().any(|one| one.reason == "owner_conflict") { Ok(()) } else { Err("none") }
    })
    .await;
    // 2 minutes of the customer's own number, and nothing more.
    assert_eq!(bank.spent(&user).await, "0.0070");
    bank.books_are_clean().await;
}
