//! `GET /api/logs/{id}`: one call, and how its price came about.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::frames::CallLogView;
use curbe_domain::money::Money;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::visible_to;
use crate::app::App;
use crate::problem::Problem;
use crate::store::{self, Caller};

/// In words, since it is the same for every call: see `curbe_domain::rating::price`.
const ROUNDING: &str = "once, to four places, half away from zero";

#[derive(Serialize)]
struct Call {
    #[serde(flatten)]
    log: CallLogView,
    receipt: Receipt,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    rate: Option<Rate>,
    rated_number: Option<String>,
    rated_late: bool,
    rounding: &'static str,
    transactions: Vec<Transaction>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    id: Uuid,
    prefix: Option<String>,
    rate_per_minute: Option<Money>,
    connection_fee: Option<Money>,
    initial_increment_seconds: Option<i32>,
    increment_seconds: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    id: Uuid,
    r#type: String,
    amount: Money,
    balance_after: Money,
    seq: i64,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<store::Receipt> for Call {
    fn from(receipt: store::Receipt) -> Self {
        let rate = receipt.rate_id.map(|id| Rate {
            id,
            prefix: receipt.prefix,
            rate_per_minute: receipt.rate_per_minute,
            connection_fee: receipt.connection_fee,
            initial_increment_seconds: receipt.initial_increment_seconds,
            increment_seconds: receipt.increment_seconds,
        });
        let transactions = receipt.ledger.into_iter().map(Transaction::from).collect();
        let receipt_of_call = Receipt {
            rate,
            rated_number: receipt.rated_number,
            rated_late: receipt.rated_late,
            rounding: ROUNDING,
            transactions,
        };
        Self { log: receipt.log, receipt: receipt_of_call }
    }
}

impl From<store::ReceiptRow> for Transaction {
    fn from(row: store::ReceiptRow) -> Self {
        Self {
            id: row.id,
            r#type: row.kind,
            amount: row.amount,
            balance_after: row.balance_after,
            seq: row.seq,
            created_at: row.created_at,
        }
    }
}

/// The call, to those who may see it; for all others it does not exist.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| Problem::not_found())?;
    let wallet_id = caller.wallet_id.ok_or_else(Problem::not_found)?;
    let receipt = app.store.receipt(wallet_id, visible_to(&caller), id).await?;
    let call = Call::from(receipt.ok_or_else(Problem::not_found)?);
    Ok(([(CACHE_CONTROL, "no-store")], Json(call)).into_response())
}
