//! Money set aside in the cache, by the script that pre-flight uses too: there is no second decider.

use curbe_domain::money::Money;
use curbe_platform::credit::{Ask, CreditCache, CreditError, Kind, Placed, Refused, Taken, Wanted};
use time::OffsetDateTime;
use uuid::Uuid;

use super::failure::Failure;
use crate::http::Refusal;

/// A hold of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aside {
    pub(super) wallet_id: Uuid,
    /// ISO 4217.
    pub(super) currency: String,
    /// Its name among the holds of the wallet.
    pub(super) hold: String,
    /// Of a call, which pre-flight takes over.
    pub(super) is_call: bool,
    pub(super) amount: Money,
    /// Below this balance no call starts.
    pub(super) threshold: Money,
    /// As many calls may run at once.
    pub(super) calls_max: Option<u32>,
}

impl Aside {
    async fn ask(&self, cache: &CreditCache, now: OffsetDateTime) -> Result<Placed, CreditError> {
        let wanted = Wanted {
            keeps_threshold: self.is_call,
            calls_max: self.calls_max,
            ..Wanted::exactly(self.amount)
        };
        let kind = if self.is_call { Kind::Announced } else { Kind::Other };
        let (wallet_id, hold) = (self.wallet_id, self.hold.as_str());
        cache.place(&Ask { wallet_id, hold, kind, purpose: "", wanted, now }).await
    }

    /// Sets it aside; what was set aside under its name is replaced.
    ///
    /// # Errors
    /// There is not enough, the wallet is to be loaded first, or the cache does not say.
    pub(super) async fn place(
        &self,
        cache: &CreditCache,
        now: OffsetDateTime,
    ) -> Result<Taken, Failure> {
        let refusal = match self.ask(cache, now).await? {
            Placed::New(taken) => return Ok(taken),
            Placed::NotLoaded => return Err(Failure::NotLoaded(self.wallet_id)),
            Placed::Again(..) => {
                Refusal::conflict("leg_authorized", "The call has asked already, and may begin.")
            }
            Placed::Refused(refused) => self.refused(refused),
        };
        Err(Failure::Decided(refusal))
    }

    fn refused(&self, refused: Refused) -> Refusal {
        match refused {
            Refused::InsufficientFunds { balance, .. }
                if self.is_call && balance < self.threshold =>
            {
                Refusal::insufficient_funds(self.threshold, balance, &self.currency)
            }
            Refused::InsufficientFunds { available, .. }
            | Refused::FundsInUse { available, .. } => {
                Refusal::insufficient_funds(self.amount, available, &self.currency)
            }
            Refused::Suspended => super::suspended(),
            Refused::TooManyCalls => {
                Refusal::conflict("too_many_calls", "As many calls run as may run at once.")
            }
        }
    }

    /// Gives it back: nothing stands behind it. A call's stays if the call has asked meanwhile. What cannot be given back
    /// is found by the worker's sweep.
    pub(super) async fn drop_from(&self, cache: &CreditCache, now: OffsetDateTime) {
        let dropped = if self.is_call {
            cache.drop_announced(self.wallet_id, &self.hold).await
        } else {
            cache.drop_hold(self.wallet_id, &self.hold, now).await
        };
        if let Err(error) = dropped {
            tracing::warn!(%error, hold = self.hold, "a hold is left to the sweep");
        }
    }

    /// Looks at it once more after the commit, and sets it aside again where it is gone.
    ///
    /// # Errors
    /// The money went to somebody else meanwhile, or the wallet is to be loaded first.
    pub(super) async fn look_again(&self, cache: &CreditCache) -> Result<(), Failure> {
        let (problem, looked) = match self.ask(cache, OffsetDateTime::now_utc()).await {
            Ok(Placed::New(_) | Placed::Again(..)) => return Ok(()),
            Ok(Placed::NotLoaded) => return Err(Failure::NotLoaded(self.wallet_id)),
            Ok(Placed::Refused(refused)) => (
                "the money went to somebody else meanwhile".to_owned(),
                Err(Failure::Decided(self.refused(refused))),
            ),
            // Gone with everything else: whoever loads the wallet again finds it in the database.
            Err(error) => (error.to_string(), Ok(())),
        };
        metrics::counter!("curbe_holds_not_confirmed_total").increment(1);
        tracing::warn!(wallet = %self.wallet_id, hold = self.hold, problem, "a hold is not confirmed");
        looked
    }
}
