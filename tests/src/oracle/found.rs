//! Whether the books hold what the oracle says, leg by leg. Nothing here asks the product.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::PgPool;
use uuid::Uuid;

use super::{Books, Settled, text, units};
use crate::simulator::flow::{ExpectedLeg, Provider};

/// What the books hold of a leg.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Found {
    /// The name that it stands by.
    pub leg: String,
    /// What it was settled as.
    pub settled_as: Option<String>,
    /// The price in the log.
    price: Option<String>,
    /// What was charged by that price.
    charge: Option<String>,
    /// What corrected it later.
    corrections: Option<String>,
    wallet_id: Option<Uuid>,
    recording_url: Option<String>,
}

const LEGS: &str = "
    select l.leg, l.settled_as, g.customer_price::text as price, t.charge, t.corrections, g.wallet_id, g.recording_url
    from call_legs l
    left join call_logs g on g.external_call_id = l.leg and g.provider = l.provider
    left join lateral (
        select sum(amount) filter (where type = 'call_charge')::text as charge,
            sum(amount) filter (where type <> 'call_charge')::text as corrections
        from wallet_transactions where reference_id = g.id
    ) t on true";

/// How a leg differs from what the oracle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It stands in the books so many times instead of once.
    Times(usize),
    /// It was settled, and nobody made this call.
    Unknown,
    /// Another wallet paid.
    Wallet,
    /// It was settled otherwise, or not yet.
    Settled {
        /// As it is.
        is: String,
        /// As it should be.
        should: String,
    },
    /// Another recording is in its log, or none.
    Recording {
        /// As it is.
        is: Option<String>,
        /// As it should be.
        should: Option<String>,
    },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "stands in the books {times} times"),
            Self::Unknown => write!(f, "nobody made this call"),
            Self::Wallet => write!(f, "charged to the wrong wallet"),
            Self::Settled { is, should } => write!(f, "{is} instead of {should}"),
            Self::Recording { is, should } => {
                write!(f, "recording {is:?} instead of {should:?}")
            }
        }
    }
}

/// Reads every leg.
///
/// # Errors
/// The database does not answer.
pub async fn legs(pool: &PgPool) -> Result<Vec<Found>, sqlx::Error> {
    sqlx::query_as(LEGS).fetch_all(pool).await
}

/// Whatever is not as the oracle says, by the leg's name.
#[must_use]
pub fn differences(
    found: &[Found],
    legs: &[ExpectedLeg],
    expected: &Books,
) -> Vec<(String, Wrong)> {
    let mut rows: BTreeMap<&str, &Found> =
        found.iter().map(|found| (found.leg.as_str(), found)).collect();
    let mut differences = Vec::new();
    for leg in legs {
        let rows: Vec<&Found> = leg.names.iter().filter_map(|name| rows.remove(&**name)).collect();
        let settled = expected.legs.get(leg.id()).copied().unwrap_or(Settled::NoRate);
        let wrong = difference(leg, settled, &rows);
        differences.extend(wrong.map(|wrong| (leg.id().to_owned(), wrong)));
    }
    let settled = rows.values().filter(|row| row.settled_as.is_some());
    differences.extend(settled.map(|row| (row.leg.clone(), Wrong::Unknown)));
    differences
}

fn difference(leg: &ExpectedLeg, should: Settled, rows: &[&Found]) -> Option<Wrong> {
    let [row] = rows else { return Some(Wrong::Times(rows.len())) };
    if row.wallet_id.is_some_and(|wallet| wallet != leg.wallet) {
        return Some(Wrong::Wallet);
    }
    let is = row.words(leg.provider);
    let should = match should {
        Settled::Charged(price) => format!("charged {}", text(price)),
        Settled::Behind if is == "covered" => is.clone(),
        Settled::Free | Settled::Behind => "free".to_owned(),
        Settled::Covered => "covered".to_owned(),
        Settled::NoRate => "not settled".to_owned(),
    };
    if is != should {
        return Some(Wrong::Settled { is, should });
    }
    let has_log = row.price.is_some();
    (has_log && row.recording_url != leg.recording_url).then(|| Wrong::Recording {
        is: row.recording_url.clone(),
        should: leg.recording_url.clone(),
    })
}

impl Found {
    /// How the leg was settled, if its mark, its log and its ledger say the same.
    fn words(&self, provider: Provider) -> String {
        let taken = |amount: &Option<String>| -amount.as_deref().map_or(0, units);
        let (charge, corrected) = (taken(&self.charge), taken(&self.corrections));
        let price = self.price.as_deref().map(units);
        let is_final = self.corrections.is_none() || provider == Provider::Telnyx;
        match (self.settled_as.as_deref(), price) {
            (None, None) => "not settled".to_owned(),
            (Some("covered"), None) => "covered".to_owned(),
            (Some("charged" | "free"), Some(price)) if price == charge && is_final => {
                match charge + corrected {
                    0 => "free".to_owned(),
                    taken => format!("charged {}", text(taken)),
                }
            }
            other => format!("{other:?} with {charge} and {corrected}"),
        }
    }
}
