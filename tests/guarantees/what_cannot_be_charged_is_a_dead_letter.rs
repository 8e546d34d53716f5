//! What cannot be charged is put aside with its reason, its words and its bytes; nothing is guessed, nothing is lost,
//! and what came with it in the same batch is charged.

use curbe_tests::simulator::twilio::{Fields, TwilioCall};
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::bank::with;
use crate::fixture::customers::{OPENING, User};

const ACCOUNT_OF_ANOTHER: &str = "AC00000000000000000000000000000002";
const ACCOUNT_OF_NOBODY: &str = "AC00000000000000000000000000000003";

struct Case {
    reason: &'static str,
    /// What its words must name.
    words: &'static str,
    leg: String,
    fields: Fields,
}

fn case(reason: &'static str, words: &'static str, call: &TwilioCall, fields: Fields) -> Case {
    Case { reason, words, leg: call.sid.clone(), fields }
}

fn cases(user: &User) -> Vec<Case> {
    let ambiguous = user.calls("+523312345678", 61);
    let minutes = with(with(ambiguous.hangup(), "CallDuration", None), "Duration", Some("61"));
    let unreadable = user.calls("+523312345678", 61);
    let text = with(unreadable.hangup(), "CallDuration", Some("an hour"));
    let no_rate = user.calls("+999123456", 61);
    let overflow = user.calls("+881612345678", 60);
    let unknown = TwilioCall::outbound("+15005559999", "+523312345678").completed(61);
    let torn =
        TwilioCall { account: ACCOUNT_OF_ANOTHER.to_owned(), ..user.calls("+523312345678", 61) };
    let empty = TwilioCall { account: ACCOUNT_OF_NOBODY.to_owned(), ..unknown.clone() };
    let empty = empty.sid(format!("CA{}", Uuid::new_v4().simple()));
    vec![
        case("duration_ambiguous", "Duration", &ambiguous, minutes),
        case("unreadable", "CallDuration", &unreadable, text),
        case("no_rate", "prefix", &no_rate, no_rate.hangup()),
        case("amount_overflow", "price", &overflow, overflow.hangup()),
        case("unknown_owner", "assigned to anybody", &unknown, unknown.hangup()),
        case("owner_conflict", "belongs to organization", &torn, torn.hangup()),
        case("no_wallet", "wallet", &empty, empty.hangup()),
    ]
}

#[tokio::test]
async fn with_its_reason_and_its_bytes() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    bank.insert_rate("881", "999999.9999", "0.0001").await;
    let other = bank.customer().await;
    bank.account(other.organization, ACCOUNT_OF_ANOTHER).await;
    let empty = bank.organization().await;
    bank.account(empty, ACCOUNT_OF_NOBODY).await;

    // All of them in one batch, each between two calls that are well.
    let cases = cases(&user);
    let mates: Vec<_> = (0..=cases.len()).map(|_| user.calls("+523312345678", 61)).collect();
    bank.hang_up(&mates[0]).await;
    for (case, mate) in cases.iter().zip(&mates[1..]) {
        bank.tell(&case.fields).await;
        bank.hang_up(mate).await;
    }
    bank.stack.start_worker(&[("WORKER_LANES", "1")]).await.unwrap();
    bank.drained().await;

    for case in &cases {
        let letters = bank.letters(&case.leg).await;
        assert_eq!(letters.len(), 1, "{}: {letters:?}", case.reason);
        assert_eq!((letters[0].reason.as_str(), letters[0].status.as_str()), (case.reason, "open"));
        assert!(letters[0].detail.contains(case.words), "{letters:?}");
        assert_eq!(letters[0].payload, bank.signed(&case.fields).body, "{}", case.reason);
        assert_eq!(bank.settled_as(&case.leg).await, None, "{}", case.reason);
        assert_eq!(bank.log(&case.leg).await, None, "{}", case.reason);
    }
    for mate in &mates {
        assert_eq!(bank.charges(&mate.sid).await, ["-0.0274"]);
    }
    // Eight times 0.0274.
    assert_eq!(bank.spent(&user).await, "0.2192");
    assert_eq!(bank.balance(&other).await, OPENING);
    assert_eq!(
        bank.count("select count(*) from dead_letters").await,
        i64::try_from(cases.len()).unwrap()
    );
    bank.books_are_clean().await;
}

#[tokio::test]
async fn the_first_word_on_a_leg_stands() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let first = user.calls("+523312345678", 61);
    bank.hang_up(&first).await;
    assert_eq!(bank.settled(&first.sid).await, "charged");
    for (other, told, stands) in [
        (first.clone().completed(3_600), "3600", "61"),
        (
            TwilioCall { to: "+34911234567".to_owned(), ..first.clone() },
            "+34911234567",
            "+523312345678",
        ),
    ] {
        bank.hang_up(&other).await;
        bank.drained().await;
        let payload = bank.signed(&other.hangup()).body;
        let letters = bank.letters(&first.sid).await;
        let letter = letters.iter().find(|letter| letter.payload == payload).unwrap();
        assert_eq!(letter.reason, "conflict");
        assert!(letter.detail.contains(told) && letter.detail.contains(stands), "{letter:?}");
    }
    // The same content in other bytes is no contradiction.
    bank.tell(&with(first.hangup(), "ForwardedFrom", Some(""))).await;
    bank.drained().await;
    assert_eq!(bank.letters(&first.sid).await.len(), 2);
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_signed_body_that_says_nothing_is_kept() {
    let bank = Bank::open().await;
    let webhook = bank.signed(&vec![("Hello", "World".to_owned())]);
    assert_eq!(bank.send(&webhook).await.status, 204);
    bank.drained().await;
    let letters: Vec<(String, Vec<u8>)> =
        sqlx::query_as("select reason, payload from dead_letters")
            .fetch_all(bank.stack.pool())
            .await
            .unwrap();
    assert_eq!(letters, [("unreadable".to_owned(), webhook.body)]);
}

#[tokio::test]
async fn a_balance_past_its_limit_is_refused_and_stands() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.insert_rate("881", "999999.9999", "0.0000").await;
    let (fits, does_not) = (user.calls("+881612345678", 60), user.calls("+881612345678", 60));
    bank.hang_up(&fits).await;
    assert_eq!(bank.settled(&fits.sid).await, "charged");
    assert_eq!(bank.balance(&user).await, "-999989.9999");
    bank.hang_up(&does_not).await;
    bank.drained().await;
    let letters = bank.letters(&does_not.sid).await;
    assert_eq!(letters[0].reason, "amount_overflow", "{letters:?}");
    assert_eq!(bank.balance(&user).await, "-999989.9999");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn what_somebody_puts_onto_the_queue_by_hand_holds_nothing_up() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Curbe-Provider", "twilio");
    headers.insert("Curbe-Leg", "a\0b");
    let queue = bank.queue().await;
    let strange = queue.publish_with_headers("voice.twilio.hangup", headers, "a=\0".into());
    strange.await.unwrap().await.unwrap();
    queue.publish("voice.unheard.of", "\u{1}".into()).await.unwrap().await.unwrap();

    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.drained().await;
    let letters: Vec<(String, String)> =
        sqlx::query_as("select subject, reason from dead_letters order by subject")
            .fetch_all(bank.stack.pool())
            .await
            .unwrap();
    let unreadable = |subject: &str| (subject.to_owned(), "unreadable".to_owned());
    assert_eq!(letters, [unreadable("voice.twilio.hangup"), unreadable("voice.unheard.of")]);
}
