//! Why a request was not answered as asked.

use curbe_platform::credit::CreditError;
use uuid::Uuid;

use crate::http::Refusal;
use crate::http::problem::Funds;
use crate::store::transaction::TransactionError;
use crate::wallet;
use crate::wallet::refund::Refused;

/// Classes of SQLSTATE that asking again does not change: data, constraints, what we raise, our own mistakes.
const PERMANENT: [&str; 4] = ["22", "23", "P0", "42"];

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// As things stand: this is the answer, and it is kept.
    #[error("refused: {}", .0.code())]
    Decided(Refusal),
    /// The request itself is wrong: nothing of it is kept.
    #[error("refused: {}", .0.code())]
    Wrong(Refusal),
    /// The wallet must be loaded before money is set aside.
    #[error("wallet {0} is not loaded")]
    NotLoaded(Uuid),
    /// The cache did not say whether there is enough; nobody else can.
    #[error("the cache did not decide")]
    Cache(#[from] CreditError),
    /// The database could not do it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Transaction(error.into())
    }
}

impl From<wallet::Error> for Failure {
    fn from(error: wallet::Error) -> Self {
        let words = error.to_string();
        match error {
            wallet::Error::UnknownOrganization(_) => {
                Self::Decided(Refusal::not_found().with_detail(words))
            }
            wallet::Error::NoWallet(_) => Self::Decided(Refusal::conflict("no_wallet", words)),
            wallet::Error::NotPositive(_) | wallet::Error::Nothing => {
                Self::Wrong(Refusal::unprocessable("invalid_body", words))
            }
            wallet::Error::OtherAmount { .. } => {
                Self::Decided(Refusal::conflict("reference_used", words))
            }
            wallet::Error::Overflow(_) => {
                Self::Decided(Refusal::conflict("amount_overflow", "The balance would not fit."))
            }
            wallet::Error::Refund(refused) => Self::Decided(refund_refused(refused, words)),
            wallet::Error::Transaction(error) => Self::Transaction(error),
        }
    }
}

impl Failure {
    /// What the caller is told. Of what is not known, he may ask again under the same key.
    pub(super) fn into_refusal(self) -> Refusal {
        let refusal = match &self {
            Self::Decided(refusal) | Self::Wrong(refusal) => return refusal.clone(),
            Self::Transaction(error) if is_permanent(error) => Refusal::internal(),
            Self::Transaction(_) | Self::Cache(_) | Self::NotLoaded(_) => Refusal::unavailable(),
        };
        tracing::error!(error = %reasons(&self), "a request is not answered");
        refusal
    }
}

fn refund_refused(refused: Refused, words: String) -> Refusal {
    match refused {
        Refused::UnknownCharge(_) => Refusal::not_found().with_detail(words),
        Refused::NoCharge(_) => Refusal::conflict("not_refundable", words),
        Refused::OtherCharge(_) => Refusal::conflict("reference_used", words),
        Refused::ExceedsCharge { remaining, currency } => {
            let (remaining, currency) = (Some(remaining), Some(currency));
            let funds = Funds { remaining, currency, ..Funds::default() };
            Refusal::conflict("refund_exceeds_charge", words).with_funds(funds)
        }
    }
}

fn is_permanent(error: &TransactionError) -> bool {
    match error {
        TransactionError::Database(sqlx::Error::Database(error)) => {
            let code = error.code();
            code.is_some_and(|code| PERMANENT.iter().any(|class| code.starts_with(class)))
        }
        TransactionError::Database(sqlx::Error::Decode(_)) | TransactionError::Panic(_) => true,
        TransactionError::Database(_) | TransactionError::Deadline => false,
    }
}

fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
