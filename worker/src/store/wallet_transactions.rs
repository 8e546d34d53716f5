//! `wallet_transactions`: the ledger. Rows are only ever added.

use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use super::wallets::money;
use crate::ledger::{Posting, TransactionType};

/// Adds rows to the ledger.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    postings: &[Posting],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    fn column<T>(postings: &[Posting], of: impl Fn(&Posting) -> T) -> Vec<T> {
        postings.iter().map(of).collect()
    }
    sqlx::query!(
        r#"
        insert into wallet_transactions (
            id, wallet_id, amount, type, reference_id, seq, balance_after, external_reference, created_at
        )
        select
            id, wallet_id, amount, type::wallet_transaction_type, reference_id, seq, balance_after,
            external_reference, $9
        from unnest(
            $1::uuid[], $2::uuid[], $3::numeric[], $4::text[], $5::uuid[], $6::bigint[], $7::numeric[], $8::text[]
        ) as new (id, wallet_id, amount, type, reference_id, seq, balance_after, external_reference)
        "#,
        &column(postings, |posting| posting.id),
        &column(postings, |posting| posting.wallet_id),
        &column(postings, |posting| posting.amount.to_decimal()),
        &column(postings, |posting| posting.kind.as_str().to_owned()),
        &column(postings, |posting| posting.call_log_id) as &[Option<Uuid>],
        &column(postings, |posting| posting.seq),
        &column::<Decimal>(postings, |posting| posting.balance_after.to_decimal()),
        &column(postings, |posting| posting.external_reference.clone()) as &[Option<String>],
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// The row that was posted under this reference before.
///
/// # Errors
/// What the database says.
pub async fn by_reference(
    tx: &mut Tx,
    wallet_id: Uuid,
    kind: TransactionType,
    reference: &str,
) -> Result<Option<Posting>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select id, amount, reference_id, seq, balance_after
        from wallet_transactions
        where wallet_id = $1 and type = $2::text::wallet_transaction_type and external_reference = $3
        "#,
        wallet_id,
        kind.as_str(),
        reference,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(|row| {
        Ok(Posting {
            id: row.id,
            wallet_id,
            amount: money(row.amount)?,
            kind,
            call_log_id: row.reference_id,
            seq: row.seq,
            balance_after: money(row.balance_after)?,
            external_reference: Some(reference.to_owned()),
        })
    })
    .transpose()
}
