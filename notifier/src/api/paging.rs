//! Pages of a list that grows at its front: by `limit` and `offset`, or from a cursor on, which no new row moves.

use std::borrow::Cow;

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::dates;
use super::parameters::Parameters;
use crate::problem::Problem;
use crate::store::{FIRST_INSTANT, LAST_INSTANT};

/// The parameters of every list.
pub(super) const PARAMETERS: [&str; 5] = ["limit", "offset", "cursor", "from", "to"];
const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 200;
/// Rows left out are read all the same; further down a cursor leads, for nothing.
const OFFSET_MAX: i64 = 100_000;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Rows on the page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: i64,
    /// Rows to leave out. Not together with `cursor`.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 100_000, default = 0)]
    pub(super) offset: i64,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// From then on: an RFC 3339 time, or a date, which means the start of that day in UTC.
    #[param(value_type = Option<String>, example = "2026-01-31")]
    pub(super) from: OffsetDateTime,
    /// Before then: an RFC 3339 time, or a date, which means the start of that day in UTC.
    #[param(value_type = Option<String>, example = "2026-02-01T00:00:00Z")]
    pub(super) to: OffsetDateTime,
}

impl Paging {
    /// What the parameters ask for.
    pub(super) fn read(given: &Parameters) -> Result<Self, Problem> {
        if given.has("cursor") && given.has("offset") {
            return Err(Problem::parameter("offset", "does not go together with \"cursor\""));
        }
        let reason = "is neither an RFC 3339 time nor a date such as 2026-01-31";
        let instant = |name| given.read(name, dates::parse, reason);
        let (from, to) = (instant("from")?, instant("to")?);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(Problem::parameter("to", "is before \"from\""));
        }
        Ok(Self {
            limit: given.number("limit", 1, LIMIT_MAX)?.unwrap_or(LIMIT),
            offset: given.number("offset", 0, OFFSET_MAX)?.unwrap_or(0),
            cursor: given.text("cursor"),
            from: from.unwrap_or(FIRST_INSTANT),
            to: to.unwrap_or(LAST_INSTANT),
        })
    }

    /// The place in the list that the cursor leads to, if there is one; `place` reads it.
    pub(super) fn after<P>(
        &self,
        place: impl FnOnce(&str) -> Option<P>,
    ) -> Result<Option<P>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let no_cursor = || Problem::parameter("cursor", "is none that was given out here");
        place(cursor).map(Some).ok_or_else(no_cursor)
    }

    /// One row more than asked for tells whether there are more.
    pub(super) fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// The page out of the rows that were read; `cursor` writes the place of one.
    pub(super) fn page<T>(&self, mut rows: Vec<T>, cursor: impl FnOnce(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        Page { data: rows, next_cursor }
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    /// The rows, newest first.
    data: Vec<T>,
    /// Leads to the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Not derived: that would write out each row's type once more, without its name.
impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Leads to the next page; `null` on the last one."));
        let page = ObjectBuilder::new().description(Some("One page of a list, newest first."));
        let page = page.property("data", rows).required("data");
        page.property("nextCursor", cursor).required("nextCursor").into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use time::macros::datetime;

    use super::*;

    fn read(query: &str) -> Result<Paging, Problem> {
        let paging = Paging::read(&Parameters::parse(Some(query), &PARAMETERS)?)?;
        paging.after(|text| text.parse::<i64>().ok()).map(|_| paging)
    }

    #[test]
    fn defaults_hold_where_nothing_is_asked() {
        let paging = read("").unwrap();
        assert_eq!((paging.limit, paging.offset, paging.cursor), (50, 0, None));
        assert_eq!((paging.from, paging.to), (FIRST_INSTANT, LAST_INSTANT));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let good = read("limit=200&offset=7&from=2026-03-01&to=2026-03-01").unwrap();
        assert_eq!((good.limit, good.from), (200, datetime!(2026-03-01 00:00 UTC)));
        for (query, name) in [
            ("limit=201", "limit"),
            ("limit=0", "limit"),
            ("offset=-1", "offset"),
            ("offset=100001", "offset"),
            ("cursor=abc", "cursor"),
            ("cursor=1&offset=1", "offset"),
            ("from=yesterday", "from"),
            ("to=", "to"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("page=2", "page"),
        ] {
            let problem = format!("{:?}", read(query).unwrap_err());
            let named = format!("parameter: Some(\"{name}\")");
            assert!(problem.contains(&named), "{query}: {problem}");
        }
    }

    #[test]
    fn a_full_page_leads_to_the_next_one() {
        let paging = read("limit=2").unwrap();
        assert_eq!(paging.rows(), 3);
        let page = |rows: &[i64]| {
            let page = paging.page(rows.to_vec(), ToString::to_string);
            serde_json::to_value(page).unwrap()
        };
        let json = |data: &[i64], next: Option<&str>| serde_json::json!({ "data": data, "nextCursor": next });
        assert_eq!(page(&[3, 2, 1]), json(&[3, 2], Some("2")));
        assert_eq!(page(&[3, 2]), json(&[3, 2], None));
        assert_eq!(page(&[]), json(&[], None));
    }

    proptest! {
        #[test]
        fn no_query_asks_for_more_than_there_may_be(
            pairs in prop::collection::vec((select(PARAMETERS.as_slice()), r"\PC{0,8}|-?[0-9]{0,20}|[0-9]{4}-[0-9]{2}-[0-9]{2}"), 0..6),
            text: String,
        ) {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            for query in [query, text] {
                if let Ok(paging) = read(&query) {
                    prop_assert!((1..=LIMIT_MAX).contains(&paging.limit), "{paging:?}");
                    prop_assert!((0..=OFFSET_MAX).contains(&paging.offset), "{paging:?}");
                    prop_assert!(paging.from <= paging.to, "{paging:?}");
                    prop_assert!(paging.from >= FIRST_INSTANT && paging.to <= LAST_INSTANT, "{paging:?}");
                }
            }
        }
    }
}
