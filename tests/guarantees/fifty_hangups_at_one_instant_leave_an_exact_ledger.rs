//! Calls of one wallet that end at the same instant are debited one after the other: no debit is lost, the ledger
//! chains and its numbers have no holes.

use time::OffsetDateTime;

use crate::fixture::Bank;
use crate::fixture::customers::OPENING;

#[tokio::test]
async fn of_one_wallet() {
    let bank = Bank::without_worker().await;
    // Small batches in several workers, so that many transactions want the same wallet.
    for _ in 0..2 {
        bank.stack.start_worker(&[("WORKER_BATCH_MAX", "3"), ("WORKER_LANES", "4")]).await.unwrap();
    }
    let user = bank.customer().await;
    let now = OffsetDateTime::now_utc();
    let calls: Vec<_> = (0..50).map(|_| user.calls("+523312345678", 61).ended_at(now)).collect();
    bank.hang_up_all(&calls).await;
    bank.all_is_well().await;

    // 50 times 0.0274.
    assert_eq!(bank.spent(&user).await, "1.3700");
    assert_eq!(bank.seq(&user).await, 1 + 2 * 50);
    let ledger: Vec<(String, String)> = sqlx::query_as(
        "select amount::text, balance_after::text from wallet_transactions where wallet_id = $1 order by seq",
    )
    .bind(user.wallet)
    .fetch_all(bank.stack.pool())
    .await
    .unwrap();
    assert_eq!(ledger[0], (OPENING.to_owned(), OPENING.to_owned()));
    assert_eq!(ledger[1], ("-0.0274".to_owned(), "9.9726".to_owned()));
    assert_eq!(ledger[50], ("-0.0274".to_owned(), "8.6300".to_owned()));
    assert_eq!(ledger.len(), 51);
}
