//! `curbe migrate` brings schema and queue up to date once; again, or twice at once, it changes nothing.

use async_nats::jetstream::consumer::pull;
use sha2::{Digest, Sha256};

use crate::fixture::Bank;

/// Everything that a migration could change, as one text for each thing.
const STATE: [&str; 6] = [
    "select table_name || '.' || column_name || ' ' || data_type || coalesce(column_default, '') from information_schema.columns where table_schema = 'public' order by 1",
    "select conname || pg_get_constraintdef(oid) from pg_constraint order by 1",
    "select indexdef from pg_indexes where schemaname = 'public' order by 1",
    "select version::text || checksum::text || installed_on::text from _sqlx_migrations order by 1",
    "select coalesce(relacl::text, '') || relname from pg_class where relnamespace = 'public'::regnamespace order by 1",
    "select concat(d::text, r::text, n.revision) from rate_decks d left join call_rates r on r.deck_id = d.id, rate_revision n order by 1",
];

async fn state(bank: &Bank) -> String {
    let mut state = String::new();
    for query in STATE {
        let rows: Vec<String> =
            sqlx::query_scalar(query).fetch_all(bank.stack.pool()).await.unwrap();
        assert!(!rows.is_empty());
        state += &rows.join("\n");
    }
    let stream = bank.stream().await;
    let info = stream.cached_info();
    state += &format!("{:?} {} {}", info.config, info.state.messages, info.created);
    for name in ["billing", "credit", "payments"] {
        let consumer = stream.get_consumer::<pull::Config>(name).await.unwrap();
        let info = consumer.cached_info();
        state += &format!("{:?} {} {:?}", info.config, info.created, info.ack_floor);
    }
    format!("{:x?} {state}", Sha256::digest(&state))
}

#[tokio::test]
async fn also_with_customers_and_events() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    bank.hang_up(&user.calls("+523312345678", 61)).await;
    bank.drained().await;
    let before = state(&bank).await;
    let again = bank.run(&["migrate"]).await;
    assert_eq!(again.status, Some(0), "{again:?}");
    assert_eq!(state(&bank).await, before);
    let migrate = ["migrate"];
    let (one, other) = tokio::join!(bank.run(&migrate), bank.run(&migrate));
    assert_eq!((one.status, other.status), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!(state(&bank).await, before);
    bank.hang_up(&user.calls("+523312345678", 61)).await;
    bank.all_is_well().await;
    assert_eq!(bank.spent(&user).await, "0.0548");
}
