//! Which dead letters a command is about.

use clap::builder::PossibleValuesParser;
use curbe_domain::providers::Provider;
use curbe_worker::dead_letters::Reason;
use curbe_worker::dead_letters::replay::Selection;
use curbe_worker::store::dead_letters::Filter;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::numbers::provider;
use crate::time_argument::Since;

/// As many as are chosen where nothing else is said, and at most: each is told of afterwards.
const MOST: i64 = 100_000;
const LIMIT_MAX: i64 = 1_000_000;

#[derive(clap::Args, Debug)]
pub(super) struct Filters {
    /// Only of this provider.
    #[arg(long, value_parser = provider())]
    provider: Option<Provider>,
    /// Only for this reason.
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::as_str)))]
    reason: Option<String>,
    /// Only of this organization, as far as it is known whose they are.
    #[arg(long)]
    organization: Option<Uuid>,
    /// Only those given up since then: 2h, 7d, 2026-12-01.
    #[arg(long, value_parser = Since::parse)]
    since: Option<Since>,
    /// Only those given up before then: 2h, 7d, 2026-12-01.
    #[arg(long, value_parser = Since::parse)]
    until: Option<Since>,
}

impl Filters {
    /// The filter, for letters of this status.
    pub(super) fn filter(self, status: Option<String>) -> Filter {
        let now = OffsetDateTime::now_utc();
        Filter {
            provider: self.provider.map(|provider| provider.as_str().to_owned()),
            reason: self.reason,
            organization_id: self.organization,
            status,
            since: self.since.map(|since| since.at(now)),
            until: self.until.map(|until| until.at(now)),
        }
    }
}

#[derive(clap::Args, Debug)]
pub(super) struct Chosen {
    /// These.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<Uuid>,
    /// All that are open, as far as the filters want them.
    #[arg(long)]
    all: bool,
    /// With --all: at most so many, the oldest first.
    #[arg(long, requires = "all", default_value_t = MOST, value_parser = clap::value_parser!(i64).range(1..=LIMIT_MAX))]
    limit: i64,
    #[command(flatten)]
    filters: Filters,
}

impl Chosen {
    /// What is chosen.
    ///
    /// # Errors
    /// It is not said right; in words.
    pub(super) fn selection(self) -> Result<Selection, &'static str> {
        let filter = self.filters.filter(None);
        if self.all {
            return Ok(Selection::Open { filter, most: self.limit });
        }
        if filter != Filter::default() {
            return Err("filters go with --all: letters that are named are all meant");
        }
        Ok(Selection::Ids(self.ids))
    }
}
