//! Calls that begin while nothing can be known of them.

use curbe_domain::legs::Direction;
use curbe_domain::phone::Address;
use curbe_domain::preflight::{Reason, Target};

use super::settings::{WhenBlind, seconds};
use super::{Asking, Decision, Preflight};

impl Preflight {
    pub(super) async fn blind(&self, asking: &Asking<'_>) -> Decision {
        match self.settings.preflight_when_blind {
            WhenBlind::Allow => match self.reachable(asking) {
                Some((target, caller_id)) => {
                    let limit = seconds(self.settings.preflight_blind_limit);
                    Decision::blind(self.dial(target, caller_id, Some(limit)))
                }
                None => Decision::no_target(),
            },
            WhenBlind::Reject => {
                self.refuse(asking, Reason::Unavailable, self.policy.language, None).await
            }
        }
    }

    /// Where an outgoing call goes, and the number shown there. Where one that comes in goes is not known: connected to
    /// the number that it called, it would come in again.
    fn reachable(&self, asking: &Asking<'_>) -> Option<(Target, Option<String>)> {
        let leg = asking.leg;
        let from = leg.from.as_deref().map_or(Address::Other, Address::parse);
        let is_identity = matches!(from, Address::Identity(_));
        if leg.direction == Some(Direction::Inbound) && !is_identity {
            return None;
        }
        let to = Address::parse(leg.to.as_deref()?);
        Some((Target::Number(to.number()?.to_string()), from.number().map(ToString::to_string)))
    }
}
