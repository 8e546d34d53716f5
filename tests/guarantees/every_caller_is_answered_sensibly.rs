//! Softphones, SIP addresses, anonymous callers, calls that come in, emergency calls, and programs that ask in JSON.

use curbe_tests::simulator::flow::VOICE_REQUEST;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::simulator::twilio::TwilioCall;
use serde_json::Value;
use time::OffsetDateTime;

use crate::fixture::Bank;
use crate::fixture::asking::document;
use crate::fixture::bank::with;
use crate::fixture::customers::User;

const MEXICO: &str = "+523312345678";
const STRANGER: &str = "+34911111111";

async fn open() -> (Bank, User) {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.identity(&user, "client:alice").await;
    bank.identity(&user, "sip:bob@pbx.example").await;
    bank.cache_is_current().await;
    (bank, user)
}

/// Where a user's own number leads.
async fn leads_to(bank: &Bank, user: &User, target: &str) {
    let id = user.id.to_string();
    let assign = ["numbers", "assign", &user.number, "--user", &id, "--provider", "twilio"];
    bank.curbe(&[&assign[..], &["--inbound-target", target]].concat()).await;
    bank.cache_is_current().await;
}

#[tokio::test]
async fn who_calls_from_a_softphone_shows_his_own_number() {
    let (bank, user) = open().await;
    for from in ["client:alice", "sip:bob@PBX.example:5060;transport=tls"] {
        // Twilio calls a softphone's outgoing call inbound.
        let answer = bank.ask(&TwilioCall::inbound(from, MEXICO)).await;
        assert_eq!(answer.text("Number"), Some(MEXICO), "{from}");
        assert_eq!(answer.attribute("callerId"), Some(user.number.as_str()), "{from}");
    }
}

#[tokio::test]
async fn who_is_not_known_is_told_so() {
    let (bank, _) = open().await;
    for from in ["anonymous", "+266696687", STRANGER, "client:eve", "sip:eve@evil.example", ""] {
        let answer = bank.ask(&TwilioCall::outbound(from, MEXICO)).await;
        assert_eq!(answer.text("Say"), Some("Esta línea no está registrada."), "{from}");
    }
    for to in ["client:eve", "sip:x@y.example", "anonymous", "+999123456789"] {
        let answer = bank.ask(&TwilioCall::inbound("client:alice", to)).await;
        assert_eq!(answer.limit(), None, "{to}");
    }
}

#[tokio::test]
async fn calls_for_a_customer_go_where_his_number_leads() {
    let (bank, user) = open().await;
    let call = || TwilioCall::inbound(STRANGER, &user.number);
    assert!(bank.ask(&call()).await.is_silent());
    for (target, noun, whom) in [
        ("client:alice", "Client", "alice"),
        ("sip:bob@pbx.example;transport=tls", "Sip", "sip:bob@pbx.example;transport=tls"),
    ] {
        leads_to(&bank, &user, target).await;
        let answer = bank.ask(&call()).await;
        assert_eq!((answer.text(noun), answer.limit()), (Some(whom), None), "{answer:?}");
    }
    // Nobody is asked for money, and nothing is set aside.
    bank.drained().await;
    assert_eq!(bank.held(&user).await, "0.0000");
    let evil = "sip:a@b.example?x=\"/><Dial>+1900</Dial>&";
    leads_to(&bank, &user, evil).await;
    let answer = bank.ask(&call()).await;
    assert_eq!(answer.0.matches("<Dial").count(), 1, "{answer:?}");
}

#[tokio::test]
async fn a_stranger_is_not_told_what_a_customer_lacks() {
    let (bank, user) = open().await;
    leads_to(&bank, &user, MEXICO).await;
    let call = || TwilioCall::inbound(STRANGER, &user.number);
    assert_eq!(bank.ask(&call()).await.text("Number"), Some(MEXICO));
    let organization = user.organization.to_string();
    let adjust = ["wallets", "adjust", &organization, "-9.5000", "--reference", "spent"];
    bank.curbe(&adjust).await;
    bank.cached_as_booked(&user).await;
    let answer = bank.ask(&call()).await;
    assert!(answer.is_silent(), "{answer:?}");
    leads_to(&bank, &user, "+999123456789").await;
    let answer = bank.ask(&call()).await;
    assert!(answer.is_silent(), "{answer:?}");
}

