//! A look at what sending dead letters through would do, by the real transaction: one that cannot be settled keeps no
//! other from being looked at, and locks are taken in everybody's order.

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

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
    let cases = refused.map(|(call, code, _)| {
        let sid = &call.sid;
        format!("if new.external_call_id = '{sid}' then raise exception 'refused on purpose' using errcode = '{code}'; end if;")
    });
    bank.sql(&format!(
        "create function refuse() returns trigger language plpgsql as $$ begin {} return new; end $$;
        create trigger refuse before insert on call_logs for each row execute function refuse()",
        cases.concat()
    ))
    .await;

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

    let sent = bank.dead_letters(&["replay", "--all", "--yes"], 3).await;
    assert_eq!((&sent["settled"], failing(&sent)), (&5.into(), failing(&look)));
    assert_eq!(bank.spent(&user).await, "0.1370");
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

    let url = bank.stack.database_url();
    let (mut other, mut third) =
        (PgConnection::connect(&url).await.unwrap(), PgConnection::connect(&url).await.unwrap());
    let mut names = other.begin().await.unwrap();
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
        let legs = legs.execute(&mut third).await.map(|done| done.rows_affected());
        names.rollback().await.unwrap();
        legs
    };
    let (look, legs) = tokio::join!(look, meanwhile);
    assert_eq!(legs.unwrap(), 2, "parent and child");
    assert_eq!(look["wallets"][0]["amount"], "-0.0274", "{look}");
    bank.dead_letters(&["replay", "--all", "--yes"], 0).await;
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}
