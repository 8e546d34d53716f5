//! Money put into a wallet or corrected by hand: the same ledger, the same lock and the same announcement as calls.

pub mod refund;

use curbe_domain::money::{Money, Overflow};
use curbe_platform::credit::CreditCache;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::announcer;
use crate::ledger::{Account, Entry, Posting, TransactionType};
use crate::settlement::announce::{self, Announcement};
use crate::store::call_logs::to_microseconds;
use crate::store::transaction::{self, TransactionError};
use crate::store::wallet_transactions::Earlier;
use crate::store::wallets::WalletRow;
use crate::store::{Tx, organizations, wallet_transactions, wallets};

/// What kind of movement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Money paid in, more than nothing.
    Refill,
    /// A correction, in either direction.
    Adjustment,
}

impl Kind {
    fn transaction_type(self) -> TransactionType {
        match self {
            Self::Refill => TransactionType::Refill,
            Self::Adjustment => TransactionType::Adjustment,
        }
    }
}

/// A movement that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Whose wallet.
    pub organization_id: Uuid,
    /// What kind.
    pub kind: Kind,
    /// How much.
    pub amount: Money,
    /// Unique in its wallet and kind: said twice, it happens once.
    pub reference: String,
}

/// A movement that has happened, now or when its reference was first used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The row of the ledger.
    pub posting: Posting,
    /// When it was posted.
    pub created_at: OffsetDateTime,
    /// ISO 4217.
    pub currency: String,
    /// It had happened before, and nothing changed.
    pub is_repeat: bool,
    /// For Redis. A repeat says it again: the first may have been cut off before it could.
    pub announcement: Announcement,
}

