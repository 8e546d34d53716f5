//! What the books must satisfy, asked of Postgres: it does the comparing, and only differences leave it.
//!
//! A materialized query is planned for all its rows: for the few that a limit lets through, Postgres would rather look up
//! every row by itself.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use rust_decimal::Decimal;

use super::Tx;

/// Something that does not add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    /// What it is about: a wallet, a leg, a call, a row of the ledger.
    pub subject: String,
    /// What is there and what should be.
    pub detail: String,
    /// How many of its kind there are, those beyond the limit included.
    pub total: i64,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Wallets.
    pub wallets: i64,
    /// Rows of the ledger.
    pub wallet_transactions: i64,
    /// Calls.
    pub call_logs: i64,
    /// Legs that were settled.
    pub settled_legs: i64,
}

/// Gives this transaction room to compare in memory what else would go through files.
///
/// # Errors
/// What the database says.
pub async fn make_room(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query!("set local work_mem = '64MB'").execute(&mut *tx).await?;
    Ok(())
}

/// Counts what there is.
///
/// # Errors
/// What the database says.
pub async fn extent(tx: &mut Tx) -> Result<Extent, sqlx::Error> {
    sqlx::query_as!(
        Extent,
        r#"
        select
            (select count(*) from wallets) as "wallets!",
            (select count(*) from wallet_transactions) as "wallet_transactions!",
            (select count(*) from call_logs) as "call_logs!",
            (select count(*) from call_legs where settled_at is not null) as "settled_legs!"
        "#
    )
    .fetch_one(&mut *tx)
    .await
}

