//! Redis empty, frozen, gone, or with another password: every call gets an answer within its budget, as it was decided
//! beforehand, and everything is as before within seconds of its return.

use std::time::{Duration, Instant};

use curbe_tests::simulator::instructions::Document;
use curbe_tests::simulator::send::Sender;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;

use crate::fixture::asking::{BLIND, document};
use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";
/// What the most impatient provider waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon everything is as before.
const BACK: Duration = SOON;

struct Office {
    bank: Bank,
    user: User,
    /// One ingest that refuses while it is blind, one that allows.
    senders: [Sender; 2],
}

async fn open() -> Office {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let lenient = bank.stack.start_ingest(&[("PREFLIGHT_WHEN_BLIND", "allow")]).await.unwrap();
    bank.cache_is_current().await;
    let senders = [bank.ingest.url(), lenient.url()].map(|url| Sender::new(url).unwrap());
    let office = Office { bank, user, senders };
    office.is_as_before().await;
    office
}

impl Office {
    async fn ask(&self, ingest: usize, call: &TwilioCall) -> Document {
        let request = self.bank.request(&call.voice_request());
        document(self.senders[ingest].send(&request).await.unwrap())
    }

    /// Asks, and is answered in time: once of three times, since a busy machine may have no time itself.
    async fn is_told(&self, ingest: usize, call: &TwilioCall) -> Document {
        let mut taken = Vec::new();
        for _ in 0..3 {
            let begun = Instant::now();
            let answer = self.ask(ingest, call).await;
            taken.push(begun.elapsed());
            if taken.last() < Some(&PATIENCE) {
                return answer;
            }
        }
        panic!("too late: {taken:?}");
    }

    fn call(&self) -> TwilioCall {
        TwilioCall::outbound(&self.user.number, MEXICO)
    }

    /// Judged without Redis, by each as it was told.
    async fn is_blind(&self) {
        let refused = self.is_told(0, &self.call()).await;
        assert_eq!(refused.limit(), None, "{refused:?}");
        let words = refused.text("Say");
        assert!(words.is_none_or(|words| words.starts_with(BLIND)), "{refused:?}");
        let allowed = self.is_told(1, &self.call()).await;
        assert_eq!((allowed.limit(), allowed.text("Number")), (Some(120), Some(MEXICO)));
        // Where a call for a customer goes nobody knows then.
        let inbound = TwilioCall::inbound("+34911111111", &self.user.number);
        assert!(self.is_told(1, &inbound).await.is_silent());
    }

    /// Both judge by the wallet again.
    async fn is_as_before(&self) {
        for ingest in 0..2 {
            wait_until(BACK, "calls to be judged as before", async || {
                let call = self.call();
                let answer = self.ask(ingest, &call).await;
                let is_funded = answer.limit().is_some_and(|limit| limit > 120);
                self.bank.hang_up(&call.completed(0)).await;
                if is_funded { Ok(()) } else { Err(answer.0) }
            })
            .await;
        }
    }
}

#[tokio::test]
async fn frozen() {
    let office = open().await;
    let redis = office.bank.stack.redis();
    redis.process().freeze();
    office.is_blind().await;
    redis.process().resume();
    office.is_as_before().await;
    office.bank.all_is_well().await;
}

#[tokio::test]
async fn gone_and_back_empty() {
    let office = open().await;
    let redis = office.bank.stack.redis();
    redis.process().kill();
    office.is_blind().await;
    redis.restart().await.unwrap();
    office.is_as_before().await;
    office.bank.all_is_well().await;
}

#[tokio::test]
async fn with_another_password_and_the_right_one_again() {
    let office = open().await;
    let mut redis = office.bank.redis().await;
    let mut config = redis::cmd("CONFIG");
    config.arg("SET").arg("requirepass").arg("other").query_async::<()>(&mut redis).await.unwrap();
    // Whoever is connected stays so: all others' connections are cut.
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes")
        .query_async::<()>(&mut redis)
        .await
        .unwrap();
    wait_until(SOON, "ingest to have no cache", async || {
        let answer = office.ask(0, &office.call()).await;
        if answer.limit().is_none() { Ok(()) } else { Err(answer.0) }
    })
    .await;
    office.is_blind().await;
    let mut config = redis::cmd("CONFIG");
    config.arg("SET").arg("requirepass").arg("").query_async::<()>(&mut redis).await.unwrap();
    office.is_as_before().await;
    office.bank.all_is_well().await;
}
