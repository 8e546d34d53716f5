//! `authorizations`: money set aside, for calls and for everything else that costs. Decided once: from `authorized` to one
//! of the others.

use std::collections::HashMap;

use curbe_domain::authorization::{Authorized, Emergency, Withdrawn, hold_of_call};
use curbe_domain::legs::{Direction, LegKey};
use curbe_domain::money::Money;
use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use curbe_platform::credit::{Dropped, Hold, Kind};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use super::wallets::money;

/// The terms that a leg was authorized on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whose wallet pays; `None`: nobody's, it is an emergency call.
    pub organization_id: Option<Uuid>,
    /// The user; `None`: the wallet's holder.
    pub user_id: Option<Uuid>,
    /// The customer's direction.
    pub direction: Direction,
    /// Who is called; `None` where it is no number of E.164.
    pub number: Option<E164>,
    /// At which rate; `None`: it costs nothing.
    pub rate: Option<Rate>,
}

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

/// The terms of these legs, where they were authorized: those told first, if a leg has asked more than once.
///
/// # Errors
/// What the database says.
pub async fn terms(tx: &mut Tx, keys: &[LegKey]) -> Result<HashMap<LegKey, Terms>, sqlx::Error> {
    let (providers, legs) = split(keys);
    let rows = sqlx::query!(
        r#"
        select distinct on (a.provider, a.leg)
            a.provider as "provider!", a.leg as "leg!", w.organization_id as "organization_id?", a.user_id, a.direction::text as "direction!",
            a.number as "number!", a.rate_id, a.rate_prefix, a.rate_per_minute, a.connection_fee,
            a.initial_increment_seconds, a.increment_seconds
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join authorizations a on a.provider = wanted.provider and a.leg = wanted.leg
        left join wallets w on w.id = a.wallet_id
        where a.status <> 'withdrawn' and a.number is not null
        order by a.provider, a.leg, a.authorized_at, a.id
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let increment = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
            let rate = match (row.rate_id, row.rate_per_minute, row.connection_fee) {
                (Some(id), Some(rate_per_minute), Some(connection_fee)) => Some(Rate {
                    id,
                    prefix: row.rate_prefix.unwrap_or_default(),
                    direction: None,
                    rate_per_minute: money(rate_per_minute)?,
                    connection_fee: money(connection_fee)?,
                    initial_increment_seconds: increment(row.initial_increment_seconds)
                        .unwrap_or(60),
                    increment_seconds: increment(row.increment_seconds).unwrap_or(60),
                }),
                _ => None,
            };
            let terms = Terms {
                organization_id: row.organization_id,
                user_id: row.user_id,
                direction: Direction::parse(&row.direction).unwrap_or(Direction::Outbound),
                number: E164::parse(&row.number),
                rate,
            };
            Ok((key(&row.provider, row.leg), terms))
        })
        .collect()
}

