//! What `call_logs` and `wallet_transactions` together say of legs that are to be corrected, and costs told late.

use std::collections::HashMap;

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::call_logs::AppliedRate;
use super::rate_columns::RateColumns;
use super::wallets::money;
use super::{Tx, columns};

/// What its log and the ledger say of a leg that is to be corrected.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Which.
    pub key: LegKey,
    /// Its call log.
    pub call_log_id: Uuid,
    /// Who paid.
    pub wallet_id: Uuid,
    /// Everything posted for it so far, its charge and its corrections: negative, spent.
    pub amount: Money,
    /// What was given back of it by refunds.
    pub refunded: Money,
    /// How many corrections there are among them.
    pub corrections: i64,
    /// The rate on its receipt; `None` where it was free.
    pub rate: Option<Rate>,
}

/// What was paid for these legs so far: their charges, and the corrections named after them. Nobody else's adjustment
/// of a call counts.
///
/// # Errors
/// What the database says.
pub async fn paid(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<Paid>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (providers, legs) = columns(keys);
    let rows = sqlx::query!(
        r#"
        select
            l.id, l.external_call_id, l.provider, l.wallet_id, l.rate_id, l.rate_prefix, l.rate_per_minute,
            l.connection_fee, l.initial_increment_seconds, l.increment_seconds,
            posted.amount as "amount!", posted.refunded as "refunded!", posted.corrections as "corrections!"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_logs l on l.external_call_id = wanted.leg and l.provider = wanted.provider
        cross join lateral (
            select
                coalesce(sum(t.amount) filter (where t.type <> 'refund'), 0) as amount,
                coalesce(sum(t.amount) filter (where t.type = 'refund'), 0) as refunded,
                count(*) filter (where t.type = 'adjustment') as corrections
            from wallet_transactions t
            where t.reference_id = l.id and (
                t.type in ('call_charge', 'refund') or (
                    t.type = 'adjustment'
                    and starts_with(t.external_reference, l.provider || ':' || l.external_call_id || ':')
                )
            )
        ) posted
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let rate = RateColumns {
                id: row.rate_id,
                prefix: row.rate_prefix,
                per_minute: row.rate_per_minute,
                connection_fee: Some(row.connection_fee.unwrap_or_default()),
                initial_increment_seconds: row.initial_increment_seconds,
                increment_seconds: row.increment_seconds,
            };
            Ok(Paid {
                // The check constraint admits our own names alone.
                key: LegKey {
                    provider: Provider::parse(&row.provider).unwrap_or(Provider::Telnyx),
                    leg: row.external_call_id,
                },
                call_log_id: row.id,
                wallet_id: row.wallet_id,
                amount: money(row.amount)?,
                refunded: money(row.refunded)?,
                corrections: row.corrections,
                rate: rate.rate()?,
            })
        })
        .collect()
}

/// Writes rates onto the receipts of calls that were free when they were logged.
///
/// # Errors
/// What the database says.
pub async fn write_receipts(
    tx: &mut Tx,
    receipts: &[(Uuid, AppliedRate)],
) -> Result<(), sqlx::Error> {
    for (call_log_id, AppliedRate { rate, number, rated_late }) in receipts {
        sqlx::query!(
            r#"
            update call_logs
            set rate_id = $2, rate_prefix = $3, rate_per_minute = $4, connection_fee = $5,
                initial_increment_seconds = $6, increment_seconds = $7, rated_number = $8, rated_late = $9
            where id = $1 and rate_id is null
            "#,
            call_log_id,
            rate.id,
            rate.prefix,
            rate.rate_per_minute.to_decimal(),
            rate.connection_fee.to_decimal(),
            i32::try_from(rate.initial_increment_seconds).ok(),
            i32::try_from(rate.increment_seconds).ok(),
            number,
            rated_late,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Writes what the provider charges into logs that do not say it yet.
///
/// # Errors
/// What the database says.
pub async fn tell_costs(tx: &mut Tx, costs: &[(LegKey, Money)]) -> Result<(), sqlx::Error> {
    if costs.is_empty() {
        return Ok(());
    }
    let (providers, legs): (Vec<_>, Vec<_>) =
        costs.iter().map(|(key, _)| (key.provider.as_str().to_owned(), key.leg.clone())).unzip();
    let amounts: Vec<Decimal> = costs.iter().map(|(_, cost)| cost.to_decimal()).collect();
    sqlx::query!(
        r#"
        update call_logs l
        set provider_cost = told.cost
        from unnest($1::text[], $2::text[], $3::numeric[]) as told (provider, leg, cost)
        where l.external_call_id = told.leg and l.provider = told.provider and l.provider_cost is null
        "#,
        &providers,
        &legs,
        &amounts,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A call with a correction, or of which the customer has paid for other seconds than its log says.
#[derive(Clone, Debug)]
pub struct CorrectedCall {
    /// The seconds that he has paid for.
    pub seconds: u32,
    /// Its charge and its corrections.
    pub paid: Paid,
}

/// Every such call.
///
/// # Errors
/// What the database says.
pub async fn corrected(tx: &mut Tx) -> Result<Vec<CorrectedCall>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select l.provider, l.leg, coalesce(l.settled_seconds, l.seconds, 0) as "seconds!"
        from call_legs l
        join call_logs c on c.provider = l.provider and c.external_call_id = l.leg
        where l.settled_seconds <> c.duration_seconds or c.id in (
            select t.reference_id from wallet_transactions t
            where t.type = 'adjustment' and t.reference_id is not null
        )
        "#
    )
    .fetch_all(&mut *tx)
    .await?;
    let seconds: Vec<(LegKey, u32)> = rows
        .into_iter()
        .filter_map(|row| {
            let key = LegKey { provider: Provider::parse(&row.provider)?, leg: row.leg };
            Some((key, u32::try_from(row.seconds).unwrap_or_default()))
        })
        .collect();
    let keys: Vec<LegKey> = seconds.iter().map(|(key, _)| key.clone()).collect();
    let paid = paid(tx, &keys).await?;
    let seconds: HashMap<LegKey, u32> = seconds.into_iter().collect();
    let of = |paid: Paid| Some(CorrectedCall { seconds: *seconds.get(&paid.key)?, paid });
    Ok(paid.into_iter().filter_map(of).collect())
}
