//! `PUT /api/accounts/{provider}/{account}`.

use curbe_domain::providers::Provider;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, answer};
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::http::json;
use crate::provisioning::accounts::{self, NewAccount};

/// Whose an account, project or connection is from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountRequest {
    organization_id: Uuid,
}

/// An account at a provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[schema(value_type = Provider)]
    provider: &'static str,
    account: String,
    organization_id: Uuid,
    /// Whose it was until now.
    #[schema(required)]
    taken_from: Option<Uuid>,
    change: Change,
}

/// Sees to it that an account is an organization's.
pub(super) async fn put(
    pool: &PgPool,
    provider: Provider,
    account: String,
    body: &[u8],
) -> Result<Answer, Refusal> {
    let AccountRequest { organization_id } = json::parse(body)?;
    let wanted = NewAccount { provider, account: account.clone(), organization_id };
    let assigned = accounts::assign(pool, wanted).await?;
    let account = Account {
        provider: provider.as_str(),
        account,
        organization_id,
        taken_from: assigned.taken_from,
        change: assigned.change.into(),
    };
    Ok(answer(account.change, &account))
}
