//! `GET /api/wallet/transactions`: the ledger, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::money::Money;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::paging::{self, Page, Paging};
use super::parameters::Parameters;
use super::{cursor, visible_to};
use crate::app::App;
use crate::openapi::refusals::ListRefusals;
use crate::openapi::words;
use crate::problem::Problem;
use crate::store::{Caller, LedgerQuery, LedgerRow};

/// A row of the ledger: one movement of the balance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    /// Which.
    id: Uuid,
    /// Its number in the wallet, as the frame that told of it has it.
    seq: i64,
    /// Why the balance moved.
    #[schema(schema_with = words::transaction_type)]
    r#type: String,
    /// Negative: spent.
    amount: Money,
    /// The balance it led to.
    balance_after: Money,
    /// ISO 4217.
    #[schema(schema_with = words::currency)]
    currency: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// The call that it was for; `null` when it was for none.
    #[schema(required)]
    call_log_id: Option<Uuid>,
    /// What the caller of the refill, refund or adjustment named it.
    #[schema(required)]
    external_reference: Option<String>,
}

impl From<LedgerRow> for Transaction {
    fn from(row: LedgerRow) -> Self {
        Self {
            id: row.id,
            seq: row.seq,
            r#type: row.kind,
            amount: row.amount,
            balance_after: row.balance_after,
            currency: row.currency,
            created_at: row.created_at,
            call_log_id: row.call_log_id,
            external_reference: row.external_reference,
        }
    }
}

type TransactionPage = Page<Transaction>;

/// The ledger, newest first
///
/// An admin sees every row; a member sees the rows of his own calls only, because what a colleague's call cost is not
/// his to know.
#[utoipa::path(
    get,
    path = "/api/wallet/transactions",
    operation_id = "listTransactions",
    tag = "wallet",
    params(Paging),
    responses(
        (status = 200, description = "A page of the ledger.", body = TransactionPage),
        ListRefusals,
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let given = Parameters::parse(query.as_deref(), &paging::PARAMETERS)?;
    let paging = Paging::read(&given)?;
    let query = LedgerQuery {
        before: paging.after(cursor::read_seq)?.unwrap_or(i64::MAX),
        offset: paging.offset,
        limit: paging.rows(),
        from: paging.from,
        to: paging.to,
    };
    let rows = match caller.wallet_id {
        Some(wallet_id) => app.store.ledger(wallet_id, visible_to(&caller), &query).await?,
        None => Vec::new(),
    };
    let transactions = rows.into_iter().map(Transaction::from).collect();
    let page = paging.page(transactions, |row: &Transaction| cursor::write_seq(row.seq));
    Ok(([(CACHE_CONTROL, "no-store")], Json(page)).into_response())
}
