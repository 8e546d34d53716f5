//! What is asked about one dead letter, and by whom.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::dead_letters::run::Operator;
use crate::http::Refusal;
use crate::http::json::{self, invalid};

const WORDS_MAX: usize = 1_000;

/// One is to be sent through again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLetterReplayRequest)]
pub(crate) struct ReplayRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept. Needed unless nothing is to be changed.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// Nobody is to be asked about one any more.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLetterDiscardRequest)]
pub(crate) struct DiscardRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept.
    #[schema(min_length = 1, max_length = 1000)]
    why: String,
}

/// The word of a conflict is to stand in place of the first.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLetterAcceptRequest)]
pub(crate) struct AcceptRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept. Needed unless nothing is to be changed.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

impl ReplayRequest {
    /// Who asks; `None`: he only looks.
    pub(super) fn read(body: &[u8]) -> Result<Option<Operator>, Refusal> {
        let Self { by, why, dry_run } = json::parse(body)?;
        unless_he_looks(by, why, dry_run)
    }
}

impl DiscardRequest {
    /// Who asks.
    pub(super) fn read(body: &[u8]) -> Result<Operator, Refusal> {
        let Self { by, why } = json::parse(body)?;
        operator(by, why)
    }
}

impl AcceptRequest {
    /// Who asks; `None`: he only looks.
    pub(super) fn read(body: &[u8]) -> Result<Option<Operator>, Refusal> {
        let Self { by, why, dry_run } = json::parse(body)?;
        unless_he_looks(by, why, dry_run)
    }
}

pub(super) fn unless_he_looks(
    by: String,
    why: String,
    dry_run: bool,
) -> Result<Option<Operator>, Refusal> {
    if dry_run {
        are_words(&by, &why)?;
        return Ok(None);
    }
    operator(by, why).map(Some)
}

pub(super) fn operator(by: String, why: String) -> Result<Operator, Refusal> {
    are_words(&by, &why)?;
    Operator::new(by, why).map_err(|error| invalid(format!("why is empty: {error}.")))
}

fn are_words(by: &str, why: &str) -> Result<(), Refusal> {
    let is_short = |text: &str| text.chars().count() <= WORDS_MAX;
    if by.trim().is_empty() || !is_short(by) || !is_short(why) {
        return Err(invalid(format!(
            "by is empty, or by or why longer than {WORDS_MAX} characters."
        )));
    }
    Ok(())
}
