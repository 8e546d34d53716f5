//! What must come of a leg, and what of that follows from all that is told of it.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Provider;

/// What all events of a leg together tell of its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// `CallDuration`, or that nobody answered, from those who say so.
    pub stated: Option<u32>,
    /// It ended for a reason for which answered calls end.
    pub ends_as_answered: bool,
    /// `billed_duration_secs`
    pub billed: Option<u32>,
    /// When it began to ring.
    pub started_at: Option<OffsetDateTime>,
    /// When it was answered, if that is told.
    pub answered_at: Option<OffsetDateTime>,
    /// When it ended.
    pub ended_at: OffsetDateTime,
}

impl Length {
    /// That of a leg whose provider says how long it lasted.
    #[must_use]
    pub fn stated(seconds: u32, ended_at: OffsetDateTime) -> Self {
        Self {
            stated: Some(seconds),
            ends_as_answered: true,
            billed: None,
            started_at: None,
            answered_at: None,
            ended_at,
        }
    }
}

/// A leg that must stand in the books.
#[derive(Clone, Debug)]
pub struct ExpectedLeg {
    /// Who carries it.
    pub provider: Provider,
    /// What its events call it; it stands in the books once, by one of these names.
    pub names: Vec<String>,
    /// What the legs of one call have in common, where no parent tells which of them is charged.
    pub session: Option<Uuid>,
    /// What is told of its length.
    pub length: Length,
    /// The `status` of its log.
    pub outcome: String,
    /// Who pays for it, or for the leg that covers it.
    pub wallet: Uuid,
    /// From the customer's side.
    pub outbound: bool,
    /// The number that its rate is looked up by.
    pub rated_number: String,
    /// It was refused before it began, and costs nothing.
    pub refused: bool,
    /// Paid with its parent: neither log nor charge of its own.
    pub covered: bool,
    /// The recording that must be in its log.
    pub recording_url: Option<String>,
    /// The events that must be told before it is charged; none where time must go by as well.
    pub needs: Vec<usize>,
}

impl ExpectedLeg {
    /// A completed call from a customer into the world, with nothing special about it.
    #[must_use]
    pub fn outbound(
        provider: Provider,
        names: Vec<String>,
        wallet: Uuid,
        to: &str,
        length: Length,
    ) -> Self {
        Self {
            provider,
            names,
            session: None,
            length,
            outcome: "completed".to_owned(),
            wallet,
            outbound: true,
            rated_number: to.to_owned(),
            refused: false,
            covered: false,
            recording_url: None,
            needs: Vec::new(),
        }
    }

    /// The first of its names.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.names[0]
    }
}
