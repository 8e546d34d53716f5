//! Organizations: their wallet comes with their first user.

use curbe_domain::money::Money;
use curbe_domain::rating::deck::DEFAULT_DECK;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Change, Error, now, same};
use crate::ledger::Account;
use crate::settlement::announce::Announcement;
use crate::store::organizations::{self, OrganizationRow};
use crate::store::{Tx, rate_decks, transaction, wallets};

/// What a new organization is, where nobody says otherwise.
const CURRENCY: &str = "USD";
pub(super) const LANGUAGE: &str = "es";

/// An organization as it should be. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewOrganization {
    /// Its id; `None`: a new one.
    pub id: Option<Uuid>,
    /// What it is called.
    pub name: String,
    /// ISO 4217; once it is there, it does not change.
    pub currency: Option<String>,
    /// The deck that its calls are rated by.
    pub rate_deck: Option<String>,
    /// `es` or `en`.
    pub language: Option<String>,
    /// As many calls may run at once; `Some(None)`: any number.
    pub calls_max: Option<Option<i32>>,
    /// Prefixes that its people may not call.
    pub blocked_prefixes: Option<Vec<String>>,
    /// Below this balance no call starts.
    pub minimum_threshold: Option<Money>,
}

/// An organization that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// As it is now.
    pub row: OrganizationRow,
    /// Its wallet, if it has one.
    pub wallet: Option<Account>,
    /// What was done.
    pub change: Change,
    /// The currency of its deck; `None`: there is no deck of that name yet, and its calls cannot be rated.
    pub deck_currency: Option<String>,
    /// For Redis, if its wallet has changed.
    pub announcement: Announcement,
}

/// Sees to it that an organization is there, and refuses where it is another one.
///
/// # Errors
/// [`Error::Different`] where another one has that id.
pub async fn create(pool: &PgPool, wanted: NewOrganization) -> Result<Organization, Error> {
    transaction::attempt(pool, |tx| {
        Box::pin(async move {
            let (found, change) = find_or_insert(tx, &wanted).await?;
            same(("organization", found.id), "name", &found.name, &wanted.name)?;
            let row = applied(&found, &wanted);
            compare(&found, &row, &wanted)?;
            finish(tx, row, change, None).await
        })
    })
    .await
}

/// Sees to it that an organization is there, and is like this.
///
/// # Errors
/// [`Error::Different`] where its currency is another one, [`Error::NoWallet`] where a threshold has no wallet yet.
pub async fn put(pool: &PgPool, wanted: NewOrganization) -> Result<Organization, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { put_in(tx, &wanted).await })).await
}

async fn put_in(tx: &mut Tx, wanted: &NewOrganization) -> Result<Organization, Error> {
    let (found, mut change) = find_or_insert(tx, wanted).await?;
    let currency = wanted.currency.as_ref().unwrap_or(&found.currency);
    same(("organization", found.id), "currency", &found.currency, currency)?;
    let row = applied(&found, wanted);
    if row != found {
        organizations::update(tx, &row).await?;
        change = Change::Updated;
    }
    let moved = match wanted.minimum_threshold {
        Some(threshold) => set_threshold(tx, row.id, threshold).await?,
        None => None,
    };
    if moved.is_some() && change == Change::Unchanged {
        change = Change::Updated;
    }
    finish(tx, row, change, moved).await
}

/// The organization, locked.
async fn find_or_insert(
    tx: &mut Tx,
    wanted: &NewOrganization,
) -> Result<(OrganizationRow, Change), Error> {
    let id = wanted.id.unwrap_or_else(Uuid::now_v7);
    if let Some(found) = organizations::lock(tx, id).await? {
        return Ok((found, Change::Unchanged));
    }
    let new = OrganizationRow {
        id,
        name: wanted.name.clone(),
        currency: wanted.currency.clone().unwrap_or_else(|| CURRENCY.to_owned()),
        rate_deck: None,
        language: LANGUAGE.to_owned(),
        concurrent_calls_max: None,
        blocked_prefixes: Vec::new(),
    };
    let new = applied(&new, wanted);
    if organizations::insert(tx, &new, now()).await? {
        return Ok((new, Change::Created));
    }
    // Somebody else was quicker.
    let found = organizations::lock(tx, id).await?;
    Ok((found.ok_or(Error::UnknownOrganization(id))?, Change::Unchanged))
}

fn applied(found: &OrganizationRow, wanted: &NewOrganization) -> OrganizationRow {
    let deck = |name: &String| Some(name.clone()).filter(|name| name != DEFAULT_DECK);
    OrganizationRow {
        id: found.id,
        name: wanted.name.clone(),
        currency: found.currency.clone(),
        rate_deck: wanted.rate_deck.as_ref().map_or_else(|| found.rate_deck.clone(), deck),
        language: wanted.language.clone().unwrap_or_else(|| found.language.clone()),
        concurrent_calls_max: wanted.calls_max.unwrap_or(found.concurrent_calls_max),
        blocked_prefixes: wanted
            .blocked_prefixes
            .clone()
            .unwrap_or_else(|| found.blocked_prefixes.clone()),
    }
}

fn compare(
    found: &OrganizationRow,
    row: &OrganizationRow,
    wanted: &NewOrganization,
) -> Result<(), Error> {
    let this = ("organization", found.id);
    let any = |max: Option<i32>| max.map_or_else(|| "none".to_owned(), |max| max.to_string());
    let currency = wanted.currency.as_ref().unwrap_or(&found.currency);
    same(this, "currency", &found.currency, currency)?;
    same(this, "deck", deck_name(found), deck_name(row))?;
    same(this, "language", &found.language, &row.language)?;
    let (calls_max, wanted_max) = (found.concurrent_calls_max, row.concurrent_calls_max);
    same(this, "most calls at once", &any(calls_max), &any(wanted_max))?;
    let (blocked, wanted) = (found.blocked_prefixes.join(","), row.blocked_prefixes.join(","));
    same(this, "list of blocked prefixes", &blocked, &wanted)
}

/// The wallet, if that has changed it.
async fn set_threshold(
    tx: &mut Tx,
    organization_id: Uuid,
    threshold: Money,
) -> Result<Option<Account>, Error> {
    let wallet = wallets::of_organization(tx, organization_id).await?;
    let id = wallet.ok_or(Error::NoWallet(organization_id))?.account.wallet_id;
    let account = wallets::lock(tx, &[id]).await?.pop();
    let mut account = account.ok_or(Error::NoWallet(organization_id))?;
    if account.minimum_threshold == threshold {
        return Ok(None);
    }
    account.minimum_threshold = threshold;
    account.version += 1;
    wallets::update_threshold(tx, &account, now()).await?;
    Ok(Some(account))
}

async fn finish(
    tx: &mut Tx,
    row: OrganizationRow,
    change: Change,
    moved: Option<Account>,
) -> Result<Organization, Error> {
    let decks = rate_decks::of_name(tx, deck_name(&row)).await?;
    let deck_currency = decks.into_iter().next_back().map(|deck| deck.currency);
    let announcement = Announcement {
        wallets: moved.iter().map(Account::state).collect(),
        ..Announcement::default()
    };
    let wallet = wallets::of_organization(tx, row.id).await?.map(|wallet| wallet.account);
    Ok(Organization { row, wallet, change, deck_currency, announcement })
}

/// The name of the deck that an organization's calls are rated by.
#[must_use]
pub fn deck_name(row: &OrganizationRow) -> &str {
    row.rate_deck.as_deref().unwrap_or(DEFAULT_DECK)
}