/// Closes everything that is set aside for these legs, as they are settled. Returns the holds that are over.
///
/// # Errors
/// What the database says.
pub async fn settle(
    tx: &mut Tx,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<Vec<Dropped>, sqlx::Error> {
    let (providers, legs) = split(keys);
    let rows = sqlx::query!(
        r#"
        update authorizations a
        set status = 'settled', closed_at = $3
        from unnest($1::text[], $2::text[]) as settled (provider, leg)
        where a.provider = settled.provider and a.leg = settled.leg and a.status = 'authorized'
        returning a.wallet_id, a.hold
        "#,
        &providers,
        &legs,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    let over = |wallet_id: Option<Uuid>, hold| Some(Dropped { wallet_id: wallet_id?, hold });
    Ok(rows.into_iter().filter_map(|row| over(row.wallet_id, row.hold)).collect())
}

/// The holds of these legs that are over, for whoever tells of them again.
///
/// # Errors
/// What the database says.
pub async fn settled(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<Dropped>, sqlx::Error> {
    let (providers, legs) = split(keys);
    let rows = sqlx::query!(
        r#"
        select distinct a.wallet_id as "wallet_id!", a.hold
        from unnest($1::text[], $2::text[]) as told (provider, leg)
        join authorizations a on a.provider = told.provider and a.leg = told.leg
        where a.status = 'settled' and a.wallet_id is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().map(|row| Dropped { wallet_id: row.wallet_id, hold: row.hold }).collect())
}

/// The wallets of which something is set aside for these legs.
///
/// # Errors
/// What the database says.
pub async fn wallets_of_legs(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<Uuid>, sqlx::Error> {
    let (providers, legs) = split(keys);
    sqlx::query_scalar!(
        r#"
        select distinct a.wallet_id as "wallet_id!"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join authorizations a on a.provider = wanted.provider and a.leg = wanted.leg
        where a.status = 'authorized' and a.wallet_id is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await
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
    let (providers, legs) = split(keys);
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

/// Everything that is set aside of a wallet. A leg that has asked twice holds once.
///
/// # Errors
/// What the database says.
pub async fn open_of_wallet(tx: &mut Tx, wallet_id: Uuid) -> Result<Vec<Hold>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select distinct on (hold)
            id, hold, action, amount, provider, leg, user_id, direction::text, number, authorized_at, due_at, rate_id,
            rate_prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds
        from authorizations
        where wallet_id = $1 and status = 'authorized'
        order by hold, number is null, amount desc
        "#,
        wallet_id,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let amount = money(row.amount)?;
            let increment = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
            let rate = match (row.rate_id, row.rate_per_minute, row.connection_fee) {
                (Some(id), Some(rate_per_minute), Some(connection_fee)) => Some(Rate {
                    id,
                    prefix: row.rate_prefix.unwrap_or_default(),
                    direction: None,
                    rate_per_minute: money(rate_per_minute)?,
                    connection_fee: money(connection_fee)?,
                    initial_increment_seconds: increment(row.initial_increment_seconds)
                        .unwrap_or(60),
                    increment_seconds: increment(row.increment_seconds).unwrap_or(60),
                }),
                _ => None,
            };
            let kind = match (row.action.as_str(), &row.number) {
                ("call", Some(_)) => Kind::Preflight,
                ("call", None) => Kind::Announced,
                _ => Kind::Other,
            };
            let asked = row.hold.splitn(3, ':').nth(2).unwrap_or_default().to_owned();
            let purpose = rate.zip(row.number).map(|(rate, number)| Authorized {
                id: row.id,
                provider: row
                    .provider
                    .as_deref()
                    .and_then(Provider::parse)
                    .unwrap_or(Provider::Twilio),
                leg: asked,
                wallet_id,
                user_id: row.user_id,
                direction: row
                    .direction
                    .as_deref()
                    .and_then(Direction::parse)
                    .unwrap_or(Direction::Outbound),
                number,
                rate,
                amount: Money::ZERO,
                seconds: 0,
                decided_at: row.authorized_at,
                due_at: row.due_at,
            });
            let purpose = purpose.map(|authorized| authorized.purpose()).unwrap_or_default();
            Ok(Hold { hold: row.hold, kind, amount, purpose })
        })
        .collect()
}

/// Which of these holds are open, by wallet and name.
///
/// # Errors
/// What the database says.
pub async fn open_among(
    tx: &mut Tx,
    holds: &[(Uuid, String)],
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let (wallets, names): (Vec<Uuid>, Vec<String>) = holds.iter().cloned().unzip();
    let rows = sqlx::query!(
        r#"
        select distinct a.wallet_id as "wallet_id!", a.hold
        from unnest($1::uuid[], $2::text[]) as found (wallet_id, hold)
        join authorizations a on a.wallet_id = found.wallet_id and a.hold = found.hold
        where a.status = 'authorized'
        "#,
        &wallets,
        &names,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.wallet_id, row.hold)).collect())
}

/// An authorization that is overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub wallet_id: Option<Uuid>,
}

