//! Whatever bytes come: each that cannot be charged becomes a dead letter with its reason, the worker lives on, and what
//! stood beside it is charged as if nothing had been.

use curbe_domain::providers::Provider;
use curbe_tests::simulator::twilio::TwilioCall;

use crate::fixture::Bank;
use crate::fixture::bank::with;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ACCOUNT_OF_POISON: &str = "AC0000000000000000000000000000dead";

/// Bodies that no reader may take for a hangup, whoever they say they are of.
fn corpus() -> Vec<Vec<u8>> {
    let text = |text: &str| text.as_bytes().to_vec();
    let nested = |open: &str| text(&format!("{{\"data\":{}", open.repeat(20_000)));
    let hangup = |rest: &str| text(&format!("CallSid=CA1&CallStatus=completed&{rest}"));
    let control = |payload: &str| {
        text(&format!(r#"{{"data":{{"event_type":"call.hangup","payload":{{{payload}}}}}}}"#))
    };
    vec![
        Vec::new(),
        vec![0],
        vec![0xff; 4_096],
        text("{"),
        text("[]"),
        text("null"),
        text(r#"{"data":{}}"#),
        text(r#"{"data":{"event_type":"call.hangup"}}"#),
        nested("["),
        nested("{\"a\":"),
        hangup("CallDuration=99999999999999999999999999"),
        hangup("CallDuration=-1"),
        hangup("CallDuration=1e9"),
        hangup("CallDuration=86401"),
        hangup("CallDuration=61&CallDuration=62"),
        hangup("CallDuration=%FF%FE"),
        hangup("CallDuration=61&From=a%00b"),
        hangup("CallDuration=61&ParentCallSid=CA1"),
        text("CallSid=CA%0d%0a1&CallStatus=completed&CallDuration=61"),
        text(&format!("CallSid={}&CallStatus=completed", "A".repeat(60_000))),
        text(&"a=1&".repeat(5_000)),
        control(r#""call_leg_id":"a b""#),
        control(r#""call_leg_id":["a"]"#),
        control("\"call_leg_id\":\"a\",\"from\":\"\\u0000\""),
        control(r#""call_leg_id":"a","hangup_cause":"; drop table""#),
        text(
            r#"{"data":{"event_type":"call.cost","payload":{"call_leg_id":"a","total_cost":1e400}}}"#,
        ),
        text(r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":184467440737095516160}"#),
        text(r#"{"CallSid":"CA1","CallSid":"CA2","CallStatus":"completed"}"#),
    ]
}

#[tokio::test]
async fn whatever_it_is_made_of() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let queue = bank.queue().await;
    let mut poisoned = 0;
    let mut neighbours: Vec<TwilioCall> = Vec::new();
    for body in corpus() {
        for (provider, content_type) in
            Provider::ALL.into_iter().flat_map(|provider| [(provider, FORM), (provider, JSON)])
        {
            bank.put_by_hand(&queue, provider, None, content_type, &body).await;
        }
        // Of one provider as a form and as JSON it is the same letter: subject and bytes.
        poisoned += i64::try_from(Provider::ALL.len()).unwrap();
        let neighbour = user.calls("+523312345678", 61);
        bank.hang_up(&neighbour).await;
        neighbours.push(neighbour);
    }
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let pid = worker.process().pid();
    bank.drained().await;

    assert_eq!(worker.process().pid(), pid, "the worker died");
    assert_eq!(worker.process().log().matches("panicked").count(), 0);
    for call in &neighbours {
        assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    }
    let letters: Vec<(String, String)> = sqlx::query_as("select reason, detail from dead_letters")
        .fetch_all(bank.stack.pool())
        .await
        .unwrap();
    assert_eq!(i64::try_from(letters.len()).unwrap(), poisoned, "{letters:?}");
    for (reason, detail) in &letters {
        assert!(!detail.is_empty() && reason != "crashes_worker", "{reason}: {detail}");
    }
    bank.books_are_clean().await;
}

#[tokio::test]
async fn and_however_much_one_account_sends() {
    const POISON: usize = 1_500;
    let bank = Bank::without_worker().await;
    let (attacker, user) = (bank.customer().await, bank.customer().await);
    let poison = |_| {
        let call = attacker.calls("+523312345678", 61);
        let fields = with(call.hangup(), "AccountSid", Some(ACCOUNT_OF_POISON));
        bank.signed(&with(fields, "CallDuration", Some("an hour")))
    };
    let webhooks: Vec<_> = (0..POISON).map(poison).collect();
    // In front of the others in the queue, and once more beside them while they come.
    let (first, second) = webhooks.split_at(POISON / 2);
    for (_, status) in bank.send_all(first.to_vec()).await {
        assert_eq!(status, Some(204));
    }
    bank.stack.start_worker(&[]).await.unwrap();
    let flood = bank.sending(second.to_vec());
    let calls: Vec<_> = (0..20).map(|_| user.calls("+523312345678", 61)).collect();
    for call in &calls {
        bank.hang_up(call).await;
    }
    for call in &calls {
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
    assert!(flood.await.unwrap().iter().all(|(_, status)| *status == Some(204)));
    bank.drained().await;
    assert_eq!(bank.spent(&user).await, "0.5480");
    let letters = "select count(*) from dead_letters where reason = 'unreadable'";
    assert_eq!(bank.count(letters).await, i64::try_from(POISON).unwrap());
    bank.books_are_clean().await;
}
