//! Debit, call log and ledger row are written together or not at all; a poison message costs its batch-mates nothing.

use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::services::Service;
use curbe_tests::stack::wait_until;

use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

/// Every table that a charge is written to, with what in its new row tells whose it is.
const WRITTEN: [(&str, &str, &str); 4] = [
    ("call_logs", "insert", "external_call_id = '{leg}'"),
    (
        "wallet_transactions",
        "insert",
        "reference_id in (select id from call_logs where external_call_id = '{leg}')",
    ),
    ("wallets", "update", "id = '{wallet}'"),
    ("call_legs", "update", "leg = '{leg}' and new.settled_at is not null"),
];

/// Makes every write of this leg's to one place fail with `code`.
async fn break_down(bank: &Bank, place: (&str, &str, &str), leg: &str, user: &User, code: &str) {
    let (table, event, whose) = place;
    let whose = whose.replace("{leg}", leg).replace("{wallet}", &user.wallet.to_string());
    bank.sql(&format!(
        "create function broken() returns trigger language plpgsql as $$ begin
            if new.{whose} then raise exception 'broken on purpose' using errcode = '{code}'; end if;
            return new;
        end $$;
        create trigger broken before {event} on {table} for each row execute function broken()"
    ))
    .await;
}

async fn mend(bank: &Bank) {
    bank.sql("drop function broken cascade").await;
}

/// Waits until a worker has failed to settle so often since it was started.
async fn failed(worker: &Service, times: usize) {
    wait_until(SOON, "settlements to fail", async || {
        match worker.process().log().matches("\"not settled\"").count() {
            failures if failures >= times => Ok(()),
            failures => Err(format!("{failures} of {times}")),
        }
    })
    .await;
}

async fn nothing_has_happened(bank: &Bank, user: &User, calls: &[TwilioCall]) {
    assert_eq!(bank.balance(user).await, OPENING);
    for call in calls {
        assert_eq!(bank.log(&call.sid).await, None);
        assert_eq!(bank.charges(&call.sid).await, [""; 0]);
        assert_eq!(bank.settled_as(&call.sid).await, None);
        assert_eq!(bank.letters(&call.sid).await, []);
    }
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_fault_that_passes_delays_and_loses_nothing() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[("WORKER_LANES", "1")]).await.unwrap();
    // 55000, object not in prerequisite state: not a fault of the data.
    for place in WRITTEN {
        let user = bank.customer().await;
        worker.process().kill();
        let calls = [(); 3].map(|()| user.calls("+523312345678", 61));
        break_down(&bank, place, &calls[1].sid, &user, "55000").await;
        bank.hang_up_all(&calls).await;
        worker.restart().await.unwrap();
        failed(&worker, 2).await;
        nothing_has_happened(&bank, &user, &calls).await;

        mend(&bank).await;
        bank.all_is_well().await;
        assert_eq!(bank.spent(&user).await, "0.0822", "{place:?}");
    }
}

#[tokio::test]
async fn a_poison_message_costs_its_batch_mates_nothing() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[("WORKER_LANES", "1")]).await.unwrap();
    // Our own triggers' code; a broken constraint; a value that does not fit.
    let codes = [
        ("P0001", "database_refused"),
        ("23514", "database_refused"),
        ("22003", "amount_overflow"),
    ];
    for (place, (code, reason)) in
        WRITTEN[..2].iter().flat_map(|place| codes.map(|code| (*place, code)))
    {
        let user = bank.customer().await;
        worker.process().kill();
        let calls = [(); 9].map(|()| user.calls("+523312345678", 61));
        let poison = &calls[4];
        break_down(&bank, place, &poison.sid, &user, code).await;
        bank.hang_up_all(&calls).await;
        worker.restart().await.unwrap();
        bank.drained().await;

        let letters = bank.letters(&poison.sid).await;
        assert_eq!(letters.len(), 1, "{place:?} {code}: {letters:?}");
        assert_eq!((letters[0].reason.as_str(), letters[0].status.as_str()), (reason, "open"));
        assert!(letters[0].detail.contains("broken on purpose"), "{letters:?}");
        assert_eq!(letters[0].payload, bank.signed(&poison.hangup()).body);
        assert_eq!(bank.log(&poison.sid).await, None);
        // Eight times 0.0274.
        assert_eq!(bank.spent(&user).await, "0.2192", "{place:?} {code}");
        bank.books_are_clean().await;

        mend(&bank).await;
    }
}
