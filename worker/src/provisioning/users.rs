//! Users: the first one of an organization gets its wallet with him, in the same transaction.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::organizations::LANGUAGE;
use super::{Change, Error, now, same};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::users::{self, UserRow};
use crate::store::{Tx, transaction, wallets};

/// The currency of an organization that nobody named.
const PERSONAL_CURRENCY: &str = "USD";
const ROLE: &str = "member";

/// A user as he should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// His id; `None`: a new one.
    pub id: Option<Uuid>,
    /// Whose; `None`: an organization of his own.
    pub organization_id: Option<Uuid>,
    /// His email, unique in whatever case.
    pub email: String,
    /// `member` or `admin`; `None`: as it is, a new one is a member.
    pub role: Option<String>,
}

/// A user who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// His id.
    pub id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// The wallet of that organization.
    pub wallet_id: Option<Uuid>,
    /// `member` or `admin`.
    pub role: String,
    /// Whether he was made.
    pub change: Change,
}

/// Sees to it that a user is there, and his organization's wallet.
///
/// # Errors
/// [`Error::UnknownOrganization`], [`Error::EmailTaken`], or [`Error::Different`] where another one has that id.
pub async fn create(pool: &PgPool, wanted: NewUser) -> Result<User, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { create_in(tx, wanted).await })).await
}

async fn create_in(tx: &mut Tx, wanted: NewUser) -> Result<User, Error> {
    let now = now();
    let id = wanted.id.unwrap_or_else(Uuid::now_v7);
    // Asked twice at once, the second must not make a second personal organization.
    transaction::take_turns(tx, &format!("user {id}")).await?;
    if let Some(found) = users::by_id(tx, id).await? {
        compare(&found, &wanted)?;
        return finish(tx, &found, Change::Unchanged).await;
    }
    let organization = match wanted.organization_id {
        None => personal(tx, &wanted.email, now).await?,
        // Locked, so that of two first users one finds the other's wallet.
        Some(id) => organizations::lock(tx, id).await?.ok_or(Error::UnknownOrganization(id))?,
    };
    let role = wanted.role.unwrap_or_else(|| ROLE.to_owned());
    let user = UserRow { id, organization_id: organization.id, email: wanted.email, role };
    if !users::insert(tx, &user, now).await? {
        return Err(taken(tx, user).await?);
    }
    let wallet_id = Uuid::now_v7();
    wallets::insert(tx, wallet_id, organization.id, id, &organization.currency, now).await?;
    finish(tx, &user, Change::Created).await
}

async fn personal(
    tx: &mut Tx,
    email: &str,
    now: OffsetDateTime,
) -> Result<OrganizationRow, sqlx::Error> {
    let organization = OrganizationRow {
        id: Uuid::now_v7(),
        name: email.to_owned(),
        currency: PERSONAL_CURRENCY.to_owned(),
        rate_deck: None,
        language: LANGUAGE.to_owned(),
        concurrent_calls_max: None,
        blocked_prefixes: Vec::new(),
    };
    organizations::insert(tx, &organization, now).await?;
    Ok(organization)
}

async fn taken(tx: &mut Tx, user: UserRow) -> Result<Error, sqlx::Error> {
    let owner = users::by_email(tx, &user.email).await?;
    let user_id = owner.map_or(user.id, |owner| owner.id);
    Ok(Error::EmailTaken { email: user.email, user_id })
}

async fn finish(tx: &mut Tx, user: &UserRow, change: Change) -> Result<User, Error> {
    let wallet = wallets::of_organization(tx, user.organization_id).await?;
    let wallet_id = wallet.map(|wallet| wallet.account.wallet_id);
    let (organization_id, role) = (user.organization_id, user.role.clone());
    Ok(User { id: user.id, organization_id, wallet_id, role, change })
}

/// Without an organization or a role named, whichever he has is right.
fn compare(found: &UserRow, wanted: &NewUser) -> Result<(), Error> {
    let this = ("user", found.id);
    same(this, "email", &found.email, &wanted.email)?;
    same(this, "role", &found.role, wanted.role.as_ref().unwrap_or(&found.role))?;
    let organization = wanted.organization_id.unwrap_or(found.organization_id);
    same(this, "organization", &found.organization_id.to_string(), &organization.to_string())
}
