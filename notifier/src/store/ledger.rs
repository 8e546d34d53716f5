//! Pages of a wallet's ledger, newest first.

use curbe_domain::money::Money;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, Store, Whose, money};

/// Which rows are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerQuery {
    /// With a number below this.
    pub(crate) before: i64,
    /// Leaving out so many.
    pub(crate) offset: i64,
    /// So many at most.
    pub(crate) limit: i64,
    /// Written then or later.
    pub(crate) from: OffsetDateTime,
    /// Written before.
    pub(crate) to: OffsetDateTime,
}

/// One movement of a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    /// Which.
    pub(crate) id: Uuid,
    /// Its number in the wallet.
    pub(crate) seq: i64,
    /// `call_charge`, `refill` and so on.
    pub(crate) kind: String,
    /// Negative: spent.
    pub(crate) amount: Money,
    /// The balance it led to.
    pub(crate) balance_after: Money,
    /// ISO 4217.
    pub(crate) currency: String,
    /// When.
    pub(crate) created_at: OffsetDateTime,
    /// The call it was for.
    pub(crate) call_log_id: Option<Uuid>,
    /// What its maker named it.
    pub(crate) external_reference: Option<String>,
}

struct Row {
    id: Uuid,
    seq: i64,
    kind: String,
    amount: Decimal,
    balance_after: Decimal,
    currency: String,
    created_at: OffsetDateTime,
    reference_id: Option<Uuid>,
    external_reference: Option<String>,
}

impl TryFrom<Row> for LedgerRow {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            seq: row.seq,
            kind: row.kind,
            amount: money(row.amount)?,
            balance_after: money(row.balance_after)?,
            currency: row.currency,
            created_at: row.created_at,
            call_log_id: row.reference_id,
            external_reference: row.external_reference,
        })
    }
}

impl Store {
    /// Rows of a wallet's ledger: all of them, or those of one user's calls. The bounds are always there, if need be
    /// at the ends of time, so that one plan, along the index that has the order, serves all.
    pub(crate) async fn ledger(
        &self,
        wallet_id: Uuid,
        whose: Whose,
        query: &LedgerQuery,
    ) -> Result<Vec<LedgerRow>, Error> {
        let rows = match whose {
            Whose::User(user_id) => self.ledger_of_user(wallet_id, user_id, query).await?,
            Whose::Everybody => self.ledger_of_wallet(wallet_id, query).await?,
        };
        rows.into_iter().map(LedgerRow::try_from).collect()
    }

    async fn ledger_of_user(
        &self,
        wallet_id: Uuid,
        user_id: Uuid,
        query: &LedgerQuery,
    ) -> Result<Vec<Row>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"select t.id, t.seq, t.type::text as "kind!", t.amount, t.balance_after, w.currency, t.created_at,
                      t.reference_id, t.external_reference
               from wallet_transactions t
               join wallets w on w.id = t.wallet_id
               join call_logs c on c.id = t.reference_id and c.user_id = $7
               where t.wallet_id = $1 and t.seq < $2 and t.created_at >= $3 and t.created_at < $4
               order by t.seq desc offset $5 limit $6"#,
            wallet_id,
            query.before,
            query.from,
            query.to,
            query.offset,
            query.limit,
            user_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    async fn ledger_of_wallet(
        &self,
        wallet_id: Uuid,
        query: &LedgerQuery,
    ) -> Result<Vec<Row>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"select t.id, t.seq, t.type::text as "kind!", t.amount, t.balance_after, w.currency, t.created_at,
                      t.reference_id, t.external_reference
               from wallet_transactions t
               join wallets w on w.id = t.wallet_id
               where t.wallet_id = $1 and t.seq < $2 and t.created_at >= $3 and t.created_at < $4
               order by t.seq desc offset $5 limit $6"#,
            wallet_id,
            query.before,
            query.from,
            query.to,
            query.offset,
            query.limit,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }
}
