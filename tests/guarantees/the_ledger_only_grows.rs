//! A row of the ledger is never changed or removed, not even by the schema's owner; and who only reads cannot write.

use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use crate::fixture::Bank;

const LEDGER_CHANGES: [&str; 4] = [
    "update wallet_transactions set amount = amount + 1",
    "update wallet_transactions set created_at = now()",
    "delete from wallet_transactions",
    "truncate wallet_transactions",
];

async fn bank() -> Bank {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank
}

/// Does something in a role's name, and tells the code that it was refused with.
async fn refusal(bank: &Bank, role: Option<&str>, statement: &str) -> Option<String> {
    let mut connection = PgConnection::connect(&bank.stack.database_url()).await.unwrap();
    if let Some(role) = role {
        raw_sql(AssertSqlSafe(format!("set role {role}"))).execute(&mut connection).await.unwrap();
    }
    let done = raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await;
    let error = done.err()?;
    Some(error.as_database_error().unwrap().code().unwrap().into_owned())
}

#[tokio::test]
async fn whoever_tries() {
    let bank = bank().await;
    let before = bank.count("select sum(hashtext(t::text)) from wallet_transactions t").await;
    for statement in LEDGER_CHANGES {
        assert_eq!(refusal(&bank, None, statement).await.as_deref(), Some("P0001"), "{statement}");
        for role in ["curbe_worker", "curbe_notifier"] {
            let refused = refusal(&bank, Some(role), statement).await;
            assert_eq!(refused.as_deref(), Some("42501"), "{role}: {statement}");
        }
    }
    assert_eq!(
        bank.count("select sum(hashtext(t::text)) from wallet_transactions t").await,
        before
    );
}

#[tokio::test]
async fn and_who_reads_for_browsers_sees_no_costs_and_writes_nothing() {
    let bank = bank().await;
    let notifier = Some("curbe_notifier");
    for statement in [
        "select provider_cost from call_logs",
        "select * from call_logs",
        "select provider_cost from call_legs",
        "select hangup_body from call_legs",
        "select payload from dead_letters",
        "update wallets set balance = 1000",
        "insert into call_rates (prefix, rate_per_minute) values ('1', 0)",
        "delete from users",
        "update call_logs set customer_price = 0",
    ] {
        assert_eq!(
            refusal(&bank, notifier, statement).await.as_deref(),
            Some("42501"),
            "{statement}"
        );
    }
    for statement in [
        "select balance from wallets",
        "select customer_price, recording_url from call_logs",
        "select amount from wallet_transactions",
    ] {
        assert_eq!(refusal(&bank, notifier, statement).await, None, "{statement}");
    }
}

#[tokio::test]
async fn and_rates_in_force_stay() {
    let bank = bank().await;
    for statement in ["update call_rates set rate_per_minute = 0", "delete from call_rates"] {
        assert_eq!(refusal(&bank, None, statement).await.as_deref(), Some("P0001"), "{statement}");
    }
}
