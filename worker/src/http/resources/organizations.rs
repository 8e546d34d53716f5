//! `PUT /api/organizations/{id}`.

use curbe_domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, Resources, answer, judged, said};
use crate::announcer;
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::http::json::{self, invalid};
use crate::provisioning::organizations::{self, NewOrganization, deck_name};
use crate::provisioning::{currency, language, prefix, text};

/// What is not said stays as it is; of a new one it is the default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrganizationRequest {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// ISO 4217; it never changes.
    #[serde(default)]
    #[schema(default = "USD", nullable = false)]
    currency: Option<String>,
    /// The price list that its calls are rated by.
    #[serde(default)]
    #[schema(default = "default", nullable = false)]
    rate_deck: Option<String>,
    /// `es` or `en`: what callers are spoken to in.
    #[serde(default)]
    #[schema(default = "es", nullable = false)]
    language: Option<String>,
    /// As many calls may run at once; `null`: any number.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i32>, minimum = 1)]
    concurrent_calls_max: Option<Option<i32>>,
    /// Digits that numbers begin with which its people may not call.
    #[serde(default)]
    #[schema(nullable = false)]
    blocked_prefixes: Option<Vec<String>>,
    /// Below this balance no call starts; only once there is a wallet.
    #[serde(default)]
    #[schema(nullable = false)]
    minimum_threshold: Option<Money>,
}

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    id: Uuid,
    name: String,
    currency: String,
    rate_deck: String,
    language: String,
    #[schema(required)]
    concurrent_calls_max: Option<i32>,
    blocked_prefixes: Vec<String>,
    /// Its wallet comes with its first user.
    #[schema(required)]
    wallet_id: Option<Uuid>,
    #[schema(required)]
    minimum_threshold: Option<Money>,
    change: Change,
}

/// Sees to it that an organization is like this.
pub(super) async fn put(this: &Resources, id: Uuid, body: &[u8]) -> Result<Answer, Refusal> {
    let put = organizations::put(&this.pool, wanted(id, json::parse(body)?)?).await?;
    announcer::announce(&this.cache, &put.announcement).await;
    let (row, wallet) = (&put.row, put.wallet.as_ref());
    let organization = Organization {
        id: row.id,
        name: row.name.clone(),
        currency: row.currency.clone(),
        rate_deck: deck_name(row).to_owned(),
        language: row.language.clone(),
        concurrent_calls_max: row.concurrent_calls_max,
        blocked_prefixes: row.blocked_prefixes.clone(),
        wallet_id: wallet.map(|wallet| wallet.wallet_id),
        minimum_threshold: wallet.map(|wallet| wallet.minimum_threshold),
        change: put.change.into(),
    };
    Ok(answer(organization.change, &organization))
}

fn wanted(id: Uuid, request: OrganizationRequest) -> Result<NewOrganization, Refusal> {
    let judge = |name, value: Option<String>, judge: fn(&str) -> Result<String, String>| {
        value.map(|value| judged(name, judge(&value))).transpose()
    };
    if request.concurrent_calls_max.flatten().is_some_and(|max| max < 1) {
        return Err(invalid("concurrentCallsMax is less than 1."));
    }
    if request.minimum_threshold.is_some_and(|threshold| threshold < Money::ZERO) {
        return Err(invalid("minimumThreshold is less than nothing."));
    }
    let prefixes = request.blocked_prefixes.map(|prefixes| {
        prefixes.iter().map(|one| judged("blockedPrefixes", prefix(one))).collect()
    });
    Ok(NewOrganization {
        id: Some(id),
        name: judged("name", text(&request.name))?,
        currency: judge("currency", request.currency, currency)?,
        rate_deck: judge("rateDeck", request.rate_deck, text)?,
        language: judge("language", request.language, language)?,
        calls_max: request.concurrent_calls_max,
        blocked_prefixes: prefixes.transpose()?,
        minimum_threshold: request.minimum_threshold,
    })
}
