//! `PUT /api/identities/{identity}`.

use curbe_domain::providers::Provider;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, answer, judged};
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::http::json::{self, invalid};
use crate::provisioning::identities::{self, NewIdentity};
use crate::provisioning::text;

/// Whose a client or SIP name is from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IdentityRequest {
    user_id: Uuid,
    /// At this provider alone.
    #[serde(default)]
    provider: Option<Provider>,
    /// In this account of that provider alone.
    #[serde(default)]
    account: Option<String>,
}

/// A client or SIP name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// In its one spelling.
    identity: String,
    user_id: Uuid,
    #[schema(required, value_type = Option<Provider>)]
    provider: Option<&'static str>,
    #[schema(required)]
    account: Option<String>,
    assignment_id: Uuid,
    /// Whose it was until now.
    #[schema(required)]
    taken_from: Option<Uuid>,
    change: Change,
}

/// Sees to it that a name is somebody's.
pub(super) async fn put(pool: &PgPool, identity: String, body: &[u8]) -> Result<Answer, Refusal> {
    let IdentityRequest { user_id, provider, account } = json::parse(body)?;
    let account = account.map(|account| judged("account", text(&account))).transpose()?;
    if account.is_some() && provider.is_none() {
        return Err(invalid("account is one of a provider, which is not said."));
    }
    let wanted =
        NewIdentity { identity: identity.clone(), user_id, provider, account: account.clone() };
    let assigned = identities::assign(pool, wanted).await?;
    let identity = Identity {
        identity,
        user_id,
        provider: provider.map(Provider::as_str),
        account,
        assignment_id: assigned.id,
        taken_from: assigned.taken_from,
        change: assigned.change.into(),
    };
    Ok(answer(identity.change, &identity))
}
