//! A look at what sending dead letters through would do, by the real transaction: one that cannot be settled keeps no
//! other from being looked at, what one has moved none moves once more, and locks are taken in everybody's order.

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;
use serde_json::Value;
use time::OffsetDateTime;

use crate::fixture::bank::with;
use crate::fixture::letters::MEXICO;
use crate::fixture::{Bank, SOON};

const LOOK: [&str; 3] = ["replay", "--all", "--dry-run"];

#[tokio::test]
async fn not_even_beside_one_that_the_database_refuses() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let calls: [TwilioCall; 7] = [(); 7].map(|()| user.calls("+999123456", 61));
    bank.hang_up_all(&calls).await;
    bank.drained().await;
    assert_eq!(bank.letters_that_are("open").await, 7);
    bank.insert_rate("999", "0.0132", "0.0010").await;
    // A value that does not fit, and what our own triggers say.
    let refused =
        [(&calls[1], "22003", "amount_overflow"), (&calls[5], "P0001", "database_refused")];
    bank.refuses(&refused.map(|(call, code, _)| (call, code))).await;

    let look = bank.dead_letters(&LOOK, 3).await;
    let failing = |report: &Value| {
        let letters = report["letters"].as_array().unwrap().iter();
        let failing = letters.filter(|letter| letter["fate"] == "failing");
        let mut failing: Vec<_> = failing
            .map(|letter| {
                let detail = letter["detail"].as_str().unwrap();
                assert!(detail.contains("refused on purpose"), "{letter}");
                (letter["id"].to_string(), letter["reason"].as_str().unwrap().to_owned())
            })
            .collect();
        failing.sort();
        failing
    };
    let mut expected = Vec::new();
    for (call, _, reason) in refused {
        let letter = bank.letters(&call.sid).await.remove(0);
        expected.push((format!("\"{}\"", letter.id), reason.to_owned()));
    }
    expected.sort();
    assert_eq!((&look["settled"], failing(&look)), (&5.into(), expected), "{look}");
    // Five times 0.0274.
    assert_eq!(look["wallets"][0]["amount"], "-0.1370");
    assert_eq!(bank.spent(&user).await, "0.0000");

    let sent = bank.replay(&["--all"], 3).await;
    assert_eq!((&sent["settled"], failing(&sent)), (&5.into(), failing(&look)));
    assert_eq!(bank.spent(&user).await, "0.1370");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn nor_counts_a_call_twice_that_two_of_them_tell_of() {
    const BETWEEN: i64 = 1_100;
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, refused) = (user.calls("+999123456", 61), user.calls("+999123456", 61));
    let once_more = with(call.hangup(), "ForwardedFrom", Some(""));
    for told in [call.hangup(), refused.hangup(), once_more] {
        bank.tell(&told).await;
        bank.drained().await;
    }
    assert_eq!(bank.letters(&call.sid).await.len(), 2);
    bank.insert_rate("999", "0.0132", "0.0010").await;
    bank.refuses(&[(&refused, "P0001")]).await;
    // Looked at apart, since the one between them fails.
    let is_counted_once = async |look: &Value, failing: i64| {
        assert_eq!((&look["settled"], &look["failing"]), (&2.into(), &failing.into()), "{look}");
        let wallet = &look["wallets"][0];
        assert_eq!((&wallet["amount"], &wallet["postings"]), (&"-0.0274".into(), &1.into()));
        assert_eq!(bank.spent(&user).await, "0.0000");
    };
    is_counted_once(&bank.dead_letters(&LOOK, 3).await, 1).await;
    // And though more lie between them than are looked at in one transaction.
    bank.sql(&format!(
        "insert into dead_letters (subject, digest, payload, headers, provider, reason, detail, attempts, received_at,
            created_at)
        select 'voice.twilio.hangup', sha256(n::text::bytea), n::text::bytea, '{{}}', 'twilio', 'unreadable', 'by hand',
            1, now(), (select min(created_at) from dead_letters) + n * interval '1 microsecond'
        from generate_series(1, {BETWEEN}) as between (n)"
    ))
    .await;
    is_counted_once(&bank.dead_letters(&LOOK, 3).await, BETWEEN + 1).await;

    let sent = bank.replay(&["--all", "--rate", "2000"], 3).await;
    assert_eq!((&sent["settled"], &sent["failing"]), (&2.into(), &(BETWEEN + 1).into()));
    assert_eq!(bank.charges(&call.sid).await, ["-0.0274"]);
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn nor_a_leg_that_another_one_covers() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let parent = TwilioCall::outbound(&user.number, MEXICO).completed(61);
    let child = parent.dialled(&user.number, MEXICO).completed(61);
    bank.refuses(&[(&parent, "P0001")]).await;
    let refused = user.calls("+999123456", 61);
    for told in [&parent, &refused, &child] {
        bank.hang_up(told).await;
        bank.drained().await;
    }
    // Nobody can wait four hours for its parent here.
    bank.sql("update call_legs set hangup_received_at = now() - interval '5 hours' where outcome is not null").await;
    wait_until(SOON, "the patience to be over", async || {
        match bank.letters_that_are("open").await {
            3 => Ok(()),
            open => Err(open),
        }
    })
    .await;
    bank.insert_rate("999", "0.0132", "0.0010").await;
    bank.refuses(&[(&refused, "P0001")]).await;
    // Parent and child are looked at apart, since the one between them fails.
    let look = bank.dead_letters(&LOOK, 3).await;
    assert_eq!((&look["settled"], &look["failing"]), (&2.into(), &1.into()), "{look}");
    assert_eq!(look["wallets"][0]["amount"], "-0.0274", "{look}");
    bank.replay(&["--all"], 3).await;
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn who_waits_for_a_name_holds_no_leg() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let parent = TelnyxLeg::outbound(&user.number, MEXICO, 61);
    let child = TelnyxLeg::outbound(&user.number, MEXICO, 61).child_of(&parent);
    let told = child.texml_completed();
    bank.is_taken(&bank.signers.telnyx.form(VOICE_EVENTS, &told, OffsetDateTime::now_utc())).await;
    bank.drained().await;
    // Nobody can wait four hours for it here.
    bank.sql("update call_legs set hangup_received_at = now() - interval '5 hours' where outcome is not null").await;
    wait_until(SOON, "the patience to be over", async || {
        let missing = "select count(*) from dead_letters where reason = 'parent_missing'";
        if bank.count(missing).await == 1 { Ok(()) } else { Err("not yet") }
    })
    .await;

    let mut names = bank.stack.pool().begin().await.unwrap();
    sqlx::query("select from call_leg_names for update").execute(&mut *names).await.unwrap();
    let look = bank.dead_letters(&LOOK, 0);
    let meanwhile = async {
        wait_until(SOON, "the look to wait for a name", async || {
            let waiting = "select count(*) from pg_stat_activity where datname = current_database()
                and wait_event_type = 'Lock' and query like '%call_leg_names%'";
            if bank.count(waiting).await == 1 { Ok(()) } else { Err("nobody waits") }
        })
        .await;
        let legs = sqlx::query("select from call_legs for update nowait");
        let legs = legs.execute(bank.stack.pool()).await.map(|done| done.rows_affected());
        names.rollback().await.unwrap();
        legs
    };
    let (look, legs) = tokio::join!(look, meanwhile);
    assert_eq!(legs.unwrap(), 2, "parent and child");
    assert_eq!(look["wallets"][0]["amount"], "-0.0274", "{look}");
    bank.replay(&["--all"], 0).await;
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}
