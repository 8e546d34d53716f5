//! What is set aside, as the cache of credit holds it.

use curbe_domain::authorization::Authorized;
use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::providers::Provider;
use curbe_platform::credit::{Hold, Kind};
use uuid::Uuid;

use crate::store::Tx;
use crate::store::rate_columns::RateColumns;
use crate::store::wallets::money;

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
        order by hold, number is null, amount desc, authorized_at, id
        "#,
        wallet_id,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let amount = money(row.amount)?;
            let rate = RateColumns {
                id: row.rate_id,
                prefix: row.rate_prefix,
                per_minute: row.rate_per_minute,
                connection_fee: row.connection_fee,
                initial_increment_seconds: row.initial_increment_seconds,
                increment_seconds: row.increment_seconds,
            };
            let kind = match (row.action.as_str(), &row.number) {
                ("call", Some(_)) => Kind::Preflight,
                ("call", None) => Kind::Announced,
                _ => Kind::Other,
            };
            let asked = row.hold.splitn(3, ':').nth(2).unwrap_or_default().to_owned();
            let purpose = rate.rate()?.zip(row.number).map(|(rate, number)| Authorized {
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
