//! What is told of letters that are sent through again, or would be.

use curbe_domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterFate)]
pub enum Fate {
    /// Its leg is settled.
    Settled,
    /// Its leg was settled before, and nothing moves.
    AlreadySettled,
    /// It is read, and its leg has not ended, or waits for another one.
    Taken,
    /// It is a dead letter once more.
    Failing,
    /// The worker has not come to it yet.
    Pending,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Settled, Self::AlreadySettled, Self::Taken, Self::Failing, Self::Pending];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::AlreadySettled => "already settled",
            Self::Taken => "taken",
            Self::Failing => "still failing",
            Self::Pending => "not handled yet",
        }
    }
}

/// A letter with what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterOutcome)]
pub struct Outcome {
    /// Which.
    pub id: Uuid,
    /// What becomes of it.
    pub fate: Fate,
    /// Why, where it fails.
    #[schema(required)]
    pub reason: Option<String>,
    /// Why, in words.
    #[schema(required)]
    pub detail: Option<String>,
}

/// What would move in a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterDifference)]
pub struct Difference {
    /// Which.
    pub wallet_id: Uuid,
    /// Rows that the ledger would get.
    pub postings: u64,
    /// What they add up to: negative, spent.
    pub amount: Money,
    /// What was posted before for legs that are told of again.
    pub already: Money,
    /// ISO 4217.
    pub currency: String,
}

/// What came of sending letters through again, or would come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterReplay)]
pub struct Report {
    /// The run; `null`: nothing was sent.
    #[schema(required)]
    pub run_id: Option<Uuid>,
    /// Nothing was changed.
    pub dry_run: bool,
    /// Letters in all.
    pub total: usize,
    /// Letters whose leg is settled.
    pub settled: usize,
    /// Letters whose leg had been settled before.
    pub already_settled: usize,
    /// Letters that were read, and settle nothing now.
    pub taken: usize,
    /// Letters that are dead letters once more.
    pub failing: usize,
    /// Letters that the worker has not come to yet.
    pub pending: usize,
    /// Of a dry run: what would move, wallet by wallet.
    pub wallets: Vec<Difference>,
    /// Each letter.
    pub letters: Vec<Outcome>,
}

impl Report {
    /// Counts the letters.
    #[must_use]
    pub fn new(run_id: Option<Uuid>, wallets: Vec<Difference>, letters: Vec<Outcome>) -> Self {
        let count = |fate| letters.iter().filter(|letter| letter.fate == fate).count();
        Self {
            run_id,
            dry_run: run_id.is_none(),
            total: letters.len(),
            settled: count(Fate::Settled),
            already_settled: count(Fate::AlreadySettled),
            taken: count(Fate::Taken),
            failing: count(Fate::Failing),
            pending: count(Fate::Pending),
            wallets,
            letters,
        }
    }

    /// How many letters became of it what `fate` says.
    #[must_use]
    pub fn of(&self, fate: Fate) -> usize {
        match fate {
            Fate::Settled => self.settled,
            Fate::AlreadySettled => self.already_settled,
            Fate::Taken => self.taken,
            Fate::Failing => self.failing,
            Fate::Pending => self.pending,
        }
    }

    /// Whether nothing is left to be looked at.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failing == 0 && self.pending == 0
    }
}
