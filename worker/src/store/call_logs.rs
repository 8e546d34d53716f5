//! `call_logs`: our record of every call. Its key is the provider's id of the leg.

use curbe_domain::frames::CallLogView;
use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::wallets::money;
use super::{Tx, columns};

/// The rate that a call was priced at, for its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRate {
    /// The row of `call_rates`.
    pub rate: Rate,
    /// The number that it was looked up for.
    pub number: String,
    /// It is from a deck later than the call.
    pub rated_late: bool,
}

/// A call to be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCallLog {
    /// What everybody may see of it.
    pub view: CallLogView,
    /// Who pays.
    pub wallet_id: Uuid,
    /// At which rate; `None` where it was free for want of a duration.
    pub applied_rate: Option<AppliedRate>,
    /// What the provider charges for it, as far as it said. Internal.
    pub provider_cost: Option<Money>,
    /// Its number.
    pub seq: i64,
    /// The number of its recording's end, where that was known before.
    pub recording_seq: Option<i64>,
}

#[derive(Default)]
struct Receipts {
    rate_id: Vec<Option<Uuid>>,
    prefix: Vec<Option<String>>,
    rate_per_minute: Vec<Option<Decimal>>,
    connection_fee: Vec<Option<Decimal>>,
    initial_increment: Vec<Option<i32>>,
    increment: Vec<Option<i32>>,
    number: Vec<Option<String>>,
    late: Vec<bool>,
}

impl Receipts {
    fn of(logs: &[NewCallLog]) -> Self {
        let mut receipts = Self::default();
        let seconds = |value| i32::try_from(value).ok();
        for log in logs {
            let applied = log.applied_rate.as_ref();
            let rate = applied.map(|applied| &applied.rate);
            receipts.rate_id.push(rate.map(|rate| rate.id));
            receipts.prefix.push(rate.map(|rate| rate.prefix.clone()));
            receipts.rate_per_minute.push(rate.map(|rate| rate.rate_per_minute.to_decimal()));
            receipts.connection_fee.push(rate.map(|rate| rate.connection_fee.to_decimal()));
            receipts
                .initial_increment
                .push(rate.and_then(|rate| seconds(rate.initial_increment_seconds)));
            receipts.increment.push(rate.and_then(|rate| seconds(rate.increment_seconds)));
            receipts.number.push(applied.map(|applied| applied.number.clone()));
            receipts.late.push(applied.is_some_and(|applied| applied.rated_late));
        }
        receipts
    }
}

/// Logs calls. Returns how many were new: a call that is there already stays as it is.
///
/// # Errors
/// What the database says.
pub async fn insert(tx: &mut Tx, logs: &[NewCallLog]) -> Result<u64, sqlx::Error> {
    fn column<T>(logs: &[NewCallLog], of: impl Fn(&NewCallLog) -> T) -> Vec<T> {
        logs.iter().map(of).collect()
    }
    let receipts = Receipts::of(logs);
    let done = sqlx::query!(
        r#"
        insert into call_logs (
            id, external_call_id, provider, user_id, direction, from_number, to_number, start_time, end_time,
            duration_seconds, billable_minutes, customer_price, currency, recording_url, recording_status, status,
            wallet_id, seq, recording_seq, provider_cost,
            rate_id, rate_prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds,
            rated_number, rated_late
        )
        select
            id, external_call_id, provider, user_id, direction::call_direction, from_number, to_number, start_time,
            end_time, duration_seconds, billable_minutes, customer_price, currency, recording_url,
            recording_status::recording_status, status, wallet_id, seq, recording_seq, provider_cost,
            rate_id, prefix, rate_per_minute, connection_fee, initial_increment, increment, number, late
        from unnest(
            $1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
            $9::timestamptz[], $10::int[], $11::numeric[], $12::numeric[], $13::text[], $14::text[], $15::text[],
            $16::text[], $17::uuid[], $18::bigint[], $19::bigint[], $20::uuid[], $21::text[], $22::numeric[],
            $23::numeric[], $24::int[], $25::int[], $26::text[], $27::boolean[], $28::numeric[]
        ) as new (
            id, external_call_id, provider, user_id, direction, from_number, to_number, start_time,
            end_time, duration_seconds, billable_minutes, customer_price, currency, recording_url, recording_status,
            status, wallet_id, seq, recording_seq, rate_id, prefix, rate_per_minute,
            connection_fee, initial_increment, increment, number, late, provider_cost
        )
        on conflict (external_call_id, provider) do nothing
        "#,
        &column(logs, |log| log.view.id),
        &column(logs, |log| log.view.external_call_id.clone()),
        &column(logs, |log| log.view.provider.clone()),
        &column(logs, |log| log.view.user_id),
        &column(logs, |log| log.view.direction.clone()),
        &column(logs, |log| log.view.from_number.clone()),
        &column(logs, |log| log.view.to_number.clone()),
        &column(logs, |log| log.view.start_time),
        &column(logs, |log| log.view.end_time),
        &column(logs, |log| log.view.duration_seconds),
        &column(logs, |log| log.view.billable_minutes),
        &column(logs, |log| log.view.customer_price.to_decimal()),
        &column(logs, |log| log.view.currency.clone()),
        &column(logs, |log| log.view.recording_url.clone()) as &[Option<String>],
        &column(logs, |log| log.view.recording_status.clone()),
        &column(logs, |log| log.view.status.clone()),
        &column(logs, |log| log.wallet_id),
        &column(logs, |log| log.seq),
        &column(logs, |log| log.recording_seq) as &[Option<i64>],
        &receipts.rate_id as &[Option<Uuid>],
        &receipts.prefix as &[Option<String>],
        &receipts.rate_per_minute as &[Option<Decimal>],
        &receipts.connection_fee as &[Option<Decimal>],
        &receipts.initial_increment as &[Option<i32>],
        &receipts.increment as &[Option<i32>],
        &receipts.number as &[Option<String>],
        &receipts.late,
        &column(logs, |log| log.provider_cost.map(Money::to_decimal)) as &[Option<Decimal>],
    )
    .execute(&mut *tx)
    .await?;
    Ok(done.rows_affected())
}

