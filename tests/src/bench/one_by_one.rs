//! The same books kept the plain way: one transaction for each call. Owner and price are known beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::WALLETS;
use super::ground::{CALLED, Ground, SECONDS};
use super::say;
use super::table::Rate;

const CALLS: usize = 10_000;
const CONNECTIONS: u32 = 8;
/// Two minutes at 0.0132 and a connection at 0.0010.
const PRICE: &str = "0.0274";

struct Call {
    user: Uuid,
    from: String,
    sid: String,
    body: Vec<u8>,
}

/// Settles calls of all wallets.
pub(super) async fn measure(ground: &Ground) -> Result<Rate> {
    say(&format!("{CALLS} calls, each in a transaction of its own"));
    let options = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS);
    let pool = options.connect(&ground.stack.database_url()).await?;
    let calls = Arc::new(calls(ground).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..CONNECTIONS {
        let (pool, calls, next) = (pool.clone(), Arc::clone(&calls), Arc::clone(&next));
        running.spawn(async move {
            while let Some(call) = calls.get(next.fetch_add(1, Ordering::Relaxed)) {
                settle(&pool, call).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(Rate::of(CALLS, begin.elapsed()))
}

async fn calls(ground: &Ground) -> Result<Vec<Call>> {
    let users = ground.users(WALLETS).await?;
    let call = |number: usize| {
        let (call, webhook) = ground.hangup(number % WALLETS);
        let user = users[number % WALLETS];
        Call { user, from: call.from, sid: call.sid, body: webhook.body }
    };
    Ok((0..CALLS).map(call).collect())
}

async fn settle(pool: &PgPool, call: &Call) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    insert_leg(&mut tx, call).await?;
    let wallet: Uuid = sqlx::query_scalar("select id from wallets where user_id = $1 for update")
        .bind(call.user)
        .fetch_one(&mut *tx)
        .await?;
    let seq: i64 = sqlx::query_scalar(
        "update wallets set balance = balance - $2::numeric, version = version + 1, seq = seq + 2, updated_at = now()
         where id = $1 returning seq",
    )
    .bind(wallet)
    .bind(PRICE)
    .fetch_one(&mut *tx)
    .await?;
    let log = insert_log(&mut tx, call, wallet, seq).await?;
    sqlx::query(
        "insert into wallet_transactions (wallet_id, amount, type, reference_id, seq, balance_after)
         select $1, -$2::numeric, 'call_charge', $3, $4, balance from wallets where id = $1",
    )
    .bind(wallet)
    .bind(PRICE)
    .bind(log)
    .bind(seq - 1)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

async fn insert_leg(tx: &mut Transaction<'_, Postgres>, call: &Call) -> sqlx::Result<()> {
    sqlx::query(
        "insert into call_legs (provider, leg, from_address, to_address, direction, outcome, seconds, ended_at,
             hangup_body, hangup_received_at, settled_at, settled_as)
         values ('twilio', $1, $2, $3, 'outbound', 'completed', $4, now(), $5, now(), now(), 'charged')",
    )
    .bind(&call.sid)
    .bind(&call.from)
    .bind(CALLED)
    .bind(i32::try_from(SECONDS).unwrap_or(i32::MAX))
    .bind(&call.body)
    .execute(&mut **tx)
    .await
    .map(drop)
}

async fn insert_log(
    tx: &mut Transaction<'_, Postgres>,
    call: &Call,
    wallet: Uuid,
    seq: i64,
) -> sqlx::Result<Uuid> {
    sqlx::query_scalar(
        "insert into call_logs (external_call_id, user_id, direction, from_number, to_number, start_time, end_time,
             duration_seconds, billable_minutes, customer_price, status, provider, wallet_id, currency, rate_prefix,
             rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds, rated_number, seq)
         values ($1, $2, 'outbound', $3, $4, now() - interval '61 s', now(), $5, 2, $6::numeric, 'completed', 'twilio',
             $7, 'USD', '52', 0.0132, 0.0010, 60, 60, $4, $8)
         returning id",
    )
    .bind(&call.sid)
    .bind(call.user)
    .bind(&call.from)
    .bind(CALLED)
    .bind(i32::try_from(SECONDS).unwrap_or(i32::MAX))
    .bind(PRICE)
    .bind(wallet)
    .bind(seq)
    .fetch_one(&mut **tx)
    .await
}
