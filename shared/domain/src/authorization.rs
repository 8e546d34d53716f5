//! What pre-flight decided of a leg, as it goes through the queue: its own words, unlike the providers' bytes.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::legs::{Direction, LegKey};
use crate::money::Money;
use crate::preflight::Reason;
use crate::providers::Provider;
use crate::rating::Rate;

/// The last part of the subject of a decision that lets a call begin.
pub const AUTHORIZED: &str = "authorized";
/// The last part of the subject of any other one.
pub const REFUSED: &str = "refused";

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CreditEvent {
    /// The leg may begin; it is settled on these terms.
    Authorized(Box<Authorized>),
    /// The leg is an emergency call: nobody is asked for money, and it costs nothing.
    Emergency(Emergency),
    /// The leg may not begin; its own end costs nothing.
    Refused(Refused),
    /// An earlier `authorized` does not hold: its caller was never told of it.
    Withdrawn(Withdrawn),
}

/// What a call was authorized on. It holds whatever changes meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    /// Of this decision alone: a leg asked about again is told the same under another one.
    pub id: Uuid,
    /// Who carries the leg.
    pub provider: Provider,
    /// The leg, as it was asked about.
    pub leg: String,
    /// Who pays.
    pub wallet_id: Uuid,
    /// The user; `None`: the wallet's holder.
    pub user_id: Option<Uuid>,
    /// The customer's direction.
    pub direction: Direction,
    /// Who is called, E.164.
    pub number: String,
    /// At which rate.
    pub rate: Rate,
    /// What is set aside.
    pub amount: Money,
    /// How long that lasts, in seconds.
    pub seconds: u32,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub decided_at: OffsetDateTime,
    /// When the leg must have ended, and its end must have been told.
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
}

/// An emergency call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emergency {
    /// Of this decision alone.
    pub id: Uuid,
    /// Who carries the leg.
    pub provider: Provider,
    /// The leg, as it was asked about.
    pub leg: String,
    /// The number as it was dialled.
    pub number: String,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub decided_at: OffsetDateTime,
    /// When the leg must have ended.
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// Who carries the leg.
    pub provider: Provider,
    /// The leg, as it was asked about.
    pub leg: String,
    /// Why.
    pub reason: Reason,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub decided_at: OffsetDateTime,
}

/// What takes an `authorized` back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawn {
    /// The decision that does not hold.
    pub id: Uuid,
    /// Who carries the leg.
    pub provider: Provider,
    /// The leg, as it was asked about.
    pub leg: String,
    /// Whose money was set aside.
    pub wallet_id: Uuid,
    /// When it was taken back.
    #[serde(with = "time::serde::rfc3339")]
    pub decided_at: OffsetDateTime,
}

impl Authorized {
    /// As it stands beside its hold, which knows the amount: what is told again to who asks again. JSON.
    #[must_use]
    pub fn purpose(&self) -> String {
        // Names, numbers and times of our own making always serialize.
        serde_json::to_string(&Self { amount: Money::ZERO, seconds: 0, ..self.clone() })
            .unwrap_or_default()
    }
}

impl CreditEvent {
    /// The last part of its subject.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Authorized(_) | Self::Emergency(_) => AUTHORIZED,
            Self::Refused(_) | Self::Withdrawn(_) => REFUSED,
        }
    }

    /// The leg that it is about.
    #[must_use]
    pub fn key(&self) -> LegKey {
        let (provider, leg) = match self {
            Self::Authorized(event) => (event.provider, &event.leg),
            Self::Emergency(event) => (event.provider, &event.leg),
            Self::Refused(event) => (event.provider, &event.leg),
            Self::Withdrawn(event) => (event.provider, &event.leg),
        };
        LegKey { provider, leg: leg.clone() }
    }
}

/// The name of a leg's hold among those of its wallet, as the leg was asked about.
#[must_use]
pub fn hold_of_call(key: &LegKey) -> String {
    format!("{CALLS}{}:{}", key.provider, key.leg)
}

/// The name of the hold of something else.
#[must_use]
pub fn hold_of(id: Uuid) -> String {
    format!("other:{id}")
}

