//! What a leg was authorized on: it is settled on that, whatever has changed meanwhile.

use std::collections::HashMap;

use curbe_domain::legs::{Direction, LegKey};
use curbe_domain::phone::E164;
use curbe_domain::rating::Rate;
use uuid::Uuid;

use super::key;
use crate::store::rate_columns::RateColumns;
use crate::store::{Tx, columns};

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

/// The terms of these legs, where they were authorized: those told first, if a leg has asked more than once.
///
/// # Errors
/// What the database says.
pub async fn terms(tx: &mut Tx, keys: &[LegKey]) -> Result<HashMap<LegKey, Terms>, sqlx::Error> {
    let (providers, legs) = columns(keys);
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
            let rate = RateColumns {
                id: row.rate_id,
                prefix: row.rate_prefix,
                per_minute: row.rate_per_minute,
                connection_fee: row.connection_fee,
                initial_increment_seconds: row.initial_increment_seconds,
                increment_seconds: row.increment_seconds,
            };
            let terms = Terms {
                organization_id: row.organization_id,
                user_id: row.user_id,
                direction: Direction::parse(&row.direction).unwrap_or(Direction::Outbound),
                number: E164::parse(&row.number),
                rate: rate.rate()?,
            };
            Ok((key(&row.provider, row.leg), terms))
        })
        .collect()
}
