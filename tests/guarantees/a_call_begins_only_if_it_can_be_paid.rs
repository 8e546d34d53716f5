//! A call that the wallet cannot pay does not connect; one that connects is cut before the money that was set aside for
//! it runs out.

use curbe_tests::oracle::{text, units};
use curbe_tests::simulator::instructions::Document;
use curbe_tests::simulator::twilio::{Silence, Status, TwilioCall};
use curbe_tests::stack::wait_until;

use crate::fixture::asking::{document, is_blind};
use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

/// Prefixes of this file alone.
const FIVE_CENTS: &str = "+5712345678";
const TEN_CENTS: &str = "+5612345678";
/// Of all refusals at one instant, so many are spoken.
const SPOKEN_MAX: usize = 2;

async fn open() -> Bank {
    let bank = Bank::open().await;
    bank.insert_rate("57", "0.0500", "0.0000").await;
    bank.insert_rate("56", "0.1000", "0.0000").await;
    bank
}

/// Somebody with this balance, and a cache that knows of him.
async fn with(bank: &Bank, balance: &str) -> User {
    let user = bank.customer().await;
    let difference = text(units(balance) - units("10.0000"));
    if difference != "0.0000" {
        let organization = user.organization.to_string();
        let adjust = ["wallets", "adjust", &organization, &difference, "--reference", "start"];
        bank.curbe(&adjust).await;
    }
    bank.cache_is_current().await;
    user
}

fn outbound(user: &User, to: &str) -> TwilioCall {
    TwilioCall::outbound(&user.number, to)
}

/// What a document's limit pays for: three seconds more than it says.
fn funded(document: &Document) -> u32 {
    document.limit().unwrap() + 3
}

#[tokio::test]
async fn from_its_threshold_on() {
    let bank = open().await;
    let (enough, short) = (with(&bank, "1.0000").await, with(&bank, "0.9999").await);
    let allowed = bank.ask(&outbound(&enough, FIVE_CENTS)).await;
    assert_eq!(allowed.text("Number"), Some(FIVE_CENTS));
    assert_eq!(allowed.attribute("callerId"), Some(enough.number.as_str()));
    assert_eq!(allowed.attribute("answerOnBridge"), Some("true"));
    assert_eq!(allowed.attribute("timeout"), Some("30"));
    // Ten minutes at five cents are half of it.
    assert_eq!(funded(&allowed), 600);
    bank.sets_aside(&enough, "0.5000").await;

    let refused = bank.ask(&outbound(&short, FIVE_CENTS)).await;
    assert_eq!(refused.text("Say"), Some("Su saldo es insuficiente."), "{refused:?}");
    assert_eq!(refused.attribute("language"), Some("es-MX"));
    bank.sets_aside(&short, "0.0000").await;
}

#[tokio::test]
async fn five_at_once_share_what_there_is() {
    let bank = open().await;
    let user = with(&bank, "10.0000").await;
    let calls: Vec<_> = (0..5).map(|_| outbound(&user, FIVE_CENTS)).collect();
    let answers = futures_util::future::join_all(calls.iter().map(|call| bank.ask(call))).await;
    for answer in &answers {
        assert!(funded(answer) >= 360, "{answer:?}");
    }
    bank.cached_as_booked(&user).await;
    assert!(units(&bank.held(&user).await) <= units("10.0000"));
}

