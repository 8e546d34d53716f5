//! Whether something could be paid. A look: nothing is set aside by it.

use curbe_domain::money::Money;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::failure::Failure;
use crate::http::answer::Answer;
use crate::http::{Refusal, json};
use crate::store::Tx;
use crate::wallet;

/// What it would cost.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckRequest {
    /// Whose wallet would pay.
    organization_id: Uuid,
    /// Nothing or more.
    estimated_cost: Money,
}

/// It could be paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sufficient {
    /// Always true: not enough is a problem.
    has_sufficient_funds: bool,
    balance: Money,
    /// What is set aside of it.
    held: Money,
    /// What is left.
    available: Money,
    /// ISO 4217.
    currency: String,
}

impl CheckRequest {
    /// # Errors
    /// It is not what is expected.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = json::parse(body)?;
        if request.estimated_cost < Money::ZERO {
            return Err(json::invalid("estimatedCost is less than nothing."));
        }
        Ok(request)
    }
}

/// Looks.
pub(super) async fn check(tx: &mut Tx, request: &CheckRequest) -> Result<Answer, Failure> {
    let wallet = wallet::find(tx, request.organization_id).await?.account;
    if wallet.status != "active" {
        return Err(Failure::Decided(super::suspended()));
    }
    let standing = super::standing(tx, wallet.wallet_id).await?;
    let available = standing.available();
    if available < request.estimated_cost {
        let (required, currency) = (request.estimated_cost, &standing.currency);
        let refusal = Refusal::insufficient_funds(required, available, currency);
        return Err(Failure::Decided(refusal));
    }
    let sufficient = Sufficient {
        has_sufficient_funds: true,
        balance: standing.balance,
        held: standing.held,
        available,
        currency: standing.currency,
    };
    Ok(Answer::new(StatusCode::OK, &sufficient))
}
