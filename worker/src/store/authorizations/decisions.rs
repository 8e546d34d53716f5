//! What pre-flight has decided about legs.

use curbe_domain::authorization::{Authorized, Emergency, Withdrawn, hold_of_call};
use curbe_domain::legs::LegKey;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::{Tx, columns};

/// Writes what pre-flight has authorized, under the legs' own names. What is there already stays as it is.
///
/// # Errors
/// What the database says.
pub async fn insert_calls(tx: &mut Tx, calls: &[(LegKey, Authorized)]) -> Result<(), sqlx::Error> {
    fn column<T>(calls: &[(LegKey, Authorized)], of: impl Fn(&LegKey, &Authorized) -> T) -> Vec<T> {
        calls.iter().map(|(key, call)| of(key, call)).collect()
    }
    let increment = |seconds| i32::try_from(seconds).unwrap_or(i32::MAX);
    sqlx::query!(
        r#"
        insert into authorizations (
            id, wallet_id, action, amount, authorized_at, due_at, hold, provider, leg, user_id, direction, number,
            seconds, rate_id, rate_prefix, rate_per_minute, connection_fee, initial_increment_seconds,
            increment_seconds
        )
        select
            id, wallet_id, 'call', amount, authorized_at, due_at, hold, provider, leg, user_id,
            direction::call_direction, number, seconds, rate_id, rate_prefix, rate_per_minute, connection_fee,
            initial_increment, increment
        from unnest(
            $1::uuid[], $2::uuid[], $3::numeric[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[],
            $8::text[], $9::uuid[], $10::text[], $11::text[], $12::int[], $13::uuid[], $14::text[], $15::numeric[],
            $16::numeric[], $17::int[], $18::int[]
        ) as new (
            id, wallet_id, amount, authorized_at, due_at, hold, provider, leg, user_id, direction, number, seconds,
            rate_id, rate_prefix, rate_per_minute, connection_fee, initial_increment, increment
        )
        on conflict (id) do nothing
        "#,
        &column(calls, |_, call| call.id),
        &column(calls, |_, call| call.wallet_id),
        &column(calls, |_, call| call.amount.to_decimal()),
        &column(calls, |_, call| call.decided_at),
        &column(calls, |_, call| call.due_at),
        &column(calls, |_, call| hold_of_call(&asked_as(call))),
        &column(calls, |key, _| key.provider.as_str().to_owned()),
        &column(calls, |key, _| key.leg.clone()),
        &column(calls, |_, call| call.user_id) as &[Option<Uuid>],
        &column(calls, |_, call| call.direction.as_str().to_owned()),
        &column(calls, |_, call| call.number.clone()),
        &column(calls, |_, call| increment(call.seconds)),
        &column(calls, |_, call| call.rate.id),
        &column(calls, |_, call| call.rate.prefix.clone()),
        &column(calls, |_, call| call.rate.rate_per_minute.to_decimal()),
        &column(calls, |_, call| call.rate.connection_fee.to_decimal()),
        &column(calls, |_, call| increment(call.rate.initial_increment_seconds)),
        &column(calls, |_, call| increment(call.rate.increment_seconds)),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

fn asked_as(call: &Authorized) -> LegKey {
    LegKey { provider: call.provider, leg: call.leg.clone() }
}

/// Writes that a leg is an emergency call.
///
/// # Errors
/// What the database says.
pub async fn insert_emergency(
    tx: &mut Tx,
    key: &LegKey,
    call: &Emergency,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into authorizations (id, action, amount, authorized_at, due_at, hold, provider, leg, direction, number)
        values ($1, 'call', 0, $2, $3, $4, $5, $6, 'outbound', $7)
        on conflict (id) do nothing
        "#,
        call.id,
        call.decided_at,
        call.due_at,
        hold_of_call(key),
        key.provider.as_str(),
        key.leg,
        call.number,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Writes that an authorization does not hold, also where it has not been heard of yet.
///
/// # Errors
/// What the database says.
pub async fn withdraw(tx: &mut Tx, key: &LegKey, withdrawn: &Withdrawn) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into authorizations as known (
            id, wallet_id, action, amount, status, authorized_at, due_at, closed_at, hold, provider, leg
        )
        values ($1, $2, 'call', 0, 'withdrawn', $3, $3, $3, $4, $5, $6)
        on conflict (id) do update set status = 'withdrawn', closed_at = coalesce(known.closed_at, $3)
        "#,
        withdrawn.id,
        withdrawn.wallet_id,
        withdrawn.decided_at,
        hold_of_call(&LegKey { provider: withdrawn.provider, leg: withdrawn.leg.clone() }),
        key.provider.as_str(),
        key.leg,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Pre-flight has taken over what the backend had announced of these legs.
///
/// # Errors
/// What the database says.
pub async fn take_over(
    tx: &mut Tx,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (providers, legs) = columns(keys);
    sqlx::query!(
        r#"
        update authorizations a
        set status = 'released', closed_at = $3
        from unnest($1::text[], $2::text[]) as taken (provider, leg)
        where a.provider = taken.provider and a.leg = taken.leg and a.status = 'authorized' and a.number is null
        "#,
        &providers,
        &legs,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Leads what is set aside for a leg to another row of it.
///
/// # Errors
/// What the database says.
pub async fn absorb(tx: &mut Tx, from: &LegKey, into: &LegKey) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update authorizations set leg = $3 where provider = $1 and leg = $2",
        from.provider.as_str(),
        from.leg,
        into.leg,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
