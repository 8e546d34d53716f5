//! A list that grows while it is read page by page shows each row once: a cursor is a place, not a count. And it shows the
//! days that are asked for, each row in exactly one of them.

use serde_json::Value;

use crate::fixture::browser::Browser;
use crate::fixture::office::Office;

const LISTS: [&str; 2] = ["/api/logs", "/api/wallet/transactions"];

fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn all(browser: &Browser, list: &str, filters: &str) -> Vec<String> {
    let page = browser.read(&format!("{list}?limit=200{filters}")).await;
    assert_eq!(page["nextCursor"], Value::Null);
    ids(&page)
}

#[tokio::test]
async fn while_new_rows_arrive() {
    let office = Office::open(&[]).await;
    for _ in 0..5 {
        office.call(&office.caller).await;
    }
    for (list, user) in [
        (LISTS[0], &office.admin),
        (LISTS[0], &office.caller),
        (LISTS[1], &office.admin),
        (LISTS[1], &office.caller),
    ] {
        let browser = office.bank.browser(user);
        let before = all(&browser, list, "").await;
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = browser.read(&format!("{list}?limit=2{cursor}")).await;
            seen.extend(ids(&page));
            // A list that led back to its front would never end.
            assert!(seen.len() <= before.len(), "{list}: {seen:?}");
            let Some(next) = page["nextCursor"].as_str() else { break };
            assert_eq!(ids(&page).len(), 2);
            cursor = format!("&cursor={next}");
            office.call(&office.caller).await;
        }
        assert_eq!(seen, before, "{list}");
    }
}

#[tokio::test]
async fn by_the_number_of_rows_too() {
    let office = Office::open(&[]).await;
    for _ in 0..4 {
        office.call(&office.caller).await;
    }
    for list in LISTS {
        let browser = office.bank.browser(&office.caller);
        let every = all(&browser, list, "").await;
        assert_eq!(every.len(), 4);
        let page = browser.read(&format!("{list}?limit=2&offset=1")).await;
        assert_eq!(ids(&page), every[1..3]);
        let next = page["nextCursor"].as_str().unwrap();
        let rest = browser.read(&format!("{list}?cursor={next}")).await;
        assert_eq!(ids(&rest), every[3..]);
        let beyond = browser.read(&format!("{list}?offset=4")).await;
        assert_eq!((ids(&beyond), &beyond["nextCursor"]), (Vec::new(), &Value::Null));
    }
}

/// Each row a day later than the one before, at midnight in UTC.
const DAYS: &str = "
    update call_logs c set start_time = d.day, end_time = d.day + interval '61 s'
        from (select id, timestamptz '2026-02-27T00:00Z' + (row_number() over (order by seq) - 1) * interval '1 day' as day
            from call_logs) d where d.id = c.id;
    alter table wallet_transactions disable trigger wallet_transactions_is_append_only;
    update wallet_transactions t set created_at = c.start_time from call_logs c where c.id = t.reference_id;
    alter table wallet_transactions enable trigger wallet_transactions_is_append_only";

#[tokio::test]
async fn day_by_day() {
    let office = Office::open(&[]).await;
    for _ in 0..3 {
        office.call(&office.caller).await;
    }
    office.bank.sql(DAYS).await;
    for list in LISTS {
        let browser = office.bank.browser(&office.caller);
        let every = all(&browser, list, "").await;
        let [third, second, first] = &every[..] else { panic!("{every:?}") };
        for (filters, expected) in [
            ("&from=2026-02-27&to=2026-02-28", vec![first]),
            ("&from=2026-02-28&to=2026-03-01", vec![second]),
            ("&from=2026-03-01&to=2026-03-02", vec![third]),
            ("&to=2026-02-28T00:00:00Z", vec![first]),
            ("&to=2026-02-28T00:00:00.000001Z", vec![second, first]),
            ("&from=2026-02-28T01:00:00%2B01:00", vec![third, second]),
            ("&from=2026-02-28T01:00:00%2B02:00", vec![third, second]),
            ("&from=2026-02-28T00:00:01Z", vec![third]),
            ("&from=2026-02-28&to=2026-02-28", vec![]),
        ] {
            let shown = all(&browser, list, filters).await;
            assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{list} {filters}");
        }
    }
}

#[tokio::test]
async fn or_it_says_what_it_does_not_understand() {
    let office = Office::open(&[]).await;
    office.call(&office.caller).await;
    office.call(&office.caller).await;
    let browser = office.bank.browser(&office.caller);
    for list in LISTS {
        let other = LISTS.into_iter().find(|one| *one != list).unwrap();
        let page = browser.read(&format!("{other}?limit=1")).await;
        let foreign = page["nextCursor"].as_str().unwrap();
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=ten", "limit"),
            ("limit=1&limit=2", "limit"),
            ("offset=-1", "offset"),
            ("from=yesterday", "from"),
            ("to=2026-02-30", "to"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("cursor=nonsense", "cursor"),
            (&format!("cursor={foreign}"), "cursor"),
            ("sort=asc", "sort"),
        ] {
            let page = browser.get(&format!("{list}?{query}")).await;
            assert_eq!(page.outcome(), (400, Some("invalid_parameter")), "{list} {query}");
            assert_eq!(page.body["parameter"], name, "{list} {query}");
        }
    }
    for query in ["direction=up", "status=COMPLETED"] {
        let page = browser.get(&format!("/api/logs?{query}")).await;
        assert_eq!(page.outcome(), (400, Some("invalid_parameter")), "{query}");
    }
}