#[tokio::test]
async fn and_never_on_money_that_another_call_has() {
    let bank = open().await;
    // Where the cache is too slow to count, all are spoken: then another caller is listened to.
    let (user, calls, answers) = wait_until(SOON, "thirty who ask at one instant", async || {
        let user = with(&bank, "1.0000").await;
        let calls: Vec<_> = (0..30).map(|_| outbound(&user, TEN_CENTS)).collect();
        let answers = futures_util::future::join_all(calls.iter().map(|call| bank.ask(call))).await;
        let spoken = answers.iter().filter(|answer| answer.text("Say").is_some()).count();
        if spoken <= SPOKEN_MAX { Ok((user, calls, answers)) } else { Err(spoken) }
    })
    .await;
    let begun: Vec<u32> =
        answers.iter().filter(|answer| answer.limit().is_some()).map(funded).collect();
    let spent: u32 = begun.iter().map(|seconds| seconds.div_ceil(60)).sum();
    assert!(!begun.is_empty() && spent <= 10, "{begun:?}");
    let mut spoken = answers.iter().filter_map(|answer| answer.text("Say"));
    assert!(spoken.all(|words| words.starts_with("Su saldo está en uso")), "{answers:?}");
    bank.drained().await;
    bank.cached_as_booked(&user).await;

    // Whoever is refused and ends costs nothing; whoever begins costs no more than was set aside.
    for (call, answer) in calls.iter().zip(&answers) {
        let ended = match answer.limit() {
            // Cut at its limit, with its own end told two seconds after that.
            Some(limit) => call.clone().completed(limit + 2),
            None => call.clone().completed(7),
        };
        bank.hang_up(&ended).await;
    }
    bank.drained().await;
    bank.all_is_well().await;
    assert!(units(&bank.balance(&user).await) >= 0, "{}", bank.balance(&user).await);
    assert_eq!(bank.held(&user).await, "0.0000");
    bank.cached_as_booked(&user).await;
    let refused = calls.iter().zip(&answers).find(|(_, answer)| answer.limit().is_none()).unwrap();
    let log = bank.log(&refused.0.sid).await.unwrap();
    assert_eq!((log.status.as_str(), log.price.as_str(), log.seconds), ("rejected", "0.0000", 7));
    assert_eq!(bank.charges(&refused.0.sid).await, Vec::<String>::new());
}

#[tokio::test]
async fn asked_again_it_is_told_the_same_unless_it_was_refused() {
    let bank = open().await;
    let user = with(&bank, "1.0000").await;
    let call = outbound(&user, FIVE_CENTS);
    let first = bank.ask(&call).await;
    for _ in 0..3 {
        assert_eq!(bank.ask(&call).await, first);
    }
    bank.drained().await;
    assert_eq!(
        bank.cached(&user, &["held", "calls"]).await,
        [Some("5000".into()), Some("1".into())]
    );

    let poor = with(&bank, "0.5000").await;
    let call = outbound(&poor, FIVE_CENTS);
    assert_eq!(bank.ask(&call).await.limit(), None);
    bank.refill(&poor, "5.0000", "at last").await;
    bank.cached_as_booked(&poor).await;
    bank.begins(&call).await;
    // Once authorized it is a call like any other, whatever was said before.
    bank.hang_up(&call.clone().completed(61)).await;
    bank.drained().await;
    assert_eq!(bank.log(&call.sid).await.unwrap().price, "0.1000");
    bank.all_is_well().await;
}

#[tokio::test]
async fn the_third_refusal_in_ten_minutes_is_silent() {
    let bank = open().await;
    // Where the cache is too slow that is said as well, and counts: then another caller is listened to.
    let answers = wait_until(SOON, "four refusals of a poor caller", async || {
        let user = with(&bank, "0.5000").await;
        let mut answers = Vec::new();
        for _ in 0..4 {
            let request = bank.request(&outbound(&user, FIVE_CENTS).voice_request());
            answers.push(document(bank.send(&request).await));
        }
        if answers.iter().any(is_blind) { Err(format!("{answers:?}")) } else { Ok(answers) }
    })
    .await;
    let silent: Vec<bool> = answers.iter().map(Document::is_silent).collect();
    assert_eq!(silent, [false, false, true, true], "{answers:?}");
}

#[tokio::test]
async fn a_call_that_nobody_answers_gives_everything_back() {
    let bank = open().await;
    let user = with(&bank, "1.0000").await;
    for (status, silence) in [(Status::Busy, Silence::Absent), (Status::NoAnswer, Silence::Zero)] {
        let call = outbound(&user, FIVE_CENTS);
        bank.begins(&call).await;
        bank.hang_up(&call.unanswered(status, silence)).await;
        bank.drained().await;
        bank.cached_as_booked(&user).await;
        assert_eq!(bank.held(&user).await, "0.0000");
    }
    assert_eq!(bank.balance(&user).await, "1.0000");
    bank.all_is_well().await;
}
