//! Pages of calls, newest first.

use curbe_domain::frames::CallLogView;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::log_row::{LogRow, select_logs};
use super::{Error, Store};

/// Later than every call.
pub(crate) const LAST_INSTANT: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);
/// Earlier than every call.
pub(crate) const FIRST_INSTANT: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

/// Whose calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// One user's, as long as they are on his organization's wallet.
    User(Uuid),
    /// The whole organization's.
    Everybody,
}

/// A place between two calls in a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// When the call before it started.
    pub(crate) start_time: OffsetDateTime,
    /// Which call that was.
    pub(crate) id: Uuid,
}

/// Which calls are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogQuery {
    /// Those after this place.
    pub(crate) after: Position,
    /// Leaving out so many.
    pub(crate) offset: i64,
    /// So many at most.
    pub(crate) limit: i64,
    /// Started then or later.
    pub(crate) from: OffsetDateTime,
    /// Started before.
    pub(crate) to: OffsetDateTime,
    /// `inbound` or `outbound`.
    pub(crate) direction: Option<String>,
    /// How they ended.
    pub(crate) status: Option<String>,
}

impl Position {
    /// In front of every call.
    pub(crate) const START: Self = Self { start_time: LAST_INSTANT, id: Uuid::max() };
}

impl Store {
    /// Calls on a wallet. The bounds are always there, if need be at the ends of time, so that one plan, along the
    /// index that has the order, serves all.
    pub(crate) async fn call_logs(
        &self,
        wallet_id: Uuid,
        whose: Whose,
        query: &LogQuery,
    ) -> Result<Vec<CallLogView>, Error> {
        let rows = match whose {
            Whose::User(user_id) => self.logs_of_user(wallet_id, user_id, query).await?,
            Whose::Everybody => self.logs_of_wallet(wallet_id, query).await?,
        };
        rows.into_iter().map(LogRow::into_view).collect()
    }

    async fn logs_of_user(
        &self,
        wallet_id: Uuid,
        user_id: Uuid,
        query: &LogQuery,
    ) -> Result<Vec<LogRow>, Error> {
        let rows = select_logs!(
            "where wallet_id = $1 and start_time >= $2 and start_time < $3 and (start_time, id) < ($4, $5)
               and ($6::text is null or direction::text = $6) and ($7::text is null or status = $7)
               and user_id = $10
             order by start_time desc, id desc offset $8 limit $9",
            wallet_id,
            query.from,
            query.to,
            query.after.start_time,
            query.after.id,
            query.direction.as_deref(),
            query.status.as_deref(),
            query.offset,
            query.limit,
            user_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    async fn logs_of_wallet(
        &self,
        wallet_id: Uuid,
        query: &LogQuery,
    ) -> Result<Vec<LogRow>, Error> {
        let rows = select_logs!(
            "where wallet_id = $1 and start_time >= $2 and start_time < $3 and (start_time, id) < ($4, $5)
               and ($6::text is null or direction::text = $6) and ($7::text is null or status = $7)
             order by start_time desc, id desc offset $8 limit $9",
            wallet_id,
            query.from,
            query.to,
            query.after.start_time,
            query.after.id,
            query.direction.as_deref(),
            query.status.as_deref(),
            query.offset,
            query.limit,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }
}
