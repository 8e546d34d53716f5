//! `curbe audit` finds what was changed behind the programs' backs and names the row; else it is silent.

use crate::fixture::Bank;
use crate::fixture::customers::User;

/// A tampering, and what it must be called.
struct Tampering {
    check: &'static str,
    statement: String,
    /// The row that must be named.
    row: String,
}

async fn tamperings(bank: &Bank, user: &User, leg: &str) -> Vec<Tampering> {
    let (wallet, log) =
        (user.wallet.to_string(), id(bank, "call_logs where external_call_id", leg).await);
    let charge = id(bank, "wallet_transactions where reference_id::text", &log).await;
    let of = |check, statement: &str, row: &str| Tampering {
        check,
        statement: statement
            .replace("{wallet}", &wallet)
            .replace("{log}", &log)
            .replace("{charge}", &charge),
        row: row.to_owned(),
    };
    let ledger =
        |change: &str| format!("alter table wallet_transactions disable trigger all; {change}");
    vec![
        of("balance", "update wallets set balance = balance + 0.0001 where id = '{wallet}'", &wallet),
        of(
            "balanceAfter",
            &ledger("update wallet_transactions set balance_after = balance_after + 0.0001 where id = '{charge}'"),
            &charge,
        ),
        of("balance", &ledger("update wallet_transactions set amount = amount - 1 where id = '{charge}'"), &wallet),
        of("balance", &ledger("delete from wallet_transactions where id = '{charge}'"), &wallet),
        of("settledLeg", &ledger("delete from wallet_transactions where id = '{charge}'"), leg),
        of("customerPrice", "update call_logs set customer_price = 0.0275 where id = '{log}'", leg),
        of("customerPrice", "update call_logs set duration_seconds = 3600 where id = '{log}'", leg),
        of("seq", "update wallets set seq = seq + 1 where id = '{wallet}'", &wallet),
        of("seq", "update call_logs set seq = seq + 100 where id = '{log}'", &wallet),
        of("settledLeg", "update call_legs set settled_as = 'free' where leg = '{leg}'", leg),
        of("callLog", "delete from call_legs where leg = '{leg}'", &log),
    ]
    .into_iter()
    .map(|one| Tampering { statement: one.statement.replace("{leg}", leg), ..one })
    .collect()
}

async fn id(bank: &Bank, whose: &str, key: &str) -> String {
    let id = sqlx::AssertSqlSafe(format!("select id::text from {whose} = $1"));
    sqlx::query_scalar(id).bind(key).fetch_one(bank.stack.pool()).await.unwrap()
}

/// A wallet with one charge.
async fn charged() -> (Bank, User, String) {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    (bank, user, call.sid)
}

#[tokio::test]
async fn row_by_row() {
    let (bank, user, leg) = charged().await;
    bank.sql("create schema kept").await;
    for table in ["wallets", "call_logs", "call_legs", "wallet_transactions"] {
        bank.sql(&format!("create table kept.{table} as table {table}")).await;
    }
    for Tampering { check, statement, row } in tamperings(&bank, &user, &leg).await {
        bank.books_are_clean().await;
        bank.sql(&statement).await;
        let audit = bank.run(&["audit", "--json"]).await;
        assert_eq!(audit.status, Some(1), "{statement}: {audit:?}");
        let report = audit.json();
        let mut differences = report["differences"].as_array().unwrap().iter();
        let named = differences.any(|difference| {
            difference["check"] == check && difference["subject"].as_str().unwrap().contains(&row)
        });
        assert!(named, "{statement}: {check} of {row} is not in {report}");
        // The sums that all other tests rely on see it too, save where they do not look: at receipts.
        let is_seen = !bank.contradictions().await.is_empty();
        assert!(is_seen || check == "customerPrice", "{statement}");
        restore(&bank).await;
    }
    bank.books_are_clean().await;
}

/// Everything as it was kept.
async fn restore(bank: &Bank) {
    bank.sql(
        "begin;
        alter table wallet_transactions disable trigger all;
        delete from wallet_transactions; delete from call_logs; delete from call_legs;
        update wallets w set (balance, seq) = (select balance, seq from kept.wallets k where k.id = w.id);
        insert into call_legs select * from kept.call_legs;
        insert into call_logs select * from kept.call_logs;
        insert into wallet_transactions select * from kept.wallet_transactions;
        alter table wallet_transactions enable trigger all;
        commit",
    )
    .await;
}
