//! One call and how its price came about.

use curbe_domain::frames::CallLogView;
use curbe_domain::money::Money;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::log_row::select_logs;
use super::{Error, Store, Whose, money};

/// How a price came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The call.
    pub(crate) log: CallLogView,
    /// The row in `call_rates`; none where the call was free for want of a duration.
    pub(crate) rate_id: Option<Uuid>,
    /// The prefix that matched.
    pub(crate) prefix: Option<String>,
    /// Price of one minute.
    pub(crate) rate_per_minute: Option<Money>,
    /// Added once.
    pub(crate) connection_fee: Option<Money>,
    /// The first step of the duration, in seconds.
    pub(crate) initial_increment_seconds: Option<i32>,
    /// Every further step.
    pub(crate) increment_seconds: Option<i32>,
    /// The number that the prefix was looked up for.
    pub(crate) rated_number: Option<String>,
    /// Whether the deck in force at the call's start had no rate and a later one was taken.
    pub(crate) rated_late: bool,
    /// What the ledger says of it: the charge, and what corrected it later.
    pub(crate) ledger: Vec<ReceiptRow>,
}

/// A row of the ledger that belongs to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceiptRow {
    /// Which.
    pub(crate) id: Uuid,
    /// `call_charge`, `adjustment`, `refund`.
    pub(crate) kind: String,
    /// Negative: spent.
    pub(crate) amount: Money,
    /// The balance it led to.
    pub(crate) balance_after: Money,
    /// Its number in the wallet.
    pub(crate) seq: i64,
    /// When.
    pub(crate) created_at: OffsetDateTime,
}

impl Store {
    /// A call on a wallet with its receipt, if there is one for this caller.
    pub(crate) async fn receipt(
        &self,
        wallet_id: Uuid,
        whose: Whose,
        id: Uuid,
    ) -> Result<Option<Receipt>, Error> {
        let user_id = match whose {
            Whose::User(user_id) => Some(user_id),
            Whose::Everybody => None,
        };
        let row = select_logs!(
            "where id = $1 and wallet_id = $2 and ($3::uuid is null or user_id = $3)",
            id,
            wallet_id,
            user_id
        );
        let Some(row) = row.fetch_optional(&self.pool).await? else { return Ok(None) };
        let terms = sqlx::query!(
            "select rate_id, rate_prefix, rate_per_minute, connection_fee, initial_increment_seconds,
                    increment_seconds, rated_number, rated_late
             from call_logs where id = $1",
            id
        )
        .fetch_one(&self.pool)
        .await?;
        let optional_money = |value: Option<Decimal>| value.map(money).transpose();
        Ok(Some(Receipt {
            log: row.into_view()?,
            rate_id: terms.rate_id,
            prefix: terms.rate_prefix,
            rate_per_minute: optional_money(terms.rate_per_minute)?,
            connection_fee: optional_money(terms.connection_fee)?,
            initial_increment_seconds: terms.initial_increment_seconds,
            increment_seconds: terms.increment_seconds,
            rated_number: terms.rated_number,
            rated_late: terms.rated_late,
            ledger: self.ledger_of_call(id).await?,
        }))
    }

    async fn ledger_of_call(&self, id: Uuid) -> Result<Vec<ReceiptRow>, Error> {
        let rows = sqlx::query!(
            r#"select id, type::text as "kind!", amount, balance_after, seq, created_at
               from wallet_transactions where reference_id = $1 order by seq"#,
            id
        )
        .fetch_all(&self.pool)
        .await?;
        let row = rows.into_iter().map(|row| {
            Ok(ReceiptRow {
                id: row.id,
                kind: row.kind,
                amount: money(row.amount)?,
                balance_after: money(row.balance_after)?,
                seq: row.seq,
                created_at: row.created_at,
            })
        });
        row.collect()
    }
}
