//! SignalWire's calls are charged like any other: once, from forms and from JSON, in whatever order and however often
//! they are told, and only with SignalWire's own signature.

use std::collections::BTreeSet;

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::sign::{Signer, Webhook};
use curbe_tests::simulator::signalwire::SignalWireCall;
use curbe_tests::simulator::twilio::Status;
use curbe_tests::stack::wait_until;
use time::{Duration, OffsetDateTime};

use crate::fixture::bank::with;
use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

/// 61 s to Mexico.
const PRICE: &str = "0.0274";

fn signer(bank: &Bank) -> Signer {
    Signer::signalwire(&bank.stack.secrets().signalwire_signing_key, bank.ingest.url())
}

fn call(user: &User) -> SignalWireCall {
    SignalWireCall::outbound(&user.number, "+523312345678", 61)
}

/// Everything that is told of a call: its hangup as a form and as JSON, on the way to it, and its recording.
fn told(signer: &Signer, call: &SignalWireCall) -> Vec<Webhook> {
    let form = |fields| signer.form(VOICE_EVENTS, &fields);
    let json = |fields| signer.json(VOICE_EVENTS, &fields);
    vec![
        form(call.hangup()),
        json(call.hangup()),
        form(call.progress(Status::Ringing)),
        json(call.progress(Status::InProgress)),
        form(call.recording("completed")),
        json(call.recording("in-progress")),
    ]
}

async fn accepted(bank: &Bank, webhook: &Webhook) {
    let answer = bank.send(webhook).await;
    assert!(answer.is_success(), "{} {webhook:?}", answer.status);
}

