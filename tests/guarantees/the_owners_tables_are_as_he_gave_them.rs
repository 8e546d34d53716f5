//! The owner's four tables have his columns with his types and defaults; what we added has defaults of its own.

use std::collections::BTreeMap;

use crate::fixture::Bank;

/// Column, type, whether it may be null, default.
type Column = (&'static str, &'static str, bool, Option<&'static str>);

const UUID: &str = "uuid";
const MONEY: &str = "numeric(10,4)";
const TIME: &str = "timestamp with time zone";
const TEXT: &str = "character varying";

const WALLETS: &[Column] = &[
    ("id", UUID, false, Some("gen_random_uuid()")),
    ("user_id", UUID, false, None),
    ("balance", MONEY, false, Some("0.0000")),
    ("currency", "character varying(3)", false, Some("'USD'::character varying")),
    ("updated_at", TIME, false, Some("now()")),
];
const CALL_RATES: &[Column] = &[
    ("id", UUID, false, Some("gen_random_uuid()")),
    ("prefix", TEXT, false, None),
    ("rate_per_minute", MONEY, false, None),
    ("connection_fee", MONEY, false, Some("0.0000")),
];
const CALL_LOGS: &[Column] = &[
    ("id", UUID, false, Some("gen_random_uuid()")),
    ("external_call_id", TEXT, false, None),
    ("user_id", UUID, false, None),
    ("direction", "call_direction", false, None),
    ("from_number", TEXT, false, None),
    ("to_number", TEXT, false, None),
    ("start_time", TIME, false, None),
    ("end_time", TIME, false, None),
    ("duration_seconds", "integer", false, None),
    ("billable_minutes", "numeric(10,2)", false, None),
    ("provider_cost", MONEY, true, None),
    ("customer_price", MONEY, false, None),
    ("recording_url", "text", true, None),
    ("recording_status", "recording_status", false, Some("'none'::recording_status")),
    ("status", TEXT, false, None),
];
const WALLET_TRANSACTIONS: &[Column] = &[
    ("id", UUID, false, Some("gen_random_uuid()")),
    ("wallet_id", UUID, false, None),
    ("amount", MONEY, false, None),
    ("type", "wallet_transaction_type", false, None),
    ("reference_id", UUID, true, None),
    ("created_at", TIME, false, Some("now()")),
];

#[tokio::test]
async fn column_by_column() {
    let bank = Bank::without_worker().await;
    for (table, expected) in [
        ("wallets", WALLETS),
        ("call_rates", CALL_RATES),
        ("call_logs", CALL_LOGS),
        ("wallet_transactions", WALLET_TRANSACTIONS),
    ] {
        let found = columns(&bank, table).await;
        for (name, kind, nullable, default) in expected {
            let found = found.get(*name).unwrap_or_else(|| panic!("{table} has no {name}"));
            let expected = ((*kind).to_owned(), *nullable, default.map(str::to_owned));
            assert_eq!(*found, expected, "{table}.{name}");
        }
    }
}

async fn columns(bank: &Bank, table: &str) -> BTreeMap<String, (String, bool, Option<String>)> {
    let columns = "select column_name::text,
            case data_type
                when 'USER-DEFINED' then udt_name::text
                when 'numeric' then format('numeric(%s,%s)', numeric_precision, numeric_scale)
                when 'character varying' then data_type || coalesce('(' || character_maximum_length || ')', '')
                else data_type
            end,
            is_nullable = 'YES', column_default::text
        from information_schema.columns where table_schema = 'public' and table_name = $1";
    let rows: Vec<(String, String, bool, Option<String>)> =
        sqlx::query_as(columns).bind(table).fetch_all(bank.stack.pool()).await.unwrap();
    rows.into_iter()
        .map(|(name, kind, nullable, default)| (name, (kind, nullable, default)))
        .collect()
}

#[tokio::test]
async fn with_his_keys_and_his_words() {
    let bank = Bank::without_worker().await;
    for (name, words) in [
        ("call_direction", "inbound outbound"),
        ("recording_status", "processing completed failed none"),
    ] {
        assert_eq!(labels(&bank, name).await.join(" "), words);
    }
    let kinds = labels(&bank, "wallet_transaction_type").await;
    for his in ["call_charge", "refill", "subscription", "refund"] {
        assert!(kinds.iter().any(|kind| kind == his), "{kinds:?}");
    }
    for (query, what) in [
        (
            "select count(*) from pg_indexes where tablename = 'wallets' and indexdef ~ 'UNIQUE.*\\(user_id\\)'",
            "one wallet a user",
        ),
        (
            "select count(*) from pg_indexes where tablename = 'call_logs' and indexdef ~ '\\(external_call_id'",
            "an index that begins with external_call_id",
        ),
        (
            "select count(*) from pg_constraint where conrelid = 'wallet_transactions'::regclass and confrelid = 'call_logs'::regclass",
            "reference_id leads to a call",
        ),
        (
            "select count(*) from pg_constraint where conrelid = 'wallets'::regclass and confrelid = 'users'::regclass",
            "user_id leads to a user",
        ),
    ] {
        assert_eq!(bank.count(query).await, 1, "{what}");
    }
}

async fn labels(bank: &Bank, name: &str) -> Vec<String> {
    let labels = "select enumlabel::text from pg_enum join pg_type t on t.oid = enumtypid where typname = $1 order by enumsortorder";
    sqlx::query_scalar(labels).bind(name).fetch_all(bank.stack.pool()).await.unwrap()
}

#[tokio::test]
async fn for_whoever_inserts_by_hand() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let first = user.calls("+999123456", 61);
    bank.hang_up(&first).await;
    bank.drained().await;
    assert_eq!(bank.letters(&first.sid).await[0].reason, "no_rate");
    // Four columns; in force for the next call, without a restart.
    bank.insert_rate("999", "0.0500", "0.0100").await;
    let next = user.calls("+999123456", 61);
    bank.hang_up(&next).await;
    assert_eq!(bank.settled(&next.sid).await, "charged");
    assert_eq!(bank.log(&next.sid).await.unwrap().price, "0.1100");
}
