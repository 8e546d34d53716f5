//! Why a call may not begin, for programs and in words to be spoken.

use serde::{Deserialize, Serialize};

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The balance is below its threshold, or pays for no call to that number.
    InsufficientFunds,
    /// It would, but other calls hold it.
    FundsInUse,
    /// There is no price for it, or none in the wallet's currency. No price is never price zero.
    NoRate,
    /// Nobody is known whose call it is.
    UnknownCaller,
    /// The wallet is suspended.
    Suspended,
    /// The number may not be called.
    DestinationBlocked,
    /// As many calls run as may run at once.
    TooManyCalls,
    /// It cannot be decided now.
    Unavailable,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Spanish.
    #[default]
    #[serde(rename = "es")]
    Spanish,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::InsufficientFunds,
        Self::FundsInUse,
        Self::NoRate,
        Self::UnknownCaller,
        Self::Suspended,
        Self::DestinationBlocked,
        Self::TooManyCalls,
        Self::Unavailable,
    ];

    /// The name in JSON, rows and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::FundsInUse => "funds_in_use",
            Self::NoRate => "no_rate",
            Self::UnknownCaller => "unknown_caller",
            Self::Suspended => "suspended",
            Self::DestinationBlocked => "destination_blocked",
            Self::TooManyCalls => "too_many_calls",
            Self::Unavailable => "unavailable",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// What the caller hears.
    #[must_use]
    pub fn words(self, language: Language) -> &'static str {
        let (spanish, english) = match self {
            Self::InsufficientFunds => {
                ("Su saldo es insuficiente.", "Your balance is insufficient.")
            }
            Self::FundsInUse => (
                "Su saldo está en uso por otras llamadas.",
                "Your balance is in use by other calls.",
            ),
            Self::NoRate => {
                ("No hay tarifa para este destino.", "There is no rate for this destination.")
            }
            Self::UnknownCaller => {
                ("Esta línea no está registrada.", "This line is not registered.")
            }
            Self::Suspended => ("Su cuenta está suspendida.", "Your account is suspended."),
            Self::DestinationBlocked => {
                ("Este destino no está permitido.", "This destination is not allowed.")
            }
            Self::TooManyCalls => {
                ("Hay demasiadas llamadas en curso.", "There are too many calls in progress.")
            }
            Self::Unavailable => (
                "El servicio no está disponible. Intente más tarde.",
                "The service is not available. Please try again later.",
            ),
        };
        match language {
            Language::Spanish => spanish,
            Language::English => english,
        }
    }
}

impl Language {
    /// The language of that code; any other one is the owner's.
    #[must_use]
    pub fn parse(code: &str) -> Self {
        if code == "en" { Self::English } else { Self::Spanish }
    }

    /// Its code in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::English => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_has_a_name_and_words_of_its_own() {
        let mut words = HashSet::new();
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert!(words.insert(reason.words(Language::Spanish)));
            assert!(words.insert(reason.words(Language::English)));
        }
        let owners = Reason::InsufficientFunds.words(Language::Spanish);
        assert!(owners.starts_with("Su saldo es insuficiente"));
    }
}
