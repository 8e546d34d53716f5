//! Posting to a wallet, as a pure decision: the amount, the balance after it, and the number that its frame will have.

use curbe_domain::money::{Money, Overflow};
use curbe_platform::credit::WalletState;
use uuid::Uuid;

/// What a row of the ledger is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionType {
    /// A call.
    CallCharge,
    /// Money paid in.
    Refill,
    /// A correction by a person, in either direction.
    Adjustment,
    /// Something of a charge given back.
    Refund,
    /// A number that was bought.
    NumberPurchase,
    /// Something that was set up.
    SetupFee,
    /// A period.
    Subscription,
    /// A message.
    SmsCharge,
}

impl TransactionType {
    /// The name in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallCharge => "call_charge",
            Self::Refill => "refill",
            Self::Adjustment => "adjustment",
            Self::Refund => "refund",
            Self::NumberPurchase => "number_purchase",
            Self::SetupFee => "setup_fee",
            Self::Subscription => "subscription",
            Self::SmsCharge => "sms_charge",
        }
    }
}

/// A wallet under its row lock, as it stands after everything posted to it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub wallet_id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// The user that calls without one of their own are logged for.
    pub holder_id: Uuid,
    /// What the ledger adds up to.
    pub balance: Money,
    /// ISO 4217.
    pub currency: String,
    /// Counts every update of the row.
    pub version: i64,
    /// The last number given out.
    pub seq: i64,
    /// `active` or `suspended`.
    pub status: String,
    /// Below this balance no call starts.
    pub minimum_threshold: Money,
}

/// What is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The row's id.
    pub id: Uuid,
    /// Negative: spent.
    pub amount: Money,
    /// What for.
    pub kind: TransactionType,
    /// The call, where it is for one.
    pub call_log_id: Option<Uuid>,
    /// Somebody else's name for it, unique in its wallet and type.
    pub external_reference: Option<String>,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The row's id.
    pub id: Uuid,
    /// Which wallet.
    pub wallet_id: Uuid,
    /// Negative: spent.
    pub amount: Money,
    /// What for.
    pub kind: TransactionType,
    /// The call, where it is for one.
    pub call_log_id: Option<Uuid>,
    /// Its number in the wallet.
    pub seq: i64,
    /// The balance once it is posted.
    pub balance_after: Money,
    /// Somebody else's name for it.
    pub external_reference: Option<String>,
}

impl Account {
    /// Gives out the wallet's next number.
    pub fn next_seq(&mut self) -> i64 {
        self.seq += 1;
        self.seq
    }

    /// Posts an entry. Usage that happened is posted below zero too; only what does not fit the column is refused, and
    /// then nothing has changed.
    ///
    /// # Errors
    /// [`Overflow`] when the balance after it would not fit `DECIMAL(10,4)`.
    pub fn post(&mut self, entry: Entry) -> Result<Posting, Overflow> {
        let balance_after = self.balance.checked_add(entry.amount)?;
        self.balance = balance_after;
        Ok(Posting {
            id: entry.id,
            wallet_id: self.wallet_id,
            amount: entry.amount,
            kind: entry.kind,
            call_log_id: entry.call_log_id,
            seq: self.next_seq(),
            balance_after,
            external_reference: entry.external_reference,
        })
    }

    /// What the cache is to know of it.
    #[must_use]
    pub fn state(&self) -> WalletState {
        WalletState {
            wallet_id: self.wallet_id,
            version: self.version,
            balance: self.balance,
            seq: self.seq,
            status: self.status.clone(),
            minimum_threshold: self.minimum_threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(balance: &str) -> Account {
        Account {
            wallet_id: Uuid::nil(),
            organization_id: Uuid::nil(),
            holder_id: Uuid::nil(),
            balance: balance.parse().unwrap(),
            currency: "USD".to_owned(),
            version: 3,
            seq: 7,
            status: "active".to_owned(),
            minimum_threshold: "1".parse().unwrap(),
        }
    }

    fn charge(amount: &str) -> Entry {
        Entry {
            id: Uuid::nil(),
            amount: amount.parse().unwrap(),
            kind: TransactionType::CallCharge,
            call_log_id: Some(Uuid::nil()),
            external_reference: None,
        }
    }

    #[test]
    fn postings_chain_and_are_numbered_without_a_hole() {
        let mut account = account("0.0300");
        let first = account.post(charge("-0.0274")).unwrap();
        let log_seq = account.next_seq();
        let second = account.post(charge("-0.0274")).unwrap();
        assert_eq!((first.seq, log_seq, second.seq), (8, 9, 10));
        assert_eq!(first.balance_after.to_string(), "0.0026");
        assert_eq!(second.balance_after.to_string(), "-0.0248");
        assert_eq!(account.balance, second.balance_after);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut poorest = account("-999999.9999");
        assert_eq!(poorest.post(charge("-0.0001")), Err(Overflow));
        assert_eq!(poorest, account("-999999.9999"));
    }
}
