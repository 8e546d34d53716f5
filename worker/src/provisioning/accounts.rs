//! Accounts, projects and connections at a provider that belong to one customer as a whole.

use curbe_domain::providers::Provider;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Change, Error};
use crate::store::{Tx, organizations, provider_accounts, transaction};

/// An account as it should be assigned.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// At whom.
    pub provider: Provider,
    /// The provider's id of it.
    pub account: String,
    /// To whom.
    pub organization_id: Uuid,
}

/// An account that is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// What was done.
    pub change: Change,
    /// Whose it was until now.
    pub taken_from: Option<Uuid>,
}

/// Assigns an account; what was settled for another organization stays its own.
///
/// # Errors
/// [`Error::UnknownOrganization`].
pub async fn assign(pool: &PgPool, wanted: NewAccount) -> Result<Account, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { assign_in(tx, &wanted).await })).await
}

async fn assign_in(tx: &mut Tx, wanted: &NewAccount) -> Result<Account, Error> {
    let provider = wanted.provider.as_str();
    let organization = organizations::by_id(tx, wanted.organization_id).await?;
    organization.ok_or(Error::UnknownOrganization(wanted.organization_id))?;
    transaction::take_turns(tx, &format!("account {provider} {}", wanted.account)).await?;
    let known = provider_accounts::lock(tx, provider, &wanted.account).await?;
    if known == Some(wanted.organization_id) {
        return Ok(Account { change: Change::Unchanged, taken_from: None });
    }
    provider_accounts::upsert(tx, provider, &wanted.account, wanted.organization_id).await?;
    let change = if known.is_some() { Change::Updated } else { Change::Created };
    Ok(Account { change, taken_from: known })
}
