//! How long a leg lasted: a pure decision from what has been told of it so far.
//!
//! Some providers say so; others leave it to be found from when the leg was answered. What rests on less may be
//! corrected once more is known, so the sum of what is charged does not depend on the order of the news.

use time::{Duration, OffsetDateTime};

use super::{LegFacts, Outcome, Talk};

/// How long a leg that has ended waits for the news of its answer.
pub const ANSWER_PATIENCE: Duration = Duration::seconds(5);
/// A call lasts a day at most; more is an error of somebody's, too expensive to believe.
pub const SECONDS_MAX: u32 = 86_400;

/// What a length rests on; what is worth more comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The cause of the end, and when the leg came into being.
    Guessed,
    /// The seconds that the provider charges for.
    Billed,
    /// When it was answered.
    Answered,
    /// The provider said it.
    Stated,
    /// Another leg of its session is the one to be charged.
    Session,
}

impl Basis {
    const ALL: [Self; 5] =
        [Self::Guessed, Self::Billed, Self::Answered, Self::Stated, Self::Session];

    /// The name in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guessed => "guessed",
            Self::Billed => "billed",
            Self::Answered => "answered",
            Self::Stated => "stated",
            Self::Session => "session",
        }
    }

    /// The basis of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == name)
    }
}

/// The end of a leg, with its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// Seconds from answer to end; 0 when it was not answered.
    pub seconds: u32,
    /// When it ended.
    pub ended_at: OffsetDateTime,
    /// What the seconds rest on.
    pub basis: Basis,
}

impl Ended {
    /// When it was answered: the end less the duration.
    #[must_use]
    pub fn started_at(&self) -> OffsetDateTime {
        self.ended_at - Duration::seconds(i64::from(self.seconds))
    }
}

/// Why a length cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// It has not ended, or news of its answer may yet come.
    #[error("it is not known yet")]
    Yet,
    /// Nothing says when it came into being.
    #[error("it ended as an answered call does, but nobody told when it began or was answered")]
    Beginning,
    /// Longer than a call can be.
    #[error("it would have lasted longer than {SECONDS_MAX} s")]
    TooLong,
}

/// How a leg ended and how long it lasted, from everything that is known now. `may_yet_be_told`: less than
/// [`ANSWER_PATIENCE`] went by since its end was heard of.
///
/// # Errors
/// [`Unknown`] where that cannot be said.
pub fn ended(facts: &LegFacts, may_yet_be_told: bool) -> Result<Ended, Unknown> {
    let hangup = facts.hangup.as_ref().ok_or(Unknown::Yet)?;
    let is = |outcome, seconds, basis| {
        if seconds > SECONDS_MAX {
            return Err(Unknown::TooLong);
        }
        Ok(Ended { outcome, seconds, ended_at: hangup.ended_at, basis })
    };
    let was_answered = match hangup.talk {
        Talk::Stated(seconds) => return is(hangup.outcome, seconds, Basis::Stated),
        Talk::Unstated { was_answered } => was_answered,
    };
    if let Some(answered_at) = facts.answered_at {
        let seconds = whole_seconds(answered_at, hangup.ended_at);
        return is(Outcome::Completed, seconds, Basis::Answered);
    }
    if may_yet_be_told {
        return Err(Unknown::Yet);
    }
    if !was_answered {
        return is(hangup.outcome, 0, Basis::Guessed);
    }
    if let Some(seconds) = facts.billed.and_then(|billed| billed.seconds) {
        return is(hangup.outcome, seconds, Basis::Billed);
    }
    let initiated_at = facts.initiated_at.ok_or(Unknown::Beginning)?;
    is(hangup.outcome, whole_seconds(initiated_at, hangup.ended_at), Basis::Guessed)
}

/// Seconds begun but not over do not count; an end before its beginning, by clocks that differ, is none.
fn whole_seconds(from: OffsetDateTime, to: OffsetDateTime) -> u32 {
    u32::try_from((to - from).whole_seconds().max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legs::{Billed, Hangup, LegKey};
    use crate::providers::Provider;
    use time::macros::datetime;

    const END: OffsetDateTime = datetime!(2026-11-20 10:01:00.900 UTC);

    fn leg(outcome: Outcome, talk: Talk) -> LegFacts {
        let key = LegKey { provider: Provider::Telnyx, leg: "l".to_owned() };
        LegFacts {
            hangup: Some(Hangup { outcome, talk, ended_at: END }),
            initiated_at: Some(datetime!(2026-11-20 10:00:00 UTC)),
            ..LegFacts::named(key)
        }
    }

    fn normal() -> LegFacts {
        leg(Outcome::Completed, Talk::Unstated { was_answered: true })
    }

    fn seconds(facts: &LegFacts, may_yet_be_told: bool) -> Result<(u32, Basis), Unknown> {
        ended(facts, may_yet_be_told).map(|ended| (ended.seconds, ended.basis))
    }

    #[test]
    fn what_is_stated_holds_at_once() {
        let stated = leg(Outcome::Completed, Talk::Stated(45));
        assert_eq!(seconds(&stated, true), Ok((45, Basis::Stated)));
        assert_eq!(ended(&stated, true).unwrap().started_at(), END - Duration::seconds(45));
        let beyond = leg(Outcome::Completed, Talk::Stated(86_401));
        assert_eq!(seconds(&beyond, true), Err(Unknown::TooLong));
    }

    #[test]
    fn an_answer_is_waited_for_and_then_guessed() {
        let mut facts = normal();
        assert_eq!(seconds(&facts, true), Err(Unknown::Yet));
        assert_eq!(seconds(&facts, false), Ok((60, Basis::Guessed)));
        facts.billed = Some(Billed { cost: None, seconds: Some(30) });
        assert_eq!(seconds(&facts, true), Err(Unknown::Yet));
        assert_eq!(seconds(&facts, false), Ok((30, Basis::Billed)));
        facts.answered_at = Some(datetime!(2026-11-20 10:00:15.000 UTC));
        assert_eq!(seconds(&facts, true), Ok((45, Basis::Answered)));
        assert_eq!(seconds(&facts, false), Ok((45, Basis::Answered)));
    }

    #[test]
    fn an_end_without_an_answer_is_free_whatever_was_billed() {
        let mut facts = leg(Outcome::Busy, Talk::Unstated { was_answered: false });
        facts.billed = Some(Billed { cost: None, seconds: Some(60) });
        assert_eq!(seconds(&facts, true), Err(Unknown::Yet));
        assert_eq!(seconds(&facts, false), Ok((0, Basis::Guessed)));
        assert_eq!(ended(&facts, false).unwrap().outcome, Outcome::Busy);
        facts.answered_at = Some(END - Duration::seconds(9));
        assert_eq!(ended(&facts, false).unwrap().outcome, Outcome::Completed);
    }

    #[test]
    fn nothing_is_made_up() {
        let mut facts = normal();
        facts.initiated_at = None;
        assert_eq!(seconds(&facts, false), Err(Unknown::Beginning));
        facts.initiated_at = Some(END - Duration::days(3));
        assert_eq!(seconds(&facts, false), Err(Unknown::TooLong));
        facts.answered_at = Some(END + Duration::seconds(3));
        assert_eq!(seconds(&facts, false), Ok((0, Basis::Answered)));
        facts.hangup = None;
        assert_eq!(seconds(&facts, false), Err(Unknown::Yet));
    }

    #[test]
    fn bases_have_names_and_an_order() {
        for basis in Basis::ALL {
            assert_eq!(Basis::parse(basis.as_str()), Some(basis));
        }
        assert!(Basis::ALL.is_sorted());
    }
}