/// Wallets whose balance is not the sum of their ledger.
///
/// # Errors
/// What the database says.
pub async fn balances(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        select
            'wallet ' || w.id as "subject!",
            format('its balance is %s, its ledger adds up to %s', w.balance, coalesce(t.amount, 0)) as "detail!",
            count(*) over () as "total!"
        from wallets w
        left join (select wallet_id, sum(amount) as amount from wallet_transactions group by wallet_id) t
            on t.wallet_id = w.id
        where w.balance <> coalesce(t.amount, 0)
        order by w.id
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Rows of the ledger whose `balance_after` is not the one before plus their amount.
///
/// # Errors
/// What the database says.
pub async fn balances_after(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        with chain as (
            select id, wallet_id, seq, amount, balance_after,
                lag(balance_after, 1, 0.0000) over (partition by wallet_id order by seq) as before
            from wallet_transactions
        )
        select
            'wallet transaction ' || id as "subject!",
            format('seq %s of wallet %s: %s and %s do not make %s', seq, wallet_id, before, amount, balance_after)
                as "detail!",
            count(*) over () as "total!"
        from chain
        where balance_after <> before + amount
        order by wallet_id, seq
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Settled legs that have not the rows that they say: `charged` one log and one `call_charge` of its price, `free` one
/// log at price 0 and no charge, `covered` neither.
///
/// # Errors
/// What the database says.
pub async fn settled_legs(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        with charges as (
            select reference_id, count(*) as number, sum(amount) as amount
            from wallet_transactions
            where type = 'call_charge'
            group by reference_id
        ), logs as (
            select external_call_id, provider, count(*) as number, sum(customer_price) as price,
                sum(charges.number) as charges, sum(charges.amount) as charged
            from call_logs left join charges on charges.reference_id = call_logs.id
            group by external_call_id, provider
        )
        select
            format('leg %s at %s', l.leg, l.provider) as "subject!",
            format('settled as %s: %s call logs, price %s, %s charges, amount %s', l.settled_as,
                coalesce(logs.number, 0), coalesce(logs.price::text, 'none'), coalesce(logs.charges, 0),
                coalesce(logs.charged::text, 'none')) as "detail!",
            count(*) over () as "total!"
        from call_legs l left join logs on logs.external_call_id = l.leg and logs.provider = l.provider
        where l.settled_as is not null and not coalesce(
            case l.settled_as
                when 'charged' then
                    logs.number = 1 and logs.charges = 1 and logs.price > 0 and logs.charged = -logs.price
                when 'free' then logs.number = 1 and logs.charges is null and logs.price = 0
                when 'covered' then logs.number is null
            end,
            false
        )
        order by l.provider, l.leg
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Calls in the log whose leg is not settled, or settled as covered.
///
/// # Errors
/// What the database says.
pub async fn call_logs(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        with differences as materialized (
            select
                c.id,
                format('leg %s at %s is %s', c.external_call_id, c.provider,
                    coalesce('settled as ' || l.settled_as,
                        case when l.leg is null then 'unknown' else 'not settled' end)) as detail
            from call_logs c left join call_legs l on l.provider = c.provider and l.leg = c.external_call_id
            where l.settled_as is null or l.settled_as = 'covered'
        )
        select 'call log ' || id as "subject!", detail as "detail!", count(*) over () as "total!"
        from differences
        order by id
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Charges of calls whose leg is not settled as charged, or that another wallet paid.
///
/// # Errors
/// What the database says.
pub async fn call_charges(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        with differences as materialized (
            select
                t.id,
                case
                    when c.id is null then 'there is no call log ' || coalesce(t.reference_id::text, 'behind it')
                    when c.wallet_id <> t.wallet_id then
                        format('wallet %s paid for call log %s of wallet %s', t.wallet_id, c.id, c.wallet_id)
                    else format('leg %s at %s is %s', c.external_call_id, c.provider,
                        coalesce('settled as ' || l.settled_as,
                            case when l.leg is null then 'unknown' else 'not settled' end))
                end as detail
            from wallet_transactions t
            left join call_logs c on c.id = t.reference_id
            left join call_legs l on l.provider = c.provider and l.leg = c.external_call_id
            where t.type = 'call_charge'
                and (l.settled_as is distinct from 'charged' or c.wallet_id is distinct from t.wallet_id)
        )
        select 'wallet transaction ' || id as "subject!", detail as "detail!", count(*) over () as "total!"
        from differences
        order by id
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Wallets whose numbers, of ledger, calls and recordings together, are not exactly 1 to `wallets.seq`.
///
/// # Errors
/// What the database says.
pub async fn numbers(tx: &mut Tx, limit: i64) -> Result<Vec<DifferenceRow>, sqlx::Error> {
    sqlx::query_as!(
        DifferenceRow,
        r#"
        with numbers as (
            select wallet_id, seq from wallet_transactions
            union all select wallet_id, seq from call_logs
            union all select wallet_id, recording_seq from call_logs where recording_seq is not null
        ), steps as (
            select wallet_id, seq, lag(seq, 1, 0::bigint) over (partition by wallet_id order by seq) as before
            from numbers
        ), differences as (
            select wallet_id, seq, case
                    when seq = before then format('seq %s was given out more than once', seq)
                    when seq < 1 then format('seq %s is below 1', seq)
                    else format('seq %s is followed by %s', before, seq)
                end as detail
            from steps
            where seq <> before + 1
            union all
            select w.id, w.seq, format('its seq is %s, the last one found is %s', w.seq, coalesce(last.seq, 0))
            from wallets w
            left join (select wallet_id, max(seq) as seq from numbers group by wallet_id) last
                on last.wallet_id = w.id
            where w.seq <> coalesce(last.seq, 0)
        )
        select 'wallet ' || wallet_id as "subject!", detail as "detail!", count(*) over () as "total!"
        from differences
        order by wallet_id, seq
        limit $1
        "#,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Everything that a price follows from, with the price: equal ones are one receipt, however many calls there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The real duration.
    pub duration_seconds: i32,
    /// The billed duration.
    pub billable_minutes: Decimal,
    /// What it cost.
    pub customer_price: Decimal,
    /// Price of one minute; `None` where no rate was needed.
    pub rate_per_minute: Option<Decimal>,
    /// Added once.
    pub connection_fee: Option<Decimal>,
    /// The first step of the duration.
    pub initial_increment_seconds: Option<i32>,
    /// Every further step.
    pub increment_seconds: Option<i32>,
    /// How many calls have it.
    pub calls: i64,
}

/// Every receipt there is.
pub fn receipts(tx: &mut Tx) -> BoxStream<'_, Result<Receipt, sqlx::Error>> {
    sqlx::query_as!(
        Receipt,
        r#"
        select
            duration_seconds, billable_minutes, customer_price, rate_per_minute, connection_fee,
            initial_increment_seconds, increment_seconds, count(*) as "calls!"
        from call_logs
        group by
            duration_seconds, billable_minutes, customer_price, rate_per_minute, connection_fee,
            initial_increment_seconds, increment_seconds
        "#
    )
    .fetch(&mut *tx)
}

/// Some of the calls that have a receipt, as `leg L at P`.
///
/// # Errors
/// What the database says.
pub async fn calls_with(
    tx: &mut Tx,
    receipt: &Receipt,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select format('leg %s at %s', external_call_id, provider) as "subject!"
        from call_logs
        where duration_seconds = $1 and billable_minutes = $2 and customer_price = $3
            and rate_per_minute is not distinct from $4 and connection_fee is not distinct from $5
            and initial_increment_seconds is not distinct from $6 and increment_seconds is not distinct from $7
        order by id
        limit $8
        "#,
        receipt.duration_seconds,
        receipt.billable_minutes,
        receipt.customer_price,
        receipt.rate_per_minute,
        receipt.connection_fee,
        receipt.initial_increment_seconds,
        receipt.increment_seconds,
        limit,
    )
    .fetch(&mut *tx)
    .try_collect()
    .await
}
