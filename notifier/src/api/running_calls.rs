//! `GET /api/calls/running`: the calls that money is set aside for at this moment.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::providers::Provider;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parameters::Parameters;
use super::visible_to;
use crate::app::App;
use crate::openapi::refusals::ListRefusals;
use crate::openapi::words;
use crate::problem::Problem;
use crate::store::{Caller, RunningRow};

/// A call under way: it rings, or is talked on.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunningCall {
    /// The provider's id of the leg.
    external_call_id: String,
    /// Who carries it.
    #[schema(value_type = Provider)]
    provider: String,
    /// Whose call it is.
    user_id: Uuid,
    /// As the customer sees it.
    #[schema(value_type = Direction)]
    direction: String,
    /// Who is called.
    number: String,
    /// When its money was set aside.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// How long that pays for. The provider counts from the answer on, a little later.
    max_seconds: i32,
    /// What is set aside for it.
    held: Money,
    /// ISO 4217.
    #[schema(schema_with = words::currency)]
    currency: String,
}

/// The calls under way. There are no pages of them.
#[derive(Debug, Serialize, ToSchema)]
struct RunningCalls {
    /// The newest first.
    data: Vec<RunningCall>,
}

impl From<RunningRow> for RunningCall {
    fn from(row: RunningRow) -> Self {
        Self {
            external_call_id: row.leg,
            provider: row.provider,
            user_id: row.user_id,
            direction: row.direction,
            number: row.number,
            started_at: row.authorized_at,
            max_seconds: row.seconds,
            held: row.held,
            currency: row.currency,
        }
    }
}

/// The calls under way, newest first
///
/// At most 200. An admin sees the calls of the whole organization, a member his own. `held_updated` on the WebSocket
/// says when it is worth asking again.
#[utoipa::path(
    get,
    path = "/api/calls/running",
    operation_id = "listRunningCalls",
    tag = "calls",
    responses(
        (status = 200, description = "The calls under way.", body = RunningCalls),
        ListRefusals,
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Parameters::parse(query.as_deref(), &[])?;
    let rows = match caller.wallet_id {
        Some(wallet_id) => app.store.running_calls(wallet_id, visible_to(&caller)).await?,
        None => Vec::new(),
    };
    let data = rows.into_iter().map(RunningCall::from).collect();
    Ok(([(CACHE_CONTROL, "no-store")], Json(RunningCalls { data })).into_response())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_call_is_written_as_documented() {
        let row = RunningRow {
            provider: "twilio".to_owned(),
            leg: "CA1".to_owned(),
            user_id: Uuid::nil(),
            direction: "outbound".to_owned(),
            number: "+523312345678".to_owned(),
            authorized_at: datetime!(2026-03-01 10:00 UTC),
            seconds: 600,
            held: "0.5".parse().unwrap(),
            currency: "USD".to_owned(),
        };
        let calls = RunningCalls { data: vec![row.into()] };
        assert_eq!(
            serde_json::to_string(&calls).unwrap(),
            r#"{"data":[{"externalCallId":"CA1","provider":"twilio","userId":"00000000-0000-0000-0000-000000000000","direction":"outbound","number":"+523312345678","startedAt":"2026-03-01T10:00:00Z","maxSeconds":600,"held":"0.5000","currency":"USD"}]}"#
        );
    }
}
