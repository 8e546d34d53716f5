//! `POST /api/calls/check`: whether a call could start now, for the button that starts it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::money::Money;
use curbe_domain::phone::E164;
use curbe_domain::rating::Rate;
use curbe_domain::rating::funding::{self, Limits, Purse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json_body::JsonBody;
use crate::app::App;
use crate::openapi::refusals::CheckRefusals;
use crate::openapi::words;
use crate::problem::{Problem, ProblemCode, Shortfall};
use crate::store::{Caller, Wallet};

/// Which call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallCheck {
    /// The number to be called, E.164.
    #[schema(schema_with = words::e164)]
    to: String,
}

/// The call could start.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CallAllowed {
    /// Always: a call that could not start is a problem.
    #[schema(schema_with = words::always)]
    allowed: bool,
    /// Price of one minute.
    rate_per_minute: Money,
    /// How long it would be funded for.
    max_seconds: u32,
    /// ISO 4217.
    #[schema(schema_with = words::currency)]
    currency: String,
}

/// Whether a call could start now
///
/// A look only: nothing is set aside, and whether the call connects is decided when it starts.
#[utoipa::path(
    post,
    path = "/api/calls/check",
    operation_id = "checkCall",
    tag = "calls",
    request_body = CallCheck,
    responses(
        (status = 200, description = "The call could start.", body = CallAllowed),
        CheckRefusals,
    ),
)]
pub(super) async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(asked): JsonBody<CallCheck>,
) -> Result<Response, Problem> {
    let number = E164::parse(&asked.to).ok_or(ProblemCode::InvalidNumber)?;
    let wallet_id = caller.wallet_id.ok_or(ProblemCode::NoWallet)?;
    let wallet = app.store.wallet(wallet_id).await?.ok_or(ProblemCode::NoWallet)?;
    if !wallet.is_active() {
        return Err(ProblemCode::Suspended.into());
    }
    let rate = app.store.outbound_rate(wallet_id, &number).await?.ok_or(ProblemCode::NoRate)?;
    let allowed = decide(wallet, &rate)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(allowed)).into_response())
}

fn decide(wallet: Wallet, rate: &Rate) -> Result<CallAllowed, Problem> {
    let purse = Purse {
        balance: wallet.balance,
        available: wallet.available(),
        minimum_threshold: wallet.minimum_threshold,
    };
    match funding::fund(rate, &purse, &Limits::default()) {
        Ok(funding) => Ok(CallAllowed {
            allowed: true,
            rate_per_minute: rate.rate_per_minute,
            max_seconds: funding.seconds,
            currency: wallet.currency,
        }),
        Err(short) => Err(Problem::insufficient_funds(Shortfall {
            required: short.required,
            available: short.available,
            currency: wallet.currency,
        })),
    }
}
