//! What changes while a call runs changes nothing for it: it is settled on what it was authorized on.

use std::fs;

use async_nats::jetstream::AckKind;
use curbe_tests::simulator::signalwire::SignalWireCall;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::is_ready;
use curbe_tests::stack::wait_until;

use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";

async fn open() -> (Bank, User) {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.cache_is_current().await;
    (bank, user)
}

async fn becomes_dear(bank: &Bank) {
    let list = bank.stack.folder().join("rates.csv");
    fs::write(&list, "prefix,rate_per_minute,connection_fee\n52,9.0000,0.0000\n").unwrap();
    bank.curbe(&["rates", "import", list.to_str().unwrap(), "--merge"]).await;
}

/// By its own times it began after whatever has changed until now.
fn later(call: &TwilioCall) -> TwilioCall {
    let ended = call.clone().completed(61);
    ended.clone().ended_at(ended.ended_at + time::Duration::minutes(5))
}

/// A minute more than 61 seconds cost, at the price list of all tests.
const PRICE: &str = "0.0274";

#[tokio::test]
async fn when_the_price_list_changes() {
    let (bank, user) = open().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&call).await;
    becomes_dear(&bank).await;
    bank.hang_up(&later(&call)).await;
    bank.all_is_well().await;
    assert_eq!(bank.log(&call.sid).await.unwrap().price, PRICE);
    // And what was not authorized is rated by the list.
    let other = TwilioCall::outbound(&user.number, MEXICO).completed(1);
    let other = other.clone().ended_at(other.ended_at + time::Duration::minutes(5));
    bank.hang_up(&other).await;
    bank.all_is_well().await;
    assert_eq!(bank.log(&other.sid).await.unwrap().price, "9.0000");
}

#[tokio::test]
async fn when_its_number_is_given_to_somebody_else() {
    let (bank, user) = open().await;
    let other = bank.customer().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&call).await;
    let id = other.id.to_string();
    let assign = ["numbers", "assign", &user.number, "--user", &id, "--provider", "twilio"];
    bank.curbe(&assign).await;
    bank.hang_up(&later(&call)).await;
    bank.all_is_well().await;
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.wallet_id, log.user_id, log.price.as_str()), (user.wallet, user.id, PRICE));
    assert_eq!(bank.spent(&other).await, "0.0000");
}

#[tokio::test]
async fn when_it_was_forwarded_and_then_goes_elsewhere() {
    let (bank, user) = open().await;
    let id = user.id.to_string();
    let assign = |target: &'static str| {
        [
            "numbers",
            "assign",
            &user.number,
            "--user",
            &id,
            "--provider",
            "twilio",
            "--inbound-target",
            target,
        ]
        .map(str::to_owned)
    };
    bank.curbe(&assign(MEXICO).each_ref().map(String::as_str)).await;
    bank.cache_is_current().await;
    let call = TwilioCall::inbound("+34911111111", &user.number);
    bank.begins(&call).await;
    let answer = bank.ask(&call).await;
    assert_eq!(answer.text("Number"), Some(MEXICO), "{answer:?}");
    assert_eq!(answer.attribute("callerId"), Some("+34911111111"));
    bank.curbe(&assign("+447911123456").each_ref().map(String::as_str)).await;
    bank.cache_is_current().await;
    // What was set aside is for where it went.
    assert!(bank.ask(&call).await.is_silent());
    // The forwarded leg is paid for by the call that was authorized.
    let forwarded = call.dialled("+34911111111", MEXICO).completed(59);
    bank.hang_up(&forwarded).await;
    bank.hang_up(&call.clone().completed(61)).await;
    bank.all_is_well().await;
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.direction.as_str(), log.price.as_str()), ("outbound", PRICE));
    assert_eq!(bank.settled(&forwarded.sid).await, "covered");
    assert_eq!(bank.held(&user).await, "0.0000");
}

#[tokio::test]
async fn and_pays_for_nobody_else_than_whom_it_was_authorized_for() {
    let (bank, user) = open().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&call).await;
    let dearer = call.dialled(&user.number, "+34911234567").completed(61);
    bank.hang_up(&dearer).await;
    bank.hang_up(&call.clone().completed(61)).await;
    bank.all_is_well().await;
    assert_eq!(bank.log(&call.sid).await.unwrap().price, PRICE);
    assert_eq!(bank.log(&dearer.sid).await.unwrap().price, "0.0900");
}

/// The worker has come further than the queue that was made anew, and waits for what was decided all the same.
#[tokio::test]
async fn when_the_queue_was_made_anew() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    bank.cache_is_current().await;
    for _ in 0..3 {
        let call = TwilioCall::outbound(&user.number, MEXICO);
        bank.begins(&call).await;
        bank.hang_up(&call.completed(0)).await;
    }
    bank.all_is_well().await;
    bank.cached_as_booked(&user).await;
    bank.queue().await.delete_stream("CURBE").await.unwrap();
    bank.curbe(&["migrate"]).await;
    wait_until(SOON, "ingest", async || is_ready(bank.ingest.admin_url()).await).await;

    // What was decided is in somebody else's hand, and its end comes before it.
    worker.process().freeze();
    bank.nobody_takes_decisions().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    bank.begins(&call).await;
    let decision = bank.next_decision().await;
    becomes_dear(&bank).await;
    bank.hang_up(&later(&call)).await;
    worker.process().resume();
    wait_until(SOON, "the end to be taken", async || match bank.standing().await.pending {
        0 => Ok(()),
        pending => Err(pending),
    })
    .await;
    decision.ack_with(AckKind::Nak(None)).await.unwrap();
    bank.all_is_well().await;
    assert_eq!(bank.log(&call.sid).await.unwrap().price, PRICE);
}

#[tokio::test]
async fn at_every_provider() {
    let (bank, user) = open().await;
    let signalwire = SignalWireCall::outbound(&user.number, MEXICO, 61);
    assert!(bank.ask_signalwire(&signalwire).await.limit().is_some());
    // Call Control tells of the leg under another name than TeXML has asked under.
    let telnyx = TelnyxLeg::outbound(&user.number, MEXICO, 61);
    assert!(bank.ask_telnyx(&telnyx).await.limit() >= Some(60));
    bank.drained().await;
    assert_ne!(bank.held(&user).await, "0.0000");
    bank.is_taken(
        &bank.signers.signalwire.form("/api/webhooks/voice-events", &signalwire.hangup()),
    )
    .await;
    for event in [telnyx.answered(), telnyx.hangup()] {
        let now = time::OffsetDateTime::now_utc();
        bank.is_taken(&bank.signers.telnyx.json("/api/webhooks/voice-events", &event, now)).await;
    }
    bank.all_is_well().await;
    for name in [signalwire.sid.clone(), telnyx.leg_id.to_string(), telnyx.control_id.clone()] {
        if let Some(log) = bank.log(&name).await {
            assert_eq!(log.price, PRICE, "{name}");
        }
    }
    assert_eq!(bank.spent(&user).await, "0.0548");
    assert_eq!(bank.held(&user).await, "0.0000");
    bank.cached_as_booked(&user).await;
}
