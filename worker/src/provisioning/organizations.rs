//! Organizations: created once; their wallet comes with their first user.

use curbe_domain::rating::deck::DEFAULT_DECK;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Change, Error, now, same};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::{Tx, rate_decks, transaction};

/// An organization as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganization {
    /// Its id; `None`: a new one.
    pub id: Option<Uuid>,
    /// What it is called.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// The deck that its calls are rated by.
    pub rate_deck: String,
}

/// An organization that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    /// Whether it was made.
    pub change: Change,
    /// The currency of its deck; `None`: there is no deck of that name yet, and its calls cannot be rated.
    pub deck_currency: Option<String>,
}

/// Sees to it that an organization is there.
///
/// # Errors
/// [`Error::Different`] where another one has that id.
pub async fn create(pool: &PgPool, wanted: NewOrganization) -> Result<Organization, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { create_in(tx, wanted).await })).await
}

async fn create_in(tx: &mut Tx, wanted: NewOrganization) -> Result<Organization, Error> {
    let row = OrganizationRow {
        id: wanted.id.unwrap_or_else(Uuid::now_v7),
        name: wanted.name,
        currency: wanted.currency,
        rate_deck: Some(wanted.rate_deck).filter(|name| name != DEFAULT_DECK),
    };
    let change = if organizations::insert(tx, &row, now()).await? {
        Change::Created
    } else {
        let found = organizations::by_id(tx, row.id).await?;
        compare(&found.ok_or(Error::UnknownOrganization(row.id))?, &row)?;
        Change::Unchanged
    };
    let decks = rate_decks::of_name(tx, deck_name(&row)).await?;
    let deck_currency = decks.into_iter().next_back().map(|deck| deck.currency);
    Ok(Organization { id: row.id, change, deck_currency })
}

fn deck_name(row: &OrganizationRow) -> &str {
    row.rate_deck.as_deref().unwrap_or(DEFAULT_DECK)
}

fn compare(found: &OrganizationRow, wanted: &OrganizationRow) -> Result<(), Error> {
    let this = ("organization", wanted.id);
    same(this, "name", &found.name, &wanted.name)?;
    same(this, "currency", &found.currency, &wanted.currency)?;
    same(this, "deck", deck_name(found), deck_name(wanted))
}
