//! `wallet_transactions`: the ledger. Rows are only ever added.

use curbe_domain::money::Money;
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

/// Adds a refund of a charge to the ledger.
///
/// # Errors
/// What the database says.
pub async fn insert_refund(
    tx: &mut Tx,
    posting: &Posting,
    refund_of: Uuid,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into wallet_transactions (
            id, wallet_id, amount, type, reference_id, seq, balance_after, external_reference, created_at, refund_of
        )
        values ($1, $2, $3, 'refund', $4, $5, $6, $7, $8, $9)
        "#,
        posting.id,
        posting.wallet_id,
        posting.amount.to_decimal(),
        posting.call_log_id,
        posting.seq,
        posting.balance_after.to_decimal(),
        posting.external_reference,
        now,
        refund_of,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Something that was spent, and what has come back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The name of its type.
    pub kind: String,
    /// Negative.
    pub amount: Money,
    /// Its call, if it is one's.
    pub call_log_id: Option<Uuid>,
    /// Its refunds, and the corrections of its call.
    pub returned: Money,
}

/// A row of a wallet's ledger, with everything that was posted because of it.
///
/// # Errors
/// What the database says.
pub async fn spent(tx: &mut Tx, wallet_id: Uuid, id: Uuid) -> Result<Option<Spent>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select t.type::text as "kind!", t.amount, t.reference_id, (
            select coalesce(sum(r.amount), 0) from wallet_transactions r
            where r.refund_of = t.id
                or (t.type = 'call_charge' and r.type = 'adjustment' and r.reference_id = t.reference_id)
        ) as "returned!"
        from wallet_transactions t
        where t.id = $1 and t.wallet_id = $2
        "#,
        id,
        wallet_id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(|row| {
        Ok(Spent {
            kind: row.kind,
            amount: money(row.amount)?,
            call_log_id: row.reference_id,
            returned: money(row.returned)?,
        })
    })
    .transpose()
}

/// A row that was posted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The row.
    pub posting: Posting,
    /// Of a refund, what it gives back.
    pub refund_of: Option<Uuid>,
    /// When it was posted.
    pub created_at: OffsetDateTime,
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
) -> Result<Option<Earlier>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select id, amount, reference_id, seq, balance_after, refund_of, created_at
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
        let posting = Posting {
            id: row.id,
            wallet_id,
            amount: money(row.amount)?,
            kind,
            call_log_id: row.reference_id,
            seq: row.seq,
            balance_after: money(row.balance_after)?,
            external_reference: Some(reference.to_owned()),
        };
        Ok(Earlier { posting, refund_of: row.refund_of, created_at: row.created_at })
    })
    .transpose()
}
