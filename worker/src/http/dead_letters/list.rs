//! `GET /api/dead-letters`.

use std::fmt::Display;

use curbe_domain::providers::Provider;
use hyper::StatusCode;
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bulk::is_reason;
use super::unavailable;
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::store::dead_letters::{self, ANY, DeadLetterRow, Filter, OPEN, Place, STATUSES};
use crate::store::transaction;

const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 200;

/// A page of dead letters.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterPage)]
pub(crate) struct Page {
    data: Vec<DeadLetterRow>,
    /// How many there are on all pages; `null` on those after the first.
    #[schema(required)]
    total: Option<i64>,
    /// Of the page after this one; `null`: there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What the query says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    filter: Filter,
    after: Option<Place>,
    limit: i64,
}

pub(super) async fn page(pool: &PgPool, query: &str) -> Result<Answer, Refusal> {
    let Wanted { filter, after, limit } = Wanted::read(query)?;
    let found = transaction::run(pool, move |tx| {
        Box::pin(async move {
            let total = match after {
                None => Some(dead_letters::count(tx, &filter).await?),
                Some(_) => None,
            };
            // One more, to know whether there is another page.
            Ok((dead_letters::list(tx, &filter, after, limit + 1).await?, total))
        })
    });
    let (mut data, total) = found.await.map_err(unavailable)?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = data.len() > fits;
    data.truncate(fits);
    let last = data.last().filter(|_| has_more);
    let next_cursor = last.map(|row| cursor(row.place()));
    Ok(Answer::new(StatusCode::OK, &Page { data, total, next_cursor }))
}

impl Wanted {
    fn read(query: &str) -> Result<Self, Refusal> {
        let filter = Filter { status: Some(OPEN.to_owned()), ..Filter::default() };
        let mut wanted = Self { filter, after: None, limit: LIMIT };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            wanted.take(&name, &value)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let known = |is_known: bool| if is_known { Ok(value.to_owned()) } else { Err("is none") };
        let filter = &mut self.filter;
        match name {
            "provider" => {
                filter.provider = Some(said(name, known(Provider::parse(value).is_some()))?);
            }
            "reason" => filter.reason = Some(said(name, known(is_reason(value)))?),
            "organizationId" => filter.organization_id = Some(said(name, Uuid::try_parse(value))?),
            "since" => filter.since = Some(said(name, OffsetDateTime::parse(value, &Rfc3339))?),
            "until" => filter.until = Some(said(name, OffsetDateTime::parse(value, &Rfc3339))?),
            "status" if value == ANY => filter.status = None,
            "status" => filter.status = Some(said(name, known(STATUSES.contains(&value)))?),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                self.limit = said(name, limit.ok_or(format!("is not from 1 to {LIMIT_MAX}")))?;
            }
            "cursor" => self.after = Some(said(name, place(value).ok_or("is none of ours"))?),
            // Whatever a later release knows.
            _ => {}
        }
        Ok(())
    }
}

fn said<T, E: Display>(name: &str, value: Result<T, E>) -> Result<T, Refusal> {
    value.map_err(|error| {
        Refusal::bad_request("invalid_parameter", format!("The parameter {name}: {error}."))
    })
}

fn cursor(place: Place) -> String {
    format!("{}.{}", place.created_at.unix_timestamp_nanos() / 1_000, place.id.simple())
}

/// Nothing was given up before 1970: far earlier times are none to Postgres.
fn place(cursor: &str) -> Option<Place> {
    let (microseconds, id) = cursor.split_once('.')?;
    let nanoseconds = i128::from(microseconds.parse::<u64>().ok()?) * 1_000;
    let created_at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
    Some(Place { created_at, id: Uuid::try_parse(id).ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use time::macros::datetime;

    use super::*;

    const NAMES: [&str; 8] =
        ["provider", "reason", "organizationId", "since", "until", "status", "limit", "cursor"];
    const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let at = datetime!(2026-11-26 10:00:00.123456 UTC);
        let there = Place { created_at: at, id: Uuid::from_u128(7) };
        assert_eq!(place(&cursor(there)), Some(there));
        let id = there.id.simple();
        for bad in [
            "".to_owned(),
            ".".to_owned(),
            "1".to_owned(),
            "1.".to_owned(),
            format!("x.{id}"),
            format!("99999999999999999999999999999999999999.{id}"),
            // 4715 BC, and the first moment that is no place.
            format!("-210863606400000000.{id}"),
            format!("-1.{id}"),
        ] {
            assert_eq!(place(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        assert_eq!(Wanted::read("").unwrap().filter.status.as_deref(), Some(OPEN));
        assert_eq!(Wanted::read("status=all&new=1").unwrap().filter, Filter::default());
        let since = Wanted::read("since=2026-12-01T00:00:00Z&limit=200").unwrap();
        assert_eq!(since.filter.since, Some(datetime!(2026-12-01 0:00 UTC)));
        for bad in [
            "provider=acme",
            "reason=none",
            "status=lost",
            "since=yesterday",
            "limit=0",
            "limit=201",
            "cursor=x",
            "organizationId=1",
        ] {
            assert_eq!(Wanted::read(bad).unwrap_err().code(), "invalid_parameter", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_cursor_leads_where_nothing_can_be(cursor in r"\PC{0,40}|[+-]?[0-9]{1,24}\.[0-9a-f-]{0,40}", micros: i64, id: u128) {
            let id = Uuid::from_u128(id);
            for cursor in [cursor, format!("{micros}.{}", id.simple())] {
                if let Some(place) = place(&cursor) {
                    prop_assert!(YEARS.contains(&place.created_at.year()), "{place:?}");
                    prop_assert_eq!(super::place(&super::cursor(place)), Some(place));
                }
            }
        }

        #[test]
        fn any_query_is_read_or_refused(query in r"\PC{0,40}", told in prop::collection::vec((select(&NAMES[..]), value()), 0..6)) {
            let mut written = form_urlencoded::Serializer::new(String::new());
            let written = written.extend_pairs(told).finish();
            for query in [query, written] {
                match Wanted::read(&query) {
                    Ok(wanted) => {
                        prop_assert!((1..=LIMIT_MAX).contains(&wanted.limit), "{wanted:?}");
                        let Filter { since, until, .. } = wanted.filter;
                        for instant in [since, until].into_iter().flatten() {
                            prop_assert!((-1..=10_000).contains(&instant.year()), "{instant}");
                        }
                    }
                    Err(refusal) => prop_assert_eq!(refusal.code(), "invalid_parameter"),
                }
            }
        }
    }

    /// Something that one of the parameters may be, or nearly.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            r"[+-]?[0-9]{1,20}(\.[0-9a-f]{32})?",
            r"[+-]?[0-9]{4,6}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|[+-][0-2][0-9]:[0-5][0-9])",
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
            select(&["twilio", "no_rate", "open", "all", "", "\0"][..]).prop_map(str::to_owned),
        ]
    }
}
