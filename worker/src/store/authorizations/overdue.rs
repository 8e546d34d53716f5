//! What is set aside for something that nobody has told the end of.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Tx;

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
    /// Whose; `None`: nothing was set aside.
    pub wallet_id: Option<Uuid>,
    /// Its name.
    pub hold: String,
    /// The backend's, for a call that has not asked as far as we know.
    pub is_announced: bool,
    /// Nothing else stands behind its name, such as the call's asking again.
    pub is_over: bool,
}

/// Gives up authorizations that are still open, of locked wallets.
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
        update authorizations a set status = 'expired', closed_at = $2
        where id = any($1) and status = 'authorized'
        returning a.wallet_id, a.hold, a.action = 'call' and a.number is null as "is_announced!", not exists (
            select from authorizations o
            where o.wallet_id = a.wallet_id and o.hold = a.hold and o.status = 'authorized' and o.id <> all($1)
        ) as "is_over!"
        "#,
        ids,
        now,
    )
    .fetch_all(&mut *tx)
    .await
}
