//! No secret, no signature, no token, no body and no whole number is in any service's log, however much it is told to log
//! and whatever fails meanwhile.

use curbe_tests::simulator::browser::Hello;
use curbe_tests::simulator::flow::{VOICE_EVENTS, VOICE_REQUEST};
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::{Stack, wait_until};
use serde_json::json;
use time::OffsetDateTime;

use crate::fixture::bank::with;
use crate::fixture::hangups::{CANARY, NUMBERS, UNNAMED, hangups};
use crate::fixture::socket::Socket;
use crate::fixture::tokens::claims;
use crate::fixture::{Bank, SOON};

const NUMBER_IN_JSON: u64 = 525_512_345_678;
const DATABASE: &str = "canary-of-the-database";
const QUEUE: &str = "canary-of-the-queue";
const CACHE: &str = "canary-of-the-cache";

/// What a service is told: the servers' addresses with a password in each, and to log all that it can. Only the cache asks
/// for its password.
fn environment(stack: &Stack, role: &str) -> [(&'static str, String); 4] {
    let database = stack.database_url().replace("curbe@", &format!("{role}:{DATABASE}@"));
    let cache = stack.redis_url().replace("redis://", &format!("redis://curbe:{CACHE}@"));
    [
        ("DATABASE_URL", database),
        ("NATS_URL", stack.nats_url().replace("nats://", &format!("nats://curbe:{QUEUE}@"))),
        ("REDIS_URL", cache),
        ("RUST_LOG", "debug".to_owned()),
    ]
}

/// Lets somebody in who has a password, besides those who need none.
async fn invite(stack: &Stack) {
    let mut operator = stack.redis_client().await.unwrap();
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("curbe").arg("on").arg(format!(">{CACHE}"));
    user.arg("~*").arg("&*").arg("+@all").query_async::<()>(&mut operator).await.unwrap();
}

#[tokio::test]
async fn by_any_service() {
    let stack = Stack::for_test().await;
    invite(&stack).await;
    let of_worker = environment(&stack, "curbe_worker_login");
    let of_notifier = environment(&stack, "curbe_notifier_login");
    let [of_worker, of_notifier] = [&of_worker, &of_notifier]
        .map(|environment| environment.each_ref().map(|(name, value)| (*name, value.as_str())));
    let bank = Bank::on(stack, &of_worker[1..]).await;
    let worker = bank.stack.start_worker(&of_worker).await.unwrap();
    let notifier = bank.stack.start_notifier(&of_notifier).await.unwrap();
    let services = [&bank.ingest, &worker, &notifier];

    let shown = traffic(&bank).await;
    failures(&bank, &services).await;

    let secrets = bank.stack.secrets();
    let number = |text: &str| text[1..].to_owned();
    let own = [
        DATABASE.to_owned(),
        QUEUE.to_owned(),
        CACHE.to_owned(),
        CANARY.to_owned(),
        number(NUMBERS[0]),
        number(NUMBERS[1]),
        secrets.twilio_auth_token.clone(),
        secrets.signalwire_signing_key.clone(),
        secrets.telnyx_private_key.clone(),
        secrets.telnyx_public_key(),
        secrets.jwt_secret.clone(),
        secrets.service_token.clone(),
    ];
    for service in services {
        let log = service.process().log();
        assert!(log.contains("\"DEBUG\""), "{} says too little", service.process().name());
        for text in own.iter().chain(&shown) {
            let line = log.lines().find(|line| line.contains(text.as_str()));
            assert_eq!(line, None, "{text:?} is in the log of {}", service.process().name());
        }
    }
}

/// All kinds of requests, right and wrong; tells of each what must not be written down.
async fn traffic(bank: &Bank) -> Vec<String> {
    let user = bank.customer().await;
    let mut shown = vec![user.number[1..].to_owned()];
    for webhook in hangups(&bank.signers, UNNAMED) {
        assert_eq!(bank.send(&webhook).await.status, 204);
        let forged = webhook.clone().forged();
        assert_eq!(bank.send(&forged).await.status, 403);
        shown.extend([webhook.signature.1, forged.signature.1]);
    }
    // Not as it should be told, so that its reader stumbles over it.
    let leg = TelnyxLeg::outbound(NUMBERS[0], NUMBERS[1], 61);
    let mut misshapen = leg.initiated();
    misshapen["data"]["payload"]["from"] = json!(NUMBER_IN_JSON);
    let now = OffsetDateTime::now_utc();
    for path in [VOICE_REQUEST, VOICE_EVENTS] {
        bank.send(&bank.signers.telnyx.json(path, &misshapen, now)).await;
    }
    shown.push(NUMBER_IN_JSON.to_string());
    bank.cache_is_current().await;
    let call = user.calls("+523312345678", 61);
    bank.send(&bank.request(&call.voice_request())).await;
    bank.hang_up(&call).await;
    // Told of another number, it is put aside with both of them.
    let other = "+525598765432";
    bank.tell(&with(call.hangup(), "To", Some(other))).await;
    bank.drained().await;
    assert!(bank.letters(&call.sid).await.remove(0).detail.contains(other));
    shown.extend([other, "+523312345678"].map(|number| number[1..].to_owned()));

    let token = bank.sign(&claims(user.id));
    let forged = format!("{token}x");
    for token in [&token, &forged] {
        bank.browser_with(token.clone()).get("/api/wallet/balance").await;
        let url = bank.stack.notifier_url();
        drop(Socket::open(&url, &Hello::new(token)).await);
    }
    shown.extend([token, forged]);

    let backend = bank.backend();
    let page = backend.moves(&user, "refills", "1.0000", "r1").await;
    assert_eq!(page.status, 201, "{page:?}");
    backend.ask("/api/gatekeeper/authorizations", &json!({ "secret": CANARY })).await;
    let stolen = "canary-of-a-stolen-token-of-32-characters";
    let url = format!("{}/api/gatekeeper/check", bank.stack.worker_url());
    reqwest::Client::new().post(url).bearer_auth(stolen).send().await.unwrap();
    shown.push(stolen.to_owned());
    shown
}

/// What services say of servers that go away, or let nobody in.
async fn failures(bank: &Bank, services: &[&std::sync::Arc<Service>; 3]) {
    bank.stack.redis().process().kill();
    bank.stack.nats().process().kill();
    bank.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name like 'curbe-%'",
    )
    .await;
    for service in services {
        wait_until(SOON, "a failure to be told", async || {
            let log = service.process().log();
            if log.contains("connection lost") || log.contains("WARN") {
                Ok(())
            } else {
                Err("not yet")
            }
        })
        .await;
    }
    // Without the password that the services know.
    bank.stack.redis().restart().await.unwrap();
    bank.stack.nats().restart().await.unwrap();
}
