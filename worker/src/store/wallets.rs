//! `wallets`: locked by id, in order, before anything moves.

use curbe_domain::money::Money;
use curbe_platform::credit::WalletState;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use crate::ledger::Account;

struct StateRow {
    id: Uuid,
    version: i64,
    balance: Decimal,
    seq: i64,
    status: String,
    minimum_threshold: Decimal,
}

impl TryFrom<StateRow> for WalletState {
    type Error = sqlx::Error;

    fn try_from(row: StateRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            wallet_id: row.id,
            version: row.version,
            balance: money(row.balance)?,
            seq: row.seq,
            status: row.status,
            minimum_threshold: money(row.minimum_threshold)?,
        })
    }
}

/// Locks wallets in the order of their ids and returns them.
///
/// # Errors
/// What the database says.
pub async fn lock(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Account>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select id, organization_id, user_id, balance, currency, version, seq, status, minimum_threshold
        from wallets
        where id = any($1)
        order by id
        for update
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Account {
                wallet_id: row.id,
                organization_id: row.organization_id,
                holder_id: row.user_id,
                balance: money(row.balance)?,
                currency: row.currency,
                version: row.version,
                seq: row.seq,
                status: row.status,
                minimum_threshold: money(row.minimum_threshold)?,
            })
        })
        .collect()
}

/// Writes back what was posted to locked wallets.
///
/// # Errors
/// What the database says.
pub async fn update(
    tx: &mut Tx,
    accounts: &[Account],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.wallet_id).collect();
    let balances: Vec<Decimal> =
        accounts.iter().map(|account| account.balance.to_decimal()).collect();
    let versions: Vec<i64> = accounts.iter().map(|account| account.version).collect();
    let seqs: Vec<i64> = accounts.iter().map(|account| account.seq).collect();
    sqlx::query!(
        r#"
        update wallets w
        set balance = posted.balance, version = posted.version, seq = posted.seq, updated_at = $5
        from unnest($1::uuid[], $2::numeric[], $3::bigint[], $4::bigint[]) as posted (id, balance, version, seq)
        where w.id = posted.id
        "#,
        &ids,
        &balances,
        &versions,
        &seqs,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Writes below which balance of a locked wallet no call starts.
///
/// # Errors
/// What the database says.
pub async fn update_threshold(
    tx: &mut Tx,
    account: &Account,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update wallets set minimum_threshold = $2, version = $3, updated_at = $4 where id = $1",
        account.wallet_id,
        account.minimum_threshold.to_decimal(),
        account.version,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A wallet as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRow {
    /// The wallet.
    pub account: Account,
    /// When it last moved.
    pub updated_at: OffsetDateTime,
}

/// The wallet of an organization. One without a user has none yet.
///
/// # Errors
/// What the database says.
pub async fn of_organization(
    tx: &mut Tx,
    organization_id: Uuid,
) -> Result<Option<WalletRow>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select id, organization_id, user_id, balance, currency, version, seq, status, minimum_threshold, updated_at
        from wallets
        where organization_id = $1
        "#,
        organization_id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    row.map(|row| {
        let account = Account {
            wallet_id: row.id,
            organization_id: row.organization_id,
            holder_id: row.user_id,
            balance: money(row.balance)?,
            currency: row.currency,
            version: row.version,
            seq: row.seq,
            status: row.status,
            minimum_threshold: money(row.minimum_threshold)?,
        };
        Ok(WalletRow { account, updated_at: row.updated_at })
    })
    .transpose()
}

/// Gives an organization its wallet, unless it has one.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    organization_id: Uuid,
    holder_id: Uuid,
    currency: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into wallets (id, organization_id, user_id, currency, updated_at)
        values ($1, $2, $3, $4, $5)
        on conflict (organization_id) do nothing
        "#,
        id,
        organization_id,
        holder_id,
        currency,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Wallets as the cache should have them: those updated since an instant, or all.
///
/// # Errors
/// What the database says.
pub async fn states(
    pool: &sqlx::PgPool,
    updated_since: Option<OffsetDateTime>,
) -> Result<Vec<WalletState>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StateRow,
        r#"
        select id, version, balance, seq, status, minimum_threshold
        from wallets
        where $1::timestamptz is null or updated_at >= $1
        "#,
        updated_since,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(WalletState::try_from).collect()
}

/// Wallets as the cache should have them.
///
/// # Errors
/// What the database says.
pub async fn states_of(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<WalletState>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StateRow,
        "select id, version, balance, seq, status, minimum_threshold from wallets where id = any($1)",
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter().map(WalletState::try_from).collect()
}

/// What of a wallet is held, for those who look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub wallet_id: Uuid,
    /// What the ledger adds up to.
    pub balance: Money,
    /// What is set aside of it.
    pub held: Money,
    /// ISO 4217.
    pub currency: String,
    /// The highest number that a frame of it has.
    pub seq: i64,
}

impl Standing {
    /// What is left.
    #[must_use]
    pub fn available(&self) -> Money {
        self.balance.checked_sub(self.held).unwrap_or(self.balance)
    }
}

/// How wallets stand, with what is held of them.
///
/// # Errors
/// What the database says.
pub async fn standings(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select w.id, w.balance, w.currency, w.seq, coalesce(h.held, 0) as "held!"
        from wallets w left join (
            select wallet_id, sum(amount) as held from (
                select wallet_id, hold, max(amount) as amount from authorizations
                where wallet_id = any($1) and status = 'authorized' group by wallet_id, hold
            ) holds group by wallet_id
        ) h on h.wallet_id = w.id
        where w.id = any($1)
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Standing {
                wallet_id: row.id,
                balance: money(row.balance)?,
                held: money(row.held)?,
                currency: row.currency,
                seq: row.seq,
            })
        })
        .collect()
}

/// The wallet as the cache should have it, if there is one.
///
/// # Errors
/// What the database says.
pub async fn state(tx: &mut Tx, id: Uuid) -> Result<Option<WalletState>, sqlx::Error> {
    Ok(states_of(tx, &[id]).await?.pop())
}

/// An amount of a `DECIMAL(10,4)` column. The column cannot hold what does not fit; NaN is refused by its checks.
pub(crate) fn money(value: Decimal) -> Result<Money, sqlx::Error> {
    Money::from_decimal(value).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
