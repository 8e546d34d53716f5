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
use utoipa::ToSchema;
use uuid::Uuid;

use super::visible_to;
use crate::app::App;
use crate::openapi::refusals::CallRefusals;
use crate::openapi::words;
use crate::problem::Problem;
use crate::store::{self, Caller};

/// In words, since it is the same for every call: see `curbe_domain::rating::price`.
const ROUNDING: &str = "once, to four places, half away from zero";

/// A call and how its price came about.
#[derive(Serialize, ToSchema)]
#[schema(as = CallDetail)]
struct Call {
    #[serde(flatten)]
    log: CallLogView,
    receipt: Receipt,
}

/// How a price came about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    /// What the call was priced by; `null` where it was free for want of a duration.
    #[schema(required)]
    rate: Option<Rate>,
    /// The number that the prefix was looked up for.
    #[schema(required)]
    rated_number: Option<String>,
    /// Whether the price list in force at the call's start had no price, and a later one was taken.
    rated_late: bool,
    /// Where it was rounded, in words.
    rounding: &'static str,
    /// What the ledger says of the call: the charge, and what corrected it later.
    transactions: Vec<Transaction>,
}

/// A price by the minute.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Rate {
    /// Which.
    id: Uuid,
    /// The digits that the number begins with.
    #[schema(required)]
    prefix: Option<String>,
    /// Price of one minute.
    #[schema(required)]
    rate_per_minute: Option<Money>,
    /// Added once.
    #[schema(required)]
    connection_fee: Option<Money>,
    /// The first step of the duration.
    #[schema(required)]
    initial_increment_seconds: Option<i32>,
    /// Every further step.
    #[schema(required)]
    increment_seconds: Option<i32>,
}

/// A row of the ledger that belongs to the call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReceiptTransaction)]
struct Transaction {
    /// Which.
    id: Uuid,
    /// Why the balance moved.
    #[schema(schema_with = words::transaction_type)]
    r#type: String,
    /// Negative: spent.
    amount: Money,
    /// The balance it led to.
    balance_after: Money,
    /// Its number in the wallet.
    seq: i64,
    /// When.
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

/// One call, and how its price came about
///
/// For those who may not see the call it does not exist.
#[utoipa::path(
    get,
    path = "/api/logs/{id}",
    operation_id = "getCall",
    tag = "calls",
    params(("id" = Uuid, Path, description = "The call.")),
    responses(
        (status = 200, description = "The call and its receipt.", body = Call),
        CallRefusals,
    ),
)]
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
