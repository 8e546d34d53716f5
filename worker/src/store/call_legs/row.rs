//! A row of `call_legs` as a leg.

use curbe_domain::legs::duration::Basis;
use curbe_domain::legs::{
    Billed, Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus, Talk,
};
use curbe_domain::preflight::Reason;
use curbe_domain::providers::Provider;
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::{LegRow, Settled, SettledAs};
use crate::store::wallets::money;

/// The columns that every query returns.
pub(super) struct Row {
    pub(super) provider: String,
    pub(super) leg: String,
    pub(super) parent: Option<String>,
    pub(super) session: Option<String>,
    pub(super) account: Option<String>,
    pub(super) from_address: Option<String>,
    pub(super) to_address: Option<String>,
    pub(super) direction: Option<String>,
    pub(super) initiated_at: Option<OffsetDateTime>,
    pub(super) answered_at: Option<OffsetDateTime>,
    pub(super) outcome: Option<String>,
    pub(super) seconds: Option<i32>,
    pub(super) talked: Option<bool>,
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) provider_cost: Option<Decimal>,
    pub(super) billed_seconds: Option<i32>,
    pub(super) recording_status: Option<String>,
    pub(super) recording_url: Option<String>,
    pub(super) recording_id: Option<String>,
    pub(super) settled_as: Option<String>,
    pub(super) settled_seconds: Option<i32>,
    pub(super) settled_by: Option<String>,
    pub(super) heard_at: Option<OffsetDateTime>,
    pub(super) refusal: Option<String>,
    pub(super) alone_at: Option<OffsetDateTime>,
}

impl Row {
    pub(super) fn into_leg(self) -> Result<LegRow, sqlx::Error> {
        Ok(LegRow {
            heard_at: self.heard_at,
            refusal: self.refusal.as_deref().and_then(Reason::parse),
            is_alone: self.alone_at.is_some(),
            terms: None,
            settled: self.settled(),
            facts: LegFacts {
                hangup: self.hangup(),
                billed: self.billed()?,
                recording: self.recording(),
                // The check constraint admits these names alone.
                key: LegKey {
                    provider: Provider::parse(&self.provider).unwrap_or(Provider::Twilio),
                    leg: self.leg,
                },
                other_names: Vec::new(),
                parent: self.parent,
                session: self.session,
                account: self.account,
                from: self.from_address,
                to: self.to_address,
                direction: self.direction.as_deref().and_then(Direction::parse),
                initiated_at: self.initiated_at,
                answered_at: self.answered_at,
            },
        })
    }

    fn hangup(&self) -> Option<Hangup> {
        let stated = self.seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let unstated = Talk::Unstated { was_answered: self.talked.unwrap_or_default() };
        Some(Hangup {
            outcome: self.outcome.as_deref().and_then(Outcome::parse)?,
            talk: stated.map_or(unstated, Talk::Stated),
            ended_at: self.ended_at?,
        })
    }

    fn billed(&self) -> Result<Option<Billed>, sqlx::Error> {
        if self.provider_cost.is_none() && self.billed_seconds.is_none() {
            return Ok(None);
        }
        let cost = self.provider_cost.map(money).transpose()?;
        let seconds = self.billed_seconds.and_then(|seconds| u32::try_from(seconds).ok());
        Ok(Some(Billed { cost, seconds }))
    }

    fn recording(&self) -> Option<Recording> {
        Some(Recording {
            status: self.recording_status.as_deref().and_then(RecordingStatus::parse)?,
            url: self.recording_url.clone(),
            id: self.recording_id.clone(),
        })
    }

    fn settled(&self) -> Option<Settled> {
        let stated = self.seconds.unwrap_or_default();
        Some(Settled {
            settled_as: self.settled_as.as_deref().and_then(SettledAs::parse)?,
            // Legs settled before lengths were corrected rest on what was stated.
            seconds: u32::try_from(self.settled_seconds.unwrap_or(stated)).unwrap_or_default(),
            basis: self.settled_by.as_deref().and_then(Basis::parse).unwrap_or(Basis::Stated),
        })
    }
}
