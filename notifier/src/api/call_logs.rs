//! `GET /api/logs`: calls, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::frames::CallLogView;
use curbe_domain::legs::Direction;
use curbe_domain::schema::CallStatus;

use super::paging::{self, Page, Paging};
use super::parameters::Parameters;
use super::{cursor, visible_to};
use crate::app::App;
use crate::openapi::refusals::ListRefusals;
use crate::problem::Problem;
use crate::store::{Caller, LogQuery, Position};

/// The filters of this list, beside the page.
const FILTERS: [&str; 2] = ["direction", "status"];
const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];

type CallLogPage = Page<CallLogView>;

/// Calls, newest first
///
/// An admin sees the calls of the whole organization, a member his own.
#[utoipa::path(
    get,
    path = "/api/logs",
    operation_id = "listCalls",
    tag = "calls",
    params(
        Paging,
        ("direction" = Option<Direction>, Query, description = "Only calls that went this way."),
        ("status" = Option<CallStatus>, Query, description = "Only calls that ended like this."),
    ),
    responses(
        (status = 200, description = "A page of calls.", body = CallLogPage),
        ListRefusals,
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (paging, query) = read(query.as_deref())?;
    let logs = match caller.wallet_id {
        Some(wallet_id) => app.store.call_logs(wallet_id, visible_to(&caller), &query).await?,
        None => Vec::new(),
    };
    let page = paging.page(logs, cursor_of);
    Ok(([(CACHE_CONTROL, "no-store")], Json(page)).into_response())
}

fn cursor_of(log: &CallLogView) -> String {
    cursor::write_position(Position { start_time: log.start_time, id: log.id })
}

fn read(query: Option<&str>) -> Result<(Paging, LogQuery), Problem> {
    let known = [&paging::PARAMETERS[..], &FILTERS].concat();
    let given = Parameters::parse(query, &known)?;
    let paging = Paging::read(&given)?;
    let query = LogQuery {
        after: paging.after(cursor::read_position)?.unwrap_or(Position::START),
        offset: paging.offset,
        limit: paging.rows(),
        from: paging.from,
        to: paging.to,
        direction: given.word("direction", &DIRECTIONS)?,
        status: given.word("status", &CallStatus::ALL)?,
    };
    Ok((paging, query))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    fn log(id: u128) -> CallLogView {
        CallLogView {
            id: Uuid::from_u128(id),
            external_call_id: "CA1".to_owned(),
            provider: "twilio".to_owned(),
            user_id: Uuid::nil(),
            direction: "outbound".to_owned(),
            from_number: "+15550100".to_owned(),
            to_number: "+15550101".to_owned(),
            start_time: datetime!(2026-03-01 10:00 UTC),
            end_time: datetime!(2026-03-01 10:01 UTC),
            duration_seconds: 60,
            billable_minutes: "1.00".parse().unwrap(),
            customer_price: "0.0142".parse().unwrap(),
            currency: "USD".to_owned(),
            recording_url: None,
            recording_status: "none".to_owned(),
            status: "completed".to_owned(),
        }
    }

    #[test]
    fn a_call_is_written_as_documented() {
        let (paging, _) = read(Some("limit=1")).unwrap();
        let page = serde_json::to_value(paging.page(vec![log(2), log(1)], cursor_of)).unwrap();
        let next = page["nextCursor"].as_str().and_then(cursor::read_position);
        assert_eq!(next.map(|at| at.id), Some(Uuid::from_u128(2)));
        let log = &page["data"][0];
        assert_eq!(log["customerPrice"], "0.0142");
        assert_eq!(log["billableMinutes"], "1.00");
        assert_eq!(log["startTime"], "2026-03-01T10:00:00Z");
        assert!(log.get("providerCost").is_none());
    }

    #[test]
    fn defaults_hold_where_nothing_is_asked() {
        let (_, query) = read(None).unwrap();
        assert_eq!((query.limit, query.offset, query.after), (51, 0, Position::START));
        assert_eq!((query.direction, query.status), (None, None));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let (_, good) = read(Some("limit=200&direction=inbound&status=busy")).unwrap();
        assert_eq!((good.limit, good.direction.as_deref()), (201, Some("inbound")));
        for (query, name) in [
            ("limit=201", "limit"),
            ("cursor=abc", "cursor"),
            ("direction=sideways", "direction"),
            ("status=Completed", "status"),
            ("page=2", "page"),
        ] {
            let problem = format!("{:?}", read(Some(query)).unwrap_err());
            let named = format!("parameter: Some(\"{name}\")");
            assert!(problem.contains(&named), "{query}: {problem}");
        }
        let cursor = cursor::write_position(Position::START);
        assert!(read(Some(&format!("cursor={cursor}"))).is_ok());
    }
}
