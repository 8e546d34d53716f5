//! A balance is exact up to the last unit that the database holds, in both directions; one unit more is refused, and what
//! stood before stands.

use crate::fixture::Bank;
use crate::fixture::customers::{OPENING, User};

const LIMIT: &str = "999999.9999";

/// A call that costs the smallest amount: half of a unit, which goes away from zero.
async fn calls_for_one_unit(bank: &Bank, user: &User) -> String {
    let call = user.calls("+33612345678", 30);
    bank.hang_up(&call).await;
    bank.drained().await;
    match bank.letters(&call.sid).await.first() {
        Some(letter) => letter.reason.clone(),
        None => bank.charges(&call.sid).await.concat(),
    }
}

#[tokio::test]
async fn above_and_below_zero() {
    let bank = Bank::open().await;
    bank.sql(
        "insert into call_rates (prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds)
            values ('3361', 0.0001, 0, 30, 30)",
    )
    .await;
    let (user, backend) = (bank.customer().await, bank.backend());
    assert_eq!(bank.balance(&user).await, OPENING);
    for (number, (amount, status, balance)) in [
        // To the limit from below, and one unit beyond it.
        ("999989.9999", 201, LIMIT),
        ("0.0001", 409, LIMIT),
        (LIMIT, 409, LIMIT),
    ]
    .into_iter()
    .enumerate()
    {
        let page = backend.moves(&user, "refills", amount, &format!("r{number}")).await;
        assert_eq!(page.status, status, "{amount}: {page:?}");
        assert_eq!(bank.balance(&user).await, balance);
    }
    assert_eq!(calls_for_one_unit(&bank, &user).await, "-0.0001");
    assert_eq!(bank.balance(&user).await, "999999.9998");

    for (number, (amount, status, balance)) in [
        ("-999999.9999", 201, "-0.0001"),
        ("-999999.9999", 409, "-0.0001"),
        ("-999999.9997", 201, "-999999.9998"),
    ]
    .into_iter()
    .enumerate()
    {
        let page = backend.moves(&user, "adjustments", amount, &format!("a{number}")).await;
        assert_eq!(page.status, status, "{amount}: {page:?}");
        assert_eq!(bank.balance(&user).await, balance);
    }
    assert_eq!(calls_for_one_unit(&bank, &user).await, "-0.0001");
    assert_eq!(bank.balance(&user).await, "-999999.9999");
    assert_eq!(calls_for_one_unit(&bank, &user).await, "amount_overflow");
    assert_eq!(bank.balance(&user).await, "-999999.9999");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn whoever_writes() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    for balance in ["'NaN'", "1000000", "-1000000", "999999.99995"] {
        let update = format!("update wallets set balance = {balance} where id = '{}'", user.wallet);
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(bank.stack.pool()).await;
        let code = refused.unwrap_err().into_database_error().unwrap().code().unwrap().into_owned();
        // A value that does not fit, or a check that it does not hold.
        assert!(matches!(code.as_str(), "22003" | "23514"), "{balance}: {code}");
    }
    assert_eq!(bank.balance(&user).await, OPENING);
}
