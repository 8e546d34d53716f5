//! What is asked about dead letters, and by whom.

use curbe_domain::providers::Provider;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dead_letters::Reason;
use crate::dead_letters::replay::Selection;
use crate::dead_letters::run::Operator;
use crate::http::Refusal;
use crate::http::json::{self, invalid};
use crate::store::dead_letters::Filter;

/// As many as one request may send.
const LETTERS_MAX: u32 = 1_000;
const WORDS_MAX: usize = 1_000;

/// One is to be sent through again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLetterReplayRequest)]
pub(crate) struct ReplayRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// Open ones are to be sent through again, the oldest first.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLettersReplayRequest)]
pub(crate) struct ReplayAllRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// Only of this provider.
    #[serde(default)]
    provider: Option<Provider>,
    /// Only for this reason.
    #[serde(default)]
    reason: Option<String>,
    /// Only of this organization, as far as it is known whose they are.
    #[serde(default)]
    organization_id: Option<Uuid>,
    /// Only those given up at this time or later.
    #[serde(default, with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
    /// Only those given up before this time.
    #[serde(default, with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
    /// At most so many.
    #[serde(default = "most")]
    #[schema(minimum = 1, maximum = 1000, default = 1000)]
    limit: u32,
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
    /// Why; it is kept.
    #[schema(min_length = 1, max_length = 1000)]
    why: String,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

impl ReplayRequest {
    /// Who asks, and whether he only looks.
    pub(super) fn read(body: &[u8]) -> Result<(Operator, bool), Refusal> {
        let Self { by, why, dry_run } = json::parse(body)?;
        Ok((operator(by, why)?, dry_run))
    }
}

impl ReplayAllRequest {
    /// Which letters, who asks, and whether he only looks.
    pub(super) fn read(body: &[u8]) -> Result<(Selection, Operator, bool), Refusal> {
        let request: Self = json::parse(body)?;
        if request.limit == 0 || request.limit > LETTERS_MAX {
            return Err(invalid(format!("limit is not from 1 to {LETTERS_MAX}.")));
        }
        if let Some(reason) = request.reason.as_deref().filter(|reason| !is_reason(reason)) {
            return Err(invalid(format!("reason {reason} is none.")));
        }
        let filter = Filter {
            provider: request.provider.map(|provider| provider.as_str().to_owned()),
            reason: request.reason,
            organization_id: request.organization_id,
            status: None,
            since: request.since,
            until: request.until,
        };
        let selection = Selection::Open { filter, most: i64::from(request.limit) };
        Ok((selection, operator(request.by, request.why)?, request.dry_run))
    }
}

impl DiscardRequest {
    /// Who asks.
    pub(super) fn read(body: &[u8]) -> Result<Operator, Refusal> {
        let Self { by, why } = json::parse(body)?;
        if why.trim().is_empty() {
            return Err(invalid("why is empty: nobody can tell later why nothing was charged."));
        }
        operator(by, why)
    }
}

impl AcceptRequest {
    /// Who asks, and whether he only looks.
    pub(super) fn read(body: &[u8]) -> Result<(Operator, bool), Refusal> {
        let Self { by, why, dry_run } = json::parse(body)?;
        if why.trim().is_empty() {
            return Err(invalid("why is empty: nobody can tell later why money moved."));
        }
        Ok((operator(by, why)?, dry_run))
    }
}

/// Whether a reason has that name.
pub(super) fn is_reason(name: &str) -> bool {
    Reason::ALL.iter().any(|reason| reason.as_str() == name)
}

fn operator(by: String, why: String) -> Result<Operator, Refusal> {
    let is_short = |text: &String| text.chars().count() <= WORDS_MAX;
    if by.trim().is_empty() || !is_short(&by) || !is_short(&why) {
        return Err(invalid(format!(
            "by is empty, or by or why longer than {WORDS_MAX} characters."
        )));
    }
    Ok(Operator { actor: by, why })
}

fn most() -> u32 {
    LETTERS_MAX
}
