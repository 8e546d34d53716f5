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
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::store::{Caller, Wallet};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    balance: Money,
    held: Money,
    available: Money,
    currency: String,
    minimum_threshold: Money,
    can_call: bool,
    seq: i64,
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

/// Answers with the balance, or with 304 to somebody who has it.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let no_wallet =
        || Problem::new(StatusCode::NOT_FOUND, "no_wallet", "Your organization has no wallet yet.");
    let wallet_id = caller.wallet_id.ok_or_else(no_wallet)?;
    let wallet = app.store.wallet(wallet_id).await?.ok_or_else(no_wallet)?;
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
