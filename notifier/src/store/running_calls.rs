//! Calls that money is set aside for: they ring or are talked on, and nobody has settled them yet.

use curbe_domain::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, Store, Whose, money};

/// So many at most: nobody looks at more at once.
const CALLS_MAX: i64 = 200;

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunningRow {
    /// Who carries it.
    pub(crate) provider: String,
    /// The provider's id of the leg.
    pub(crate) leg: String,
    /// Whose call it is.
    pub(crate) user_id: Uuid,
    /// `inbound` or `outbound`.
    pub(crate) direction: String,
    /// Who is called.
    pub(crate) number: String,
    /// When its money was set aside.
    pub(crate) authorized_at: OffsetDateTime,
    /// What that pays for.
    pub(crate) seconds: i32,
    /// How much it is.
    pub(crate) held: Money,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl Store {
    /// Calls on a wallet that are under way, newest first. A leg that was asked about twice is one call, with the larger
    /// amount; one that nobody has asked about yet has no number and is none. An emergency call is on no wallet.
    pub(crate) async fn running_calls(
        &self,
        wallet_id: Uuid,
        whose: Whose,
    ) -> Result<Vec<RunningRow>, Error> {
        let only = match whose {
            Whose::User(user_id) => Some(user_id),
            Whose::Everybody => None,
        };
        let rows = sqlx::query!(
            r#"select provider as "provider!", leg as "leg!", user_id as "user_id!", direction as "direction!",
                      number as "number!", authorized_at, seconds as "seconds!", held as "held!", currency
               from (
                   select distinct on (a.hold) a.id, a.provider, a.leg, coalesce(a.user_id, w.user_id) as user_id,
                          a.direction::text as direction, a.number, a.authorized_at, a.seconds,
                          max(a.amount) over (partition by a.hold) as held, w.currency
                   from authorizations a join wallets w on w.id = a.wallet_id
                   where a.wallet_id = $1 and a.status = 'authorized' and a.action = 'call'
                   order by a.hold, a.number is null, a.amount desc, a.id
               ) calls
               where number is not null and direction is not null and seconds is not null
                 and ($2::uuid is null or user_id = $2)
               order by authorized_at desc, id desc limit $3"#,
            wallet_id,
            only,
            CALLS_MAX,
        )
        .fetch_all(&self.pool)
        .await?;
        let running = rows.into_iter().map(|row| {
            Ok(RunningRow {
                provider: row.provider,
                leg: row.leg,
                user_id: row.user_id,
                direction: row.direction,
                number: row.number,
                authorized_at: row.authorized_at,
                seconds: row.seconds,
                held: money(row.held)?,
                currency: row.currency,
            })
        });
        running.collect()
    }
}
