//! Refusing a call: recorded first, so that its own end costs nothing, then spoken, twice at most in ten minutes. Silent
//! where the queue does not have it yet.

use curbe_domain::authorization::{CreditEvent, Refused};
use curbe_domain::money::Money;
use curbe_domain::preflight::{Language, Reason};
use sha2::{Digest, Sha256};

use super::{Asking, Decision, Preflight};

/// Who goes on trying hears nothing more: each spoken refusal is an answered call at the provider.
const SPOKEN_MAX: u64 = 2;

impl Preflight {
    pub(super) async fn refuse(
        &self,
        asking: &Asking<'_>,
        reason: Reason,
        language: Language,
        available: Option<Money>,
    ) -> Decision {
        let event = CreditEvent::Refused(Refused {
            provider: asking.leg.key.provider,
            leg: asking.leg.key.leg.clone(),
            reason,
            decided_at: asking.at,
        });
        let is_ahead = match self.keep(asking, &event).await {
            // Else its end may be told elsewhere and overtake it; then an answered refusal would be charged.
            Ok(kept) => self.is_queued(asking, kept).await,
            Err(rejection) => {
                let (reason, detail) = (rejection.reason(), rejection.detail());
                tracing::warn!(
                    requestId = asking.request_id,
                    reason,
                    detail,
                    "a refusal is not recorded"
                );
                false
            }
        };
        let is_spoken = is_ahead && self.is_worth_words(asking).await;
        Decision::refused(reason, language, is_spoken, available)
    }

    async fn is_worth_words(&self, asking: &Asking<'_>) -> bool {
        let key = &asking.leg.key;
        let caller = asking.leg.from.as_deref().unwrap_or_default();
        // Whatever a caller calls himself, the name of a key stays short.
        let digest = Sha256::digest(format!("{}:{caller}", key.provider));
        let who: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        match self.cache.count_refusal(&who).await {
            Ok(count) => count <= SPOKEN_MAX,
            // Without Redis nobody counts.
            Err(_) => true,
        }
    }
}