#[tokio::test]
async fn who_may_not_call_there_or_not_more_is_told_why() {
    let (bank, user) = open().await;
    bank.sql(&format!(
        "update organizations set blocked_prefixes = '{{5255}}', concurrent_calls_max = 1, language = 'en'
            where id = '{}'",
        user.organization
    ))
    .await;
    bank.cache_is_current().await;
    let call = |to| TwilioCall::outbound(&user.number, to);
    let blocked = bank.ask(&call("+525512345678")).await;
    assert_eq!(blocked.text("Say"), Some("This destination is not allowed."));
    assert_eq!(blocked.attribute("language"), Some("en-US"));
    let first = call(MEXICO);
    bank.begins(&first).await;
    let second = bank.ask(&call(MEXICO)).await;
    assert_eq!(second.text("Say"), Some("There are too many calls in progress."));
    bank.hang_up(&first.completed(1)).await;
    bank.drained().await;
    bank.cached_as_booked(&user).await;
    let third = call(MEXICO);
    bank.begins(&third).await;
    bank.hang_up(&third.completed(1)).await;
    bank.drained().await;
    bank.cached_as_booked(&user).await;

    bank.sql(&format!(
        "update wallets set status = 'suspended', version = version + 1, updated_at = now() where id = '{}'",
        user.wallet
    ))
    .await;
    curbe_tests::stack::wait_until(crate::fixture::SOON, "the cached status", async || {
        let status = bank.cached(&user, &["status"]).await;
        if status == [Some("suspended".to_owned())] { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    let suspended = bank.ask(&call(MEXICO)).await;
    assert!(suspended.is_silent(), "the third refusal: {suspended:?}");
    let json = bank.signers.twilio.json(VOICE_REQUEST, &call(MEXICO).voice_request());
    assert_eq!(bank.program_is_told(&json).await["reason"], "suspended");
}

#[tokio::test]
async fn an_emergency_call_is_connected_whatever_else() {
    let (bank, user) = open().await;
    for from in [user.number.as_str(), STRANGER, "client:alice"] {
        let call = TwilioCall::outbound(from, "911");
        let answer = bank.ask(&call).await;
        assert_eq!((answer.text("Number"), answer.limit()), (Some("911"), None), "{from}");
        bank.hang_up(&call.clone().completed(600)).await;
        bank.drained().await;
        match bank.log(&call.sid).await {
            Some(log) => assert_eq!((log.price.as_str(), log.seconds), ("0.0000", 600)),
            None => assert_eq!(from, STRANGER),
        }
    }
    assert_eq!(bank.spent(&user).await, "0.0000");
    bank.all_is_well().await;
    // With no cache, no queue and no money.
    bank.stack.redis().process().kill();
    bank.stack.nats().process().kill();
    let answer = bank.ask(&TwilioCall::outbound("client:alice", "+112")).await;
    assert_eq!(answer.text("Number"), Some("112"));
}

#[tokio::test]
async fn a_program_is_told_a_decision() {
    let (bank, user) = open().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    let request = bank.signers.twilio.json(VOICE_REQUEST, &call.voice_request());
    let told = bank.program_is_told(&request).await;
    assert_eq!((&told["decision"], &told["reason"]), (&"allow".into(), &Value::Null));
    let (limit, available) = (told["timeLimitSeconds"].as_u64().unwrap(), &told["available"]);
    // Four hours at 0.0132 and 0.0010 for the connection are less than half of ten dollars.
    assert_eq!((limit, available), (14_397, &"6.8310".into()), "{told}");
    let initiated = TelnyxLeg::outbound(STRANGER, MEXICO, 0).initiated();
    let now = OffsetDateTime::now_utc();
    let request = bank.signers.telnyx.json(VOICE_REQUEST, &initiated, now);
    let told = bank.program_is_told(&request).await;
    assert_eq!((&told["decision"], &told["reason"]), (&"reject".into(), &"unknown_caller".into()));
}

#[tokio::test]
async fn who_is_refused_may_hear_a_recording_instead() {
    let bank = Bank::open().await;
    let audio = "https://cdn.example.com/no.mp3?a=1&b=2";
    let ingest = bank.stack.start_ingest(&[("REFUSAL_AUDIO_URL", audio)]).await.unwrap();
    bank.cache_is_current().await;
    let sender = curbe_tests::simulator::send::Sender::new(ingest.url()).unwrap();
    let request = bank.request(&TwilioCall::outbound(STRANGER, MEXICO).voice_request());
    let answer = document(sender.send(&request).await.unwrap());
    assert_eq!(answer.text("Play"), Some("https://cdn.example.com/no.mp3?a=1&amp;b=2"));
    assert_eq!(answer.text("Say"), None);
}

#[tokio::test]
async fn who_says_nothing_readable_or_proves_nothing_gets_no_instructions() {
    let (bank, user) = open().await;
    let fields = TwilioCall::outbound(&user.number, MEXICO).voice_request();
    let nameless = bank.send(&bank.request(&with(fields.clone(), "CallSid", None))).await;
    assert_eq!(nameless.status, 422, "{}", nameless.body);
    let forged = bank.send(&bank.request(&fields).forged()).await;
    assert_eq!((forged.status, forged.body.as_str()), (403, ""));
    bank.drained().await;
    assert_eq!(bank.held(&user).await, "0.0000");
}

#[tokio::test]
async fn texml_is_told_no_limit_that_it_cannot_say() {
    let (bank, user) = open().await;
    bank.insert_rate("58", "4.9000", "0.0000").await;
    bank.cache_is_current().await;
    // One minute could be paid, but TeXML cannot say less than that.
    let to = "+5812345678";
    bank.sql(&format!("update wallets set minimum_threshold = 0 where id = '{}'", user.wallet))
        .await;
    let organization = user.organization.to_string();
    bank.curbe(&["wallets", "adjust", &organization, "-4.0000", "--reference", "less"]).await;
    let refused = bank.ask_telnyx(&TelnyxLeg::outbound(&user.number, to, 0)).await;
    assert_eq!(refused.limit(), None, "{refused:?}");
    let allowed = bank.ask(&TwilioCall::outbound(&user.number, to)).await;
    assert_eq!(allowed.limit(), Some(57), "{allowed:?}");
}

#[tokio::test]
async fn legs_that_nobody_asked_about_are_counted() {
    let (bank, user) = open().await;
    let initiated = TelnyxLeg::outbound(&user.number, MEXICO, 0).initiated();
    let now = OffsetDateTime::now_utc();
    let event = bank.signers.telnyx.json("/api/webhooks/voice-events", &initiated, now);
    assert!(bank.send(&event).await.is_success());
    let metrics = reqwest::get(format!("{}/metrics", bank.ingest.admin_url())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("curbe_ungated_legs_total{provider=\"telnyx\"} 1"), "{metrics}");
}
