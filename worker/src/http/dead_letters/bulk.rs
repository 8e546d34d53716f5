//! What is asked about many dead letters at once.

use curbe_domain::providers::Provider;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::requests::{operator, unless_he_looks};
use crate::dead_letters::Reason;
use crate::dead_letters::replay::Selection;
use crate::dead_letters::run::Operator;
use crate::http::Refusal;
use crate::http::json::{self, invalid};
use crate::store::dead_letters::Filter;

/// As many as one request may be about.
const LETTERS_MAX: u32 = 1_000;
/// Whoever asked still waits: at the slowest, so many take most of a minute to be sent.
const RATE_MIN: u32 = 20;
const RATE_MAX: u32 = 1_000;
/// As `curbe` has it.
const RATE: u32 = 200;

/// Many are to be sent through again: those that are named, or open ones, the oldest first.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLettersReplayRequest)]
pub(crate) struct ReplayAllRequest {
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
    /// At most so many in a second, so that live traffic goes first.
    #[serde(default = "usual_rate")]
    #[schema(minimum = 20, maximum = 1000, default = 200)]
    rate: u32,
    /// These, whatever was decided about them before; then nothing else is said of which.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Option<Vec<Uuid>>,
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

/// Nobody is to be asked about these any more.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadLettersDiscardRequest)]
pub(crate) struct DiscardAllRequest {
    /// Who decides so.
    #[schema(min_length = 1, max_length = 1000)]
    by: String,
    /// Why; it is kept.
    #[schema(min_length = 1, max_length = 1000)]
    why: String,
    /// Which; by no filter, so that nothing is discarded that came in unseen.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<Uuid>,
}

impl ReplayAllRequest {
    /// Which letters, how many in a second, and who asks; `None`: he only looks.
    pub(super) fn read(body: &[u8]) -> Result<(Selection, u32, Option<Operator>), Refusal> {
        let request: Self = json::parse(body)?;
        let rate = request.rate;
        if !(RATE_MIN..=RATE_MAX).contains(&rate) {
            return Err(invalid(format!("rate is not from {RATE_MIN} to {RATE_MAX}.")));
        }
        let filter = Filter {
            provider: request.provider.map(|provider| provider.as_str().to_owned()),
            reason: request.reason,
            organization_id: request.organization_id,
            status: None,
            since: request.since,
            until: request.until,
        };
        let selection = selection(request.ids, filter, request.limit)?;
        Ok((selection, rate, unless_he_looks(request.by, request.why, request.dry_run)?))
    }
}

impl DiscardAllRequest {
    /// Which letters, and who asks.
    pub(super) fn read(body: &[u8]) -> Result<(Selection, Operator), Refusal> {
        let Self { by, why, ids } = json::parse(body)?;
        Ok((named(ids)?, operator(by, why)?))
    }
}

/// Those that are named, or those that are open: never both.
fn selection(ids: Option<Vec<Uuid>>, filter: Filter, limit: u32) -> Result<Selection, Refusal> {
    if limit == 0 || limit > LETTERS_MAX {
        return Err(invalid(format!("limit is not from 1 to {LETTERS_MAX}.")));
    }
    if let Some(reason) = filter.reason.as_deref().filter(|reason| !is_reason(reason)) {
        return Err(invalid(format!("reason {reason} is none.")));
    }
    match ids {
        None => Ok(Selection::Open { filter, most: i64::from(limit) }),
        Some(ids) if filter == Filter::default() && limit == LETTERS_MAX => named(ids),
        Some(_) => Err(invalid(
            "filters and a limit go without ids: letters that are named are all meant.",
        )),
    }
}

fn named(ids: Vec<Uuid>) -> Result<Selection, Refusal> {
    if ids.is_empty() || ids.len() > LETTERS_MAX as usize {
        return Err(invalid(format!("ids are not 1 to {LETTERS_MAX}.")));
    }
    Ok(Selection::Ids(ids))
}

/// Whether a reason has that name.
pub(super) fn is_reason(name: &str) -> bool {
    Reason::ALL.iter().any(|reason| reason.as_str() == name)
}

fn most() -> u32 {
    LETTERS_MAX
}

fn usual_rate() -> u32 {
    RATE
}
