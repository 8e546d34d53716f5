//! `GET /api/logs`: calls, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use curbe_domain::frames::CallLogView;
use serde::Serialize;

use super::parameters::Parameters;
use super::{cursor, dates, visible_to};
use crate::app::App;
use crate::problem::Problem;
use crate::store::{Caller, FIRST_INSTANT, LAST_INSTANT, LogQuery, Position};

const KNOWN: [&str; 7] = ["limit", "offset", "cursor", "from", "to", "direction", "status"];
const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];
const STATUSES: [&str; 6] = ["completed", "busy", "no_answer", "failed", "canceled", "rejected"];
const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 200;
/// Rows left out are read all the same; further down a cursor leads, for nothing.
const OFFSET_MAX: i64 = 100_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<CallLogView>,
    next_cursor: Option<String>,
}

/// A page of the calls that the caller may see.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = read(query.as_deref())?;
    let limit = usize::try_from(query.limit).unwrap_or_default();
    // One more than asked for tells whether there are more.
    query.limit += 1;
    let data = match caller.wallet_id {
        Some(wallet_id) => app.store.call_logs(wallet_id, visible_to(&caller), &query).await?,
        None => Vec::new(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(page(data, limit))).into_response())
}

fn page(mut data: Vec<CallLogView>, limit: usize) -> Page {
    let has_more = data.len() > limit;
    data.truncate(limit);
    let last = data.last().filter(|_| has_more);
    let position = last.map(|log| Position { start_time: log.start_time, id: log.id });
    Page { next_cursor: position.map(cursor::write), data }
}

fn read(query: Option<&str>) -> Result<LogQuery, Problem> {
    let given = Parameters::parse(query, &KNOWN)?;
    if given.has("cursor") && given.has("offset") {
        return Err(Problem::parameter("offset", "does not go together with \"cursor\""));
    }
    let instant = |name| {
        given.read(name, dates::parse, "is neither an RFC 3339 time nor a date such as 2026-01-31")
    };
    let (from, to) = (instant("from")?, instant("to")?);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(Problem::parameter("to", "is before \"from\""));
    }
    let after = given.read("cursor", cursor::read, "is none that was given out here")?;
    Ok(LogQuery {
        after: after.unwrap_or(Position::START),
        offset: given.number("offset", 0, OFFSET_MAX)?.unwrap_or(0),
        limit: given.number("limit", 1, LIMIT_MAX)?.unwrap_or(LIMIT),
        from: from.unwrap_or(FIRST_INSTANT),
        to: to.unwrap_or(LAST_INSTANT),
        direction: given.word("direction", &DIRECTIONS)?,
        status: given.word("status", &STATUSES)?,
    })
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
    fn a_full_page_leads_to_the_next_one() {
        let last = |page: &Page| page.next_cursor.as_deref().and_then(cursor::read).map(|at| at.id);
        let more = page(vec![log(3), log(2), log(1)], 2);
        assert_eq!((more.data.len(), last(&more)), (2, Some(Uuid::from_u128(2))));
        let end = page(vec![log(3), log(2)], 2);
        assert_eq!((end.data.len(), last(&end)), (2, None));
        let json = serde_json::to_value(&end).unwrap();
        assert!(json["nextCursor"].is_null() && json.get("nextCursor").is_some());
        assert_eq!(json["data"][0]["customerPrice"], "0.0142");
        assert_eq!(json["data"][0]["billableMinutes"], "1.00");
        assert_eq!(json["data"][0]["startTime"], "2026-03-01T10:00:00Z");
        assert!(json["data"][0].get("providerCost").is_none());
    }

    #[test]
    fn defaults_hold_where_nothing_is_asked() {
        let query = read(None).unwrap();
        assert_eq!((query.limit, query.offset, query.after), (50, 0, Position::START));
        assert_eq!((query.from, query.to), (FIRST_INSTANT, LAST_INSTANT));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let good = read(Some(
            "limit=200&offset=7&from=2026-03-01&to=2026-03-01&direction=inbound&status=busy",
        ));
        assert_eq!(good.unwrap().from, datetime!(2026-03-01 00:00 UTC));
        for (query, name) in [
            ("limit=201", "limit"),
            ("limit=0", "limit"),
            ("offset=-1", "offset"),
            ("cursor=abc", "cursor"),
            ("from=yesterday", "from"),
            ("to=", "to"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("direction=sideways", "direction"),
            ("status=Completed", "status"),
            ("page=2", "page"),
        ] {
            let problem = format!("{:?}", read(Some(query)).unwrap_err());
            assert!(
                problem.contains(&format!("parameter: Some(\"{name}\")")),
                "{query}: {problem}"
            );
        }
        let cursor = cursor::write(Position::START);
        assert!(read(Some(&format!("cursor={cursor}&offset=1"))).is_err());
        assert!(read(Some(&format!("cursor={cursor}"))).is_ok());
    }
}
