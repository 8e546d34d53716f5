//! What is set aside for legs that are settled.

use curbe_domain::legs::LegKey;
use curbe_platform::credit::Dropped;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::{Tx, columns};

/// Closes everything that is set aside for these legs, as they are settled. Returns the holds that are over.
///
/// # Errors
/// What the database says.
pub async fn settle(
    tx: &mut Tx,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<Vec<Dropped>, sqlx::Error> {
    let (providers, legs) = columns(keys);
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
    let (providers, legs) = columns(keys);
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
    let (providers, legs) = columns(keys);
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