/// A call that was logged before, with everything its frames say.
#[derive(Clone, Debug)]
pub struct LoggedCall {
    /// The call.
    pub view: CallLogView,
    /// Who paid.
    pub wallet_id: Uuid,
    /// Whose wallet it is.
    pub organization_id: Uuid,
    /// The number of the log.
    pub seq: i64,
    /// The number of its recording's end.
    pub recording_seq: Option<i64>,
    /// The number of its charge and the balance after it, where it was charged.
    pub charge: Option<(i64, Money)>,
}

/// The logged calls of these legs, locked by their wallets or final.
///
/// # Errors
/// What the database says.
pub async fn of_legs(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<LoggedCall>, sqlx::Error> {
    let (providers, legs) = columns(keys);
    let rows = sqlx::query!(
        r#"
        select
            l.id, l.external_call_id, l.provider, l.user_id, l.direction::text as "direction!", l.from_number,
            l.to_number, l.start_time, l.end_time, l.duration_seconds, l.billable_minutes, l.customer_price,
            l.currency, l.recording_url, l.recording_status::text as "recording_status!", l.status, l.wallet_id,
            l.seq, l.recording_seq, w.organization_id, t.seq as "charge_seq?", t.balance_after as "balance_after?"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_logs l on l.external_call_id = wanted.leg and l.provider = wanted.provider
        join wallets w on w.id = l.wallet_id
        left join wallet_transactions t on t.reference_id = l.id and t.type = 'call_charge'
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let balance_after = row.balance_after.map(money).transpose()?;
            Ok(LoggedCall {
                wallet_id: row.wallet_id,
                organization_id: row.organization_id,
                seq: row.seq,
                recording_seq: row.recording_seq,
                charge: row.charge_seq.zip(balance_after),
                view: CallLogView {
                    id: row.id,
                    external_call_id: row.external_call_id,
                    provider: row.provider,
                    user_id: row.user_id,
                    direction: row.direction,
                    from_number: row.from_number,
                    to_number: row.to_number,
                    start_time: row.start_time,
                    end_time: row.end_time,
                    duration_seconds: row.duration_seconds,
                    billable_minutes: row.billable_minutes,
                    customer_price: money(row.customer_price)?,
                    currency: row.currency,
                    recording_url: row.recording_url,
                    recording_status: row.recording_status,
                    status: row.status,
                },
            })
        })
        .collect()
}

/// Writes what became of the recordings of logged calls, whose wallets are locked.
///
/// # Errors
/// What the database says.
pub async fn update_recordings(tx: &mut Tx, calls: &[LoggedCall]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = calls.iter().map(|call| call.view.id).collect();
    let statuses: Vec<String> =
        calls.iter().map(|call| call.view.recording_status.clone()).collect();
    let urls: Vec<Option<String>> =
        calls.iter().map(|call| call.view.recording_url.clone()).collect();
    let seqs: Vec<Option<i64>> = calls.iter().map(|call| call.recording_seq).collect();
    sqlx::query!(
        r#"
        update call_logs l
        set recording_status = news.status::recording_status, recording_url = news.url, recording_seq = news.seq
        from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) as news (id, status, url, seq)
        where l.id = news.id
        "#,
        &ids,
        &statuses,
        &urls as &[Option<String>],
        &seqs as &[Option<i64>],
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Times are compared and shown as the database keeps them.
#[must_use]
pub fn to_microseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).unwrap_or(at)
}