/// Why no money moves.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No organization has that id.
    #[error("there is no organization {0}")]
    UnknownOrganization(Uuid),
    /// Wallets come with the first user.
    #[error("organization {0} has no wallet yet: it gets one with its first user")]
    NoWallet(Uuid),
    /// A refill of nothing or less.
    #[error("a refill is more than nothing: {0} is not")]
    NotPositive(Money),
    /// An adjustment of nothing.
    #[error("an adjustment of nothing changes nothing")]
    Nothing,
    /// The reference stands for another amount.
    #[error("reference {reference} was used before, for {first}, not {asked}")]
    OtherAmount {
        /// The reference.
        reference: String,
        /// What it was used for.
        first: Money,
        /// What it was to be used for.
        asked: Money,
    },
    /// A charge that cannot be given back as asked.
    #[error(transparent)]
    Refund(#[from] refund::Refused),
    /// The balance would not fit.
    #[error("the balance after it")]
    Overflow(#[from] Overflow),
    /// The database could not do it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl Movement {
    /// Whether it can be asked for at all.
    ///
    /// # Errors
    /// [`Error::NotPositive`] or [`Error::Nothing`].
    pub fn judge(&self) -> Result<(), Error> {
        match self.kind {
            Kind::Refill if self.amount <= Money::ZERO => Err(Error::NotPositive(self.amount)),
            Kind::Adjustment if self.amount.is_zero() => Err(Error::Nothing),
            Kind::Refill | Kind::Adjustment => Ok(()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Transaction(error.into())
    }
}

/// The wallet of an organization.
///
/// # Errors
/// [`Error::UnknownOrganization`] or [`Error::NoWallet`].
pub async fn show(pool: &PgPool, organization_id: Uuid) -> Result<WalletRow, Error> {
    transaction::attempt(pool, move |tx| Box::pin(find(tx, organization_id))).await
}

/// Moves money and commits. Announce it next.
///
/// # Errors
/// [`Error`]; after a [`TransactionError`] it is not known whether it happened, and asking again is safe.
pub async fn post(pool: &PgPool, movement: Movement) -> Result<Moved, Error> {
    movement.judge()?;
    let now = to_microseconds(OffsetDateTime::now_utc());
    transaction::attempt(pool, move |tx| Box::pin(async move { post_in(tx, &movement, now).await }))
        .await
}

/// Tells Redis. Returns whether it knows; if not, the worker's sweep tells it within seconds.
pub async fn announce(cache: &CreditCache, moved: &Moved) -> bool {
    announcer::announce(cache, &moved.announcement).await
}

pub(crate) async fn find(tx: &mut Tx, organization_id: Uuid) -> Result<WalletRow, Error> {
    if let Some(wallet) = wallets::of_organization(tx, organization_id).await? {
        return Ok(wallet);
    }
    match organizations::by_id(tx, organization_id).await? {
        Some(_) => Err(Error::NoWallet(organization_id)),
        None => Err(Error::UnknownOrganization(organization_id)),
    }
}

/// The wallet of an organization, locked.
pub(crate) async fn lock(tx: &mut Tx, organization_id: Uuid) -> Result<Account, Error> {
    let wallet = find(tx, organization_id).await?;
    let mut locked = wallets::lock(tx, &[wallet.account.wallet_id]).await?;
    locked.pop().ok_or(Error::NoWallet(organization_id))
}

/// Moves money inside `tx`; the caller commits. It refuses before it writes.
pub(crate) async fn post_in(
    tx: &mut Tx,
    movement: &Movement,
    now: OffsetDateTime,
) -> Result<Moved, Error> {
    let mut account = lock(tx, movement.organization_id).await?;
    let kind = movement.kind.transaction_type();
    let first =
        wallet_transactions::by_reference(tx, account.wallet_id, kind, &movement.reference).await?;
    if let Some(first) = first {
        return repeated(movement, first, &account);
    }
    let posting = account.post(Entry {
        id: Uuid::now_v7(),
        amount: movement.amount,
        kind,
        call_log_id: None,
        external_reference: Some(movement.reference.clone()),
    })?;
    account.version += 1;
    wallet_transactions::insert(tx, std::slice::from_ref(&posting), now).await?;
    wallets::update(tx, std::slice::from_ref(&account), now).await?;
    Ok(moved(posting, now, &account, false))
}

fn repeated(movement: &Movement, first: Earlier, account: &Account) -> Result<Moved, Error> {
    let Earlier { posting, created_at, .. } = first;
    if posting.amount == movement.amount {
        return Ok(moved(posting, created_at, account, true));
    }
    Err(Error::OtherAmount {
        reference: movement.reference.clone(),
        first: posting.amount,
        asked: movement.amount,
    })
}

fn moved(
    posting: Posting,
    created_at: OffsetDateTime,
    account: &Account,
    is_repeat: bool,
) -> Moved {
    let notice = announce::posted(&posting, account.organization_id, &account.currency);
    Moved {
        announcement: Announcement {
            wallets: vec![account.state()],
            notices: vec![notice],
            dropped: Vec::new(),
        },
        created_at,
        currency: account.currency.clone(),
        posting,
        is_repeat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            wallet_id: Uuid::nil(),
            organization_id: Uuid::nil(),
            holder_id: Uuid::nil(),
            balance: "5".parse().unwrap(),
            currency: "USD".to_owned(),
            version: 1,
            seq: 1,
            status: "active".to_owned(),
            minimum_threshold: "1".parse().unwrap(),
        }
    }

    fn first() -> Earlier {
        let posting = Posting {
            id: Uuid::nil(),
            wallet_id: Uuid::nil(),
            amount: "5".parse().unwrap(),
            kind: TransactionType::Refill,
            call_log_id: None,
            seq: 1,
            balance_after: "5".parse().unwrap(),
            external_reference: Some("payment-1".to_owned()),
        };
        Earlier { posting, refund_of: None, created_at: OffsetDateTime::UNIX_EPOCH }
    }

    fn again(amount: &str) -> Result<Moved, Error> {
        let movement = Movement {
            organization_id: Uuid::nil(),
            kind: Kind::Refill,
            amount: amount.parse().unwrap(),
            reference: "payment-1".to_owned(),
        };
        repeated(&movement, first(), &account())
    }

    #[test]
    fn a_repeat_is_answered_with_the_first_row() {
        let moved = again("5.0000").unwrap();
        assert_eq!((moved.posting, moved.created_at), (first().posting, first().created_at));
        assert!(moved.is_repeat);
    }

    #[test]
    fn a_reference_stands_for_one_amount() {
        let error = again("6").unwrap_err();
        assert_eq!(
            error.to_string(),
            "reference payment-1 was used before, for 5.0000, not 6.0000"
        );
    }
}