/// How the names of calls' holds begin.
pub const CALLS: &str = "call:";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_decision_reads_back_as_what_it_was() {
        let refused = CreditEvent::Refused(Refused {
            provider: Provider::Twilio,
            leg: "CA1".to_owned(),
            reason: Reason::InsufficientFunds,
            decided_at: datetime!(2026-11-26 10:00 UTC),
        });
        let text = serde_json::to_string(&refused).unwrap();
        assert_eq!(
            text,
            r#"{"type":"refused","provider":"twilio","leg":"CA1","reason":"insufficient_funds","decidedAt":"2026-11-26T10:00:00Z"}"#
        );
        assert_eq!(serde_json::from_str::<CreditEvent>(&text).unwrap(), refused);
        assert_eq!(
            (refused.kind(), hold_of_call(&refused.key())),
            (REFUSED, "call:twilio:CA1".to_owned())
        );
    }

    fn legs() -> impl Strategy<Value = String> {
        "[A-Za-z0-9_:.-]{1,200}"
    }

    /// To the microsecond, as pre-flight decides.
    fn instants() -> impl Strategy<Value = OffsetDateTime> {
        (0_i64..4_000_000_000, 0_i64..1_000_000).prop_map(|(seconds, micros)| {
            OffsetDateTime::from_unix_timestamp(seconds).unwrap() + Duration::microseconds(micros)
        })
    }

    fn authorized() -> impl Strategy<Value = CreditEvent> {
        let who = (select(Provider::ALL.as_slice()), legs(), any::<[u128; 3]>(), any::<bool>());
        let what = (r"\+[1-9][0-9]{0,14}", "[0-9]{1,15}", any::<[u32; 3]>(), 0_i64..=9_999_999_999);
        (who, what, instants(), instants()).prop_map(
            |(
                (provider, leg, [id, wallet, other], is_holder),
                (number, prefix, steps, units),
                decided_at,
                due_at,
            )| {
                let amount = Money::from_units(units).unwrap();
                CreditEvent::Authorized(Box::new(Authorized {
                    id: Uuid::from_u128(id),
                    provider,
                    leg,
                    wallet_id: Uuid::from_u128(wallet),
                    user_id: (!is_holder).then(|| Uuid::from_u128(other)),
                    direction: if is_holder { Direction::Inbound } else { Direction::Outbound },
                    number,
                    rate: Rate {
                        id: Uuid::from_u128(other),
                        prefix,
                        direction: is_holder.then_some(Direction::Outbound),
                        rate_per_minute: amount,
                        connection_fee: amount,
                        initial_increment_seconds: steps[0],
                        increment_seconds: steps[1],
                    },
                    amount,
                    seconds: steps[2],
                    decided_at,
                    due_at,
                }))
            },
        )
    }

    proptest! {
        #[test]
        fn terms_read_back_to_the_last_digit(event in authorized()) {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<CreditEvent>(&text).unwrap(), event);
        }

        #[test]
        fn no_bytes_make_reading_them_fail(bytes: Vec<u8>, event in authorized(), cut: Index, byte: u8) {
            serde_json::from_slice::<CreditEvent>(&bytes).ok();
            let mut changed = serde_json::to_vec(&event).unwrap();
            let at = cut.index(changed.len());
            changed[at] = byte;
            serde_json::from_slice::<CreditEvent>(&changed).ok();
            changed.truncate(at);
            prop_assert!(serde_json::from_slice::<CreditEvent>(&changed).is_err());
        }

        #[test]
        fn the_hold_of_a_leg_is_one_word_and_no_other_legs(provider in select(Provider::ALL.as_slice()), leg in legs(), other in legs()) {
            let named = |leg: &str| hold_of_call(&LegKey { provider, leg: leg.to_owned() });
            prop_assert!(named(&leg).starts_with(CALLS));
            let has_markers = named(&leg).contains([' ', '{', '}', '*']);
            prop_assert!(!has_markers, "{}", named(&leg));
            prop_assert_eq!(named(&leg) == named(&other), leg == other);
        }
    }
}
