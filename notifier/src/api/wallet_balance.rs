//! `GET /api/wallet/balance`: how the caller's wallet stands.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use curbe_domain::money::Money;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::openapi::refusals::BalanceRefusals;
use crate::openapi::words;
use crate::problem::{Problem, ProblemCode};
use crate::store::{Caller, Wallet};

/// A wallet at one instant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Balance {
    /// What the ledger adds up to.
    balance: Money,
    /// What open calls and purchases take of it.
    held: Money,
    /// What is left for new calls.
    available: Money,
    /// ISO 4217.
    #[schema(schema_with = words::currency)]
    currency: String,
    /// Below this balance no call starts.
    minimum_threshold: Money,
    /// Whether a call may start.
    can_call: bool,
    /// The highest number that a frame of the wallet has.
    seq: i64,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<Wallet> for Balance {
    fn from(wallet: Wallet) -> Self {
        Self {
            available: wallet.available(),
            can_call: wallet.can_call(),
            balance: wallet.balance,
            held: wallet.held,
            currency: wallet.currency,
            minimum_threshold: wallet.minimum_threshold,
            seq: wallet.seq,
            updated_at: wallet.updated_at,
        }
    }
}

/// How the caller's wallet stands
///
/// Answers 304 to somebody whose `If-None-Match` has the current `ETag`.
#[utoipa::path(
    get,
    path = "/api/wallet/balance",
    operation_id = "getBalance",
    tag = "wallet",
    params(("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier answer.")),
    responses(
        (status = 200, description = "The wallet.", body = Balance,
            headers(("ETag" = String, description = "Changes whenever the answer does."))),
        (status = 304, description = "Nothing has changed."),
        BalanceRefusals,
    ),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wallet_id = caller.wallet_id.ok_or(ProblemCode::NoWallet)?;
    let wallet = app.store.wallet(wallet_id).await?.ok_or(ProblemCode::NoWallet)?;
    let tag = entity_tag(wallet_id, &wallet);
    // One address, as many balances as there are callers.
    let fixed = [
        (ETAG, tag.clone()),
        (CACHE_CONTROL, "private, no-cache".into()),
        (VARY, "authorization".into()),
    ];
    if matches_one(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    Ok((fixed, Json(Balance::from(wallet))).into_response())
}

/// Changes whenever the answer does.
fn entity_tag(wallet_id: Uuid, wallet: &Wallet) -> String {
    format!("\"{}.{}.{}\"", wallet_id.simple(), wallet.version, wallet.held.units())
}

fn matches_one(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == "*" || one == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_answer_has_four_places_and_utc() {
        let wallet = Wallet {
            balance: "12.34".parse().unwrap(),
            held: Money::ZERO,
            currency: "USD".to_owned(),
            minimum_threshold: "1".parse().unwrap(),
            status: "active".to_owned(),
            version: 3,
            seq: 57,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        assert_eq!(
            serde_json::to_string(&Balance::from(wallet)).unwrap(),
            r#"{"balance":"12.3400","held":"0.0000","available":"12.3400","currency":"USD","minimumThreshold":"1.0000","canCall":true,"seq":57,"updatedAt":"1970-01-01T00:00:00Z"}"#
        );
    }

    #[test]
    fn a_known_tag_is_recognised() {
        let matches = |text: &'static str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(text))]);
            matches_one(&headers, "\"a.1.0\"")
        };
        for text in ["\"a.1.0\"", "W/\"a.1.0\"", "\"x\", \"a.1.0\"", "*"] {
            assert!(matches(text), "{text}");
        }
        for text in ["", "\"a.2.0\"", "a.1.0"] {
            assert!(!matches(text), "{text}");
        }
    }
}
