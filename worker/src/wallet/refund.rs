//! Giving back what was spent: never more than the charge, however often and by whomever.

use curbe_domain::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, Moved, lock, moved};
use crate::ledger::{Account, Entry, TransactionType};
use crate::store::wallet_transactions::{self, Earlier, Spent};
use crate::store::{Tx, wallets};

/// What may be given back.
const CHARGES: [TransactionType; 5] = [
    TransactionType::CallCharge,
    TransactionType::NumberPurchase,
    TransactionType::SetupFee,
    TransactionType::SmsCharge,
    TransactionType::Subscription,
];

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    /// To whose wallet.
    pub(crate) organization_id: Uuid,
    /// How much, more than nothing.
    pub(crate) amount: Money,
    /// Unique among the refunds of its wallet: said twice, it happens once.
    pub(crate) reference: String,
    /// Of which charge.
    pub(crate) transaction_id: Uuid,
}

/// Why a charge cannot be given back as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The wallet has no such row.
    #[error("the wallet has no transaction {0}")]
    UnknownCharge(Uuid),
    /// It was not spent.
    #[error("a {0} is no charge that could be given back")]
    NoCharge(String),
    /// It would be more than was spent.
    #[error("of the charge, {remaining} has not been given back yet")]
    ExceedsCharge {
        /// What has not been given back.
        remaining: Money,
        /// ISO 4217.
        currency: String,
    },
    /// The reference stands for another refund.
    #[error("reference {0} was used before, for another charge")]
    OtherCharge(String),
}

/// Gives back inside `tx`; the caller commits. It refuses before it writes.
pub(crate) async fn post_in(
    tx: &mut Tx,
    wanted: &Refund,
    now: OffsetDateTime,
) -> Result<Moved, Error> {
    let mut account = lock(tx, wanted.organization_id).await?;
    let (wallet_id, kind) = (account.wallet_id, TransactionType::Refund);
    let first = wallet_transactions::by_reference(tx, wallet_id, kind, &wanted.reference).await?;
    if let Some(first) = first {
        return repeated(wanted, first, &account);
    }
    let spent = wallet_transactions::spent(tx, wallet_id, wanted.transaction_id).await?;
    let spent = spent.ok_or(Refused::UnknownCharge(wanted.transaction_id))?;
    let remaining = remaining(&spent)?;
    if wanted.amount > remaining {
        return Err(Refused::ExceedsCharge { remaining, currency: account.currency }.into());
    }
    let posting = account.post(Entry {
        id: Uuid::now_v7(),
        amount: wanted.amount,
        kind,
        call_log_id: spent.call_log_id,
        external_reference: Some(wanted.reference.clone()),
    })?;
    account.version += 1;
    wallet_transactions::insert_refund(tx, &posting, wanted.transaction_id, now).await?;
    wallets::update(tx, std::slice::from_ref(&account), now).await?;
    Ok(moved(posting, now, &account, false))
}

/// What of it has not been given back.
fn remaining(spent: &Spent) -> Result<Money, Error> {
    if !CHARGES.iter().any(|kind| kind.as_str() == spent.kind) {
        return Err(Refused::NoCharge(spent.kind.clone()).into());
    }
    let kept = spent.amount.checked_add(spent.returned)?;
    Ok(kept.negated().max(Money::ZERO))
}

fn repeated(wanted: &Refund, first: Earlier, account: &Account) -> Result<Moved, Error> {
    let Earlier { posting, refund_of, created_at } = first;
    if refund_of != Some(wanted.transaction_id) {
        return Err(Refused::OtherCharge(wanted.reference.clone()).into());
    }
    if posting.amount == wanted.amount {
        return Ok(moved(posting, created_at, account, true));
    }
    let (reference, asked) = (wanted.reference.clone(), wanted.amount);
    Err(Error::OtherAmount { reference, first: posting.amount, asked })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(kind: &str, amount: &str, returned: &str) -> Option<String> {
        let (amount, returned) = (amount.parse().unwrap(), returned.parse().unwrap());
        let spent = Spent { kind: kind.to_owned(), amount, call_log_id: None, returned };
        remaining(&spent).ok().map(|remaining| remaining.to_string())
    }

    #[test]
    fn what_is_left_of_a_charge_is_what_has_not_come_back() {
        for (amount, returned, expected) in [
            ("-2", "0", "2.0000"),
            ("-2", "0.5", "1.5000"),
            ("-2", "2", "0.0000"),
            // A correction made the call dearer, or gave back what had been given back already.
            ("-2", "-1", "3.0000"),
            ("-2", "2.5", "0.0000"),
        ] {
            assert_eq!(left("call_charge", amount, returned).as_deref(), Some(expected));
        }
    }

    #[test]
    fn only_what_was_spent_is_given_back() {
        for kind in ["number_purchase", "setup_fee", "sms_charge", "subscription"] {
            assert_eq!(left(kind, "-1", "0").as_deref(), Some("1.0000"), "{kind}");
        }
        for kind in ["refill", "adjustment", "refund"] {
            assert_eq!(left(kind, "-1", "0"), None, "{kind}");
        }
    }
}