/// Authorizations that are overdue and may be given up: those for anything else than calls, and those for legs whose end
/// nobody has told of, or of which a person has decided that it cannot be charged.
///
/// # Errors
/// What the database says.
pub async fn overdue(
    tx: &mut Tx,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Overdue>, sqlx::Error> {
    sqlx::query_as!(
        Overdue,
        r#"
        select a.id, a.wallet_id
        from authorizations a left join call_legs l on l.provider = a.provider and l.leg = a.leg
        where a.status = 'authorized' and a.due_at < $1 and (
            l.outcome is null or (l.refused_at is not null and not exists (
                select from dead_letters d
                where d.provider = l.provider and d.leg = l.leg and d.status <> 'discarded'
            ))
        )
        order by a.due_at
        limit $2
        "#,
        now,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// A hold that is over because nobody came back for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Whose.
    pub wallet_id: Option<Uuid>,
    /// Its name.
    pub hold: String,
    /// The backend's, for a call that has not asked as far as we know.
    pub is_announced: bool,
}

/// Gives up authorizations that are still open, of locked wallets. Returns the holds that are over.
///
/// # Errors
/// What the database says.
pub async fn expire(
    tx: &mut Tx,
    ids: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<Expired>, sqlx::Error> {
    sqlx::query_as!(
        Expired,
        r#"
        update authorizations set status = 'expired', closed_at = $2
        where id = any($1) and status = 'authorized'
        returning wallet_id, hold, action = 'call' and number is null as "is_announced!"
        "#,
        ids,
        now,
    )
    .fetch_all(&mut *tx)
    .await
}

/// An authorization of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub wallet_id: Uuid,
    /// What for.
    pub action: String,
    /// How much is set aside.
    pub amount: Money,
    /// The backend's own name for it.
    pub reference: Option<String>,
    /// `authorized`, `captured`, `released`, `settled`, `expired`.
    pub status: String,
    /// When it ends by itself.
    pub due_at: OffsetDateTime,
    /// The name of its hold.
    pub hold: String,
}

struct Row {
    id: Uuid,
    wallet_id: Uuid,
    action: String,
    amount: Decimal,
    reference: Option<String>,
    status: String,
    due_at: OffsetDateTime,
    hold: String,
}

impl TryFrom<Row> for AuthorizationRow {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            wallet_id: row.wallet_id,
            action: row.action,
            amount: money(row.amount)?,
            reference: row.reference,
            status: row.status,
            due_at: row.due_at,
            hold: row.hold,
        })
    }
}

/// Writes an authorization of the backend.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    row: &AuthorizationRow,
    leg: Option<&LegKey>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into authorizations (
            id, wallet_id, action, amount, reference, authorized_at, due_at, hold, provider, leg
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        row.id,
        row.wallet_id,
        row.action,
        row.amount.to_decimal(),
        row.reference,
        now,
        row.due_at,
        row.hold,
        leg.map(|key| key.provider.as_str()),
        leg.map(|key| key.leg.as_str()),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// The authorization of that id, if it is the backend's.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<AuthorizationRow>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, wallet_id as "wallet_id!", action, amount, reference, status, due_at, hold
        from authorizations
        where id = $1 and reference is not null and wallet_id is not null
        "#,
        id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(AuthorizationRow::try_from).transpose()
}

/// The authorization under that reference that is open or was used.
///
/// # Errors
/// What the database says.
pub async fn by_reference(
    tx: &mut Tx,
    wallet_id: Uuid,
    action: &str,
    reference: &str,
) -> Result<Option<AuthorizationRow>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, wallet_id as "wallet_id!", action, amount, reference, status, due_at, hold
        from authorizations
        where wallet_id = $1 and action = $2 and reference = $3 and status in ('authorized', 'captured', 'settled')
        "#,
        wallet_id,
        action,
        reference,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(AuthorizationRow::try_from).transpose()
}

/// Closes an authorization whose wallet is locked. Returns whether it was open.
///
/// # Errors
/// What the database says.
pub async fn close(
    tx: &mut Tx,
    id: Uuid,
    status: &str,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update authorizations set status = $2, closed_at = $3 where id = $1 and status = 'authorized'",
        id,
        status,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn key(provider: &str, leg: String) -> LegKey {
    // The check constraint admits our own names alone.
    LegKey { provider: Provider::parse(provider).unwrap_or(Provider::Twilio), leg }
}

fn split(keys: &[LegKey]) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|key| (key.provider.as_str().to_owned(), key.leg.clone())).unzip()
}
