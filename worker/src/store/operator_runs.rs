//! `operator_runs`: what operators did, who and why.

use curbe_domain::money::Money;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Tx;
use super::wallets::money;

/// Something that an operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Which.
    pub id: Uuid,
    /// What, by its name.
    pub action: &'static str,
    /// Who.
    pub actor: String,
    /// Why.
    pub why: String,
    /// What was asked for.
    pub request: Value,
    /// When it began.
    pub started_at: OffsetDateTime,
}

/// Notes that a run begins.
///
/// # Errors
/// What the database says.
pub async fn begin(tx: &mut Tx, run: &RunRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into operator_runs (id, action, actor, why, request, started_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        run.id,
        run.action,
        run.actor,
        run.why,
        run.request,
        run.started_at,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Notes what became of a run.
///
/// # Errors
/// What the database says.
pub async fn end(
    tx: &mut Tx,
    id: Uuid,
    outcome: &Value,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update operator_runs set outcome = $2, ended_at = $3 where id = $1",
        id,
        outcome,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A row that a wallet's ledger got in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterPosting)]
pub struct PostedRow {
    /// Which; `null`: it is not posted.
    #[schema(required)]
    pub id: Option<Uuid>,
    /// Whose.
    pub wallet_id: Uuid,
    /// `adjustment`, or `call_charge` where the call had not been charged.
    #[serde(rename = "type")]
    pub kind: String,
    /// Negative: spent.
    pub amount: Money,
    /// The balance once it is posted.
    pub balance_after: Money,
    /// ISO 4217.
    pub currency: String,
    /// The leg that it is for, and the letter.
    #[schema(required)]
    pub reference: Option<String>,
}

/// The rows that the ledger got in a run, as its outcome names them.
///
/// # Errors
/// What the database says.
pub async fn posted(tx: &mut Tx, id: Uuid) -> Result<Vec<PostedRow>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select
            t.id, t.wallet_id, t.type::text as "kind!", t.amount, t.balance_after, t.external_reference, w.currency
        from operator_runs r
        cross join jsonb_array_elements_text(r.outcome -> 'walletTransactions') as posted (id)
        join wallet_transactions t on t.id = posted.id::uuid
        join wallets w on w.id = t.wallet_id
        where r.id = $1
        order by t.wallet_id, t.seq
        "#,
        id,
    )
    .fetch_all(&mut *tx)
    .await?;
    let posted = rows.into_iter().map(|row| {
        Ok(PostedRow {
            id: Some(row.id),
            wallet_id: row.wallet_id,
            kind: row.kind,
            amount: money(row.amount)?,
            balance_after: money(row.balance_after)?,
            currency: row.currency,
            reference: row.external_reference,
        })
    });
    posted.collect()
}
