//! What a provider was told "yes" for is charged, whichever process is killed; and he is told yes as long as the queue or
//! the disk takes it.

use std::time::Duration;

use curbe_tests::stack::{Stack, wait_until};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::fixture::bank::with;
use crate::fixture::customers::User;
use crate::fixture::load::{Load, PRICE, SENDERS, Sent};
use crate::fixture::{Bank, SOON};

/// What ingest may take to answer.
const ANSWER_BUDGET: Duration = Duration::from_millis(1_500);

async fn bank_under_load(more: &[(&str, &str)]) -> (Bank, Load) {
    let bank = Bank::on(Stack::for_test().await, more).await;
    bank.stack.start_worker(&[]).await.unwrap();
    let users: Vec<User> = vec![bank.customer().await, bank.customer().await];
    let load = Load::start(&bank, &users);
    load.accepts(50).await;
    (bank, load)
}

#[tokio::test]
async fn when_the_queue_is_killed() {
    let (bank, load) = bank_under_load(&[]).await;
    for _ in 0..3 {
        bank.stack.nats().process().kill();
        load.accepts(50).await;
        bank.stack.nats().restart().await.unwrap();
        load.accepts(50).await;
    }
    all_were_taken(&load.finish().await, &bank).await;
}

#[tokio::test]
async fn when_the_queue_says_nothing() {
    let (bank, load) = bank_under_load(&[]).await;
    bank.stack.nats().process().freeze();
    load.accepts(100).await;
    bank.stack.nats().process().resume();
    load.accepts(50).await;
    all_were_taken(&load.finish().await, &bank).await;
}

/// In time but for one in a hundred, or one of each sender, for which a busy machine may have had no time itself; some of
/// them by the spool, and each is charged once.
async fn all_were_taken(sent: &[Sent], bank: &Bank) {
    let refused: Vec<_> = sent.iter().filter(|one| !one.is_accepted()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let late: Vec<_> = sent.iter().filter(|one| one.latency >= ANSWER_BUDGET).collect();
    assert!(late.len() <= (sent.len() / 100).max(SENDERS), "{late:?}");
    let is_spooled = async || match bank.ingest.process().log().contains("spooled") {
        true => Ok(()),
        false => Err("nothing is"),
    };
    wait_until(SOON, "the spool to be used", is_spooled).await;
    bank.accounts_for(sent).await;
}

/// What the client could not send while the queue was silent it sends later, when its sender has long been told no, or
/// has told it once more.
#[tokio::test]
async fn when_what_was_given_up_arrives_after_all() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let calls = [(); 10].map(|()| user.calls("+523312345678", 61));
    bank.stack.nats().process().freeze();
    let webhooks = calls.iter().map(|call| bank.signed(&call.hangup())).collect();
    for (_, status) in bank.send_all(webhooks).await {
        assert!(status.is_some(), "no answer");
    }
    bank.stack.nats().process().resume();
    for call in &calls {
        // With another digest too, so that the queue's window takes neither for the other.
        let again = with(call.hangup(), "ForwardedFrom", Some(""));
        wait_until(SOON, "the queue to be there again", async || {
            match bank.send(&bank.signed(&again)).await.status {
                204 => Ok(()),
                status => Err(status),
            }
        })
        .await;
    }
    bank.all_is_well().await;
    for call in &calls {
        assert_eq!(bank.charges(&call.sid).await, [format!("-{PRICE}")]);
    }
}

#[tokio::test]
async fn when_ingest_is_killed() {
    let (bank, load) = bank_under_load(&[]).await;
    for _ in 0..5 {
        bank.ingest.restart().await.unwrap();
        load.accepts(20).await;
    }
    let sent = load.finish().await;
    assert!(sent.iter().any(|one| one.status.is_none()), "no kill met a request");
    bank.accounts_for(&sent).await;
}

#[tokio::test]
async fn when_ingest_is_told_to_end() {
    let (bank, load) = bank_under_load(&[("SHUTDOWN_DELAY", "100ms")]).await;
    for _ in 0..3 {
        bank.ingest.process().terminate();
        let status = bank.ingest.process().ended(SOON).await.unwrap();
        assert_eq!(status.and_then(|status| status.code()), Some(0));
        bank.ingest.restart().await.unwrap();
        load.accepts(20).await;
    }
    let sent = load.finish().await;
    bank.accounts_for(&sent).await;
}

#[tokio::test]
async fn even_for_a_sender_that_does_not_wait() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let calls: Vec<_> = (0..40).map(|_| user.calls("+523312345678", 61)).collect();
    for (number, call) in calls.iter().enumerate() {
        let webhook = bank.signed(&call.hangup());
        let address = bank.ingest.url().replace("http://", "");
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{}: {}\r\n\r\n",
            webhook.path,
            webhook.content_type,
            webhook.body.len(),
            webhook.signature.0,
            webhook.signature.1,
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        // Some go away in the middle of the body, the others right after it.
        let sent = if number % 4 == 0 { webhook.body.len() / 2 } else { webhook.body.len() };
        connection.write_all(&webhook.body[..sent]).await.unwrap();
        drop(connection);
    }
    wait_until(SOON, "one of them to be charged", async || match bank.legs_settled().await {
        0 => Err("none yet"),
        _ => Ok(()),
    })
    .await;
    // Once ingest has ended in good order, nothing of them is on its way any more.
    bank.ingest.process().terminate();
    bank.ingest.process().ended(SOON).await.unwrap();
    bank.all_is_well().await;
    for (number, call) in calls.iter().enumerate() {
        let charges = bank.charges(&call.sid).await;
        let is_whole = charges.is_empty() || charges == [format!("-{PRICE}")];
        assert!(is_whole, "{charges:?}");
        assert!(number % 4 != 0 || charges.is_empty(), "half a body was charged");
    }
}
