//! What money is set aside for.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ledger::TransactionType;

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// A number is bought.
    NumberPurchase,
    /// Something is set up.
    Setup,
    /// A period begins.
    Subscription,
    /// A message is sent.
    Sms,
    /// A call is made. It is never captured: its pre-flight takes over what is set aside, its end settles it.
    Call,
}

impl Action {
    const ALL: [Self; 5] =
        [Self::NumberPurchase, Self::Setup, Self::Subscription, Self::Sms, Self::Call];

    /// The name in rows and JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NumberPurchase => "number_purchase",
            Self::Setup => "setup",
            Self::Subscription => "subscription",
            Self::Sms => "sms",
            Self::Call => "call",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }

    /// As what it stands in the ledger; `None`: a call is not captured.
    pub(super) fn transaction_type(self) -> Option<TransactionType> {
        match self {
            Self::NumberPurchase => Some(TransactionType::NumberPurchase),
            Self::Setup => Some(TransactionType::SetupFee),
            Self::Subscription => Some(TransactionType::Subscription),
            Self::Sms => Some(TransactionType::SmsCharge),
            Self::Call => None,
        }
    }
}