#[tokio::test]
async fn in_every_order_and_however_often() {
    let bank = Bank::open().await;
    let (user, signer) = (bank.customer().await, signer(&bank));
    let calls: Vec<_> = (0..6).map(|_| call(&user)).collect();
    for (first, call) in calls.iter().enumerate() {
        let mut webhooks = told(&signer, call);
        webhooks.rotate_left(first);
        for webhook in &webhooks {
            accepted(&bank, webhook).await;
            accepted(&bank, webhook).await;
        }
    }
    for call in &calls {
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    bank.drained().await;
    for call in &calls {
        let log = bank.log(&call.sid).await.unwrap();
        assert_eq!((log.status.as_str(), log.direction.as_str()), ("completed", "outbound"));
        assert_eq!((log.seconds, log.price.as_str()), (61, PRICE));
        assert_eq!(log.recording_url, Some(call.recording_url()));
        assert_eq!(bank.charges(&call.sid).await, [format!("-{PRICE}")]);
    }
    let legs =
        "select count(*) from call_legs where provider = 'signalwire' and settled_as = 'charged'";
    assert_eq!(bank.count(legs).await, 6);
    assert_eq!(bank.spent(&user).await, "0.1644");
    bank.all_is_well().await;
}

#[tokio::test]
async fn that_nobody_answered_costs_nothing() {
    let bank = Bank::open().await;
    let (user, signer) = (bank.customer().await, signer(&bank));
    for status in [Status::Busy, Status::NoAnswer, Status::Failed, Status::Canceled] {
        let call = SignalWireCall { status, seconds: 0, ..call(&user) };
        accepted(&bank, &signer.json(VOICE_EVENTS, &call.hangup())).await;
        assert_eq!(bank.settled(&call.sid).await, "free", "{status}");
        assert_eq!(bank.log(&call.sid).await.unwrap().status.replace('_', "-"), status.as_str());
    }
    assert_eq!(bank.balance(&user).await, OPENING);
    bank.all_is_well().await;
}

#[tokio::test]
async fn whose_number_alone_tells_of_it() {
    let bank = Bank::open().await;
    let (user, signer) = (bank.customer().await, signer(&bank));
    // Had its `Timestamp`, when the call was created, been taken for its end, it would have ended an hour ago.
    let (from, to) = ("+523312345678", user.number.as_str());
    let call = SignalWireCall {
        ended_at: OffsetDateTime::now_utc() - Duration::HOUR,
        ..SignalWireCall::outbound(from, to, 61)
    };
    let before = OffsetDateTime::now_utc();
    accepted(&bank, &signer.form(VOICE_EVENTS, &call.number_hangup())).await;
    accepted(&bank, &signer.json(VOICE_EVENTS, &call.number_hangup())).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    let log = bank.log(&call.sid).await.unwrap();
    // 2 minutes by the rate of the customer's own number.
    assert_eq!((log.direction.as_str(), log.price.as_str()), ("inbound", "0.0070"));
    let ended = sqlx::query_scalar("select end_time from call_logs where external_call_id = $1");
    let ended: OffsetDateTime = ended.bind(&call.sid).fetch_one(bank.stack.pool()).await.unwrap();
    assert!(ended >= before - Duration::SECOND && ended <= OffsetDateTime::now_utc(), "{ended}");
    bank.drained().await;
    assert_eq!(bank.charges(&call.sid).await, ["-0.0070"]);
    bank.all_is_well().await;
}

/// Each would be charged if it were believed.
fn forgeries(bank: &Bank, user: &User) -> Vec<(&'static str, Webhook)> {
    let (signer, twilio) = (signer(bank), &bank.signers.twilio);
    let stranger = Signer::signalwire("PSK_of_another_project", bank.ingest.url());
    let nobody = Signer::signalwire("", bank.ingest.url());
    let form = |signer: &Signer| signer.form(VOICE_EVENTS, &call(user).hangup());
    let json = |signer: &Signer| signer.json(VOICE_EVENTS, &call(user).hangup());
    let renamed =
        |header, webhook: Webhook| Webhook { signature: (header, webhook.signature.1), ..webhook };
    let longer = |sign: &dyn Fn(&curbe_tests::simulator::twilio::Fields) -> Webhook| {
        let told = call(user).hangup();
        let signature = sign(&told).signature;
        Webhook { signature, ..sign(&with(told, "CallDuration", Some("3600"))) }
    };
    let other_type = |content_type, webhook| Webhook { content_type, ..webhook };
    vec![
        ("a changed form signature", form(&signer).forged()),
        ("a changed JSON signature", json(&signer).forged()),
        ("a changed form", longer(&|fields| signer.form(VOICE_EVENTS, fields))),
        ("a changed JSON body", longer(&|fields| signer.json(VOICE_EVENTS, fields))),
        ("another project's form", form(&stranger)),
        ("another project's JSON", json(&stranger)),
        ("a form signed with no key", form(&nobody)),
        ("JSON signed with no key", json(&nobody)),
        ("a form said to be JSON", other_type("application/json", form(&signer))),
        ("JSON said to be a form", other_type("application/x-www-form-urlencoded", json(&signer))),
        ("Twilio's form as SignalWire's", renamed("X-SignalWire-Signature", form(twilio))),
        ("Twilio's JSON as SignalWire's", renamed("X-SignalWire-Signature", json(twilio))),
        ("another's under the shared header", renamed("X-Twilio-Signature", form(&stranger))),
        ("SignalWire's as Telnyx's", renamed("Telnyx-Signature-Ed25519", form(&signer))),
    ]
}

#[tokio::test]
async fn and_only_with_its_own_signature() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    for (what, webhook) in forgeries(&bank, &user) {
        let answer = bank.send(&webhook).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{what}");
    }
    assert_eq!(bank.stream().await.cached_info().state.messages, 0);

    // Under the header that both use, the secret tells whose leg it is.
    let by_alias = signer(&bank).form(VOICE_EVENTS, &call(&user).hangup());
    let by_alias = Webhook { signature: ("X-Twilio-Signature", by_alias.signature.1), ..by_alias };
    accepted(&bank, &by_alias).await;
    bank.hang_up(&user.calls("+523312345678", 61)).await;
    wait_until(SOON, "both legs to be settled", async || match bank.legs_settled().await {
        2 => Ok(()),
        settled => Err(format!("{settled} of 2")),
    })
    .await;
    let providers: Vec<String> = sqlx::query_scalar("select provider from call_legs")
        .fetch_all(bank.stack.pool())
        .await
        .unwrap();
    let expected = ["signalwire", "twilio"].map(str::to_owned);
    assert_eq!(BTreeSet::from_iter(providers), BTreeSet::from(expected));
    assert_eq!(bank.spent(&user).await, "0.0548");
    bank.all_is_well().await;
}
