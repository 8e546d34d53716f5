//! Setting money aside for something that costs.

use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use curbe_platform::credit::{CreditCache, Taken};
use hyper::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::failure::Failure;
use super::hold::Aside;
use super::kept::{Afterwards, Done, reused};
use super::wanted::Wanted;
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::ledger::Account;
use crate::settlement::announce::{self, Announcement};
use crate::store::authorizations::{self, AuthorizationRow};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::{Tx, call_leg_names, call_legs, wallets};
use crate::wallet;

/// Money set aside.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorized {
    authorization_id: Uuid,
    /// Everything that is set aside of the wallet, this included.
    held: Money,
    /// What is left of it.
    available: Money,
    /// ISO 4217.
    currency: String,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Sets money aside, and writes that it is.
pub(super) async fn authorize(
    tx: &mut Tx,
    cache: &CreditCache,
    wanted: &Wanted,
    now: OffsetDateTime,
) -> Result<Done, Failure> {
    if authorizations::by_id(tx, wanted.id).await?.is_some() {
        // The answer is forgotten by now, and another day's request must not be taken for that one.
        return Err(reused());
    }
    let mut account = wallet::lock(tx, wanted.organization_id).await?;
    let row = wanted.row(account.wallet_id, now);
    let known =
        authorizations::by_reference(tx, row.wallet_id, &row.action, &wanted.reference).await?;
    if let Some(known) = known {
        return repeated(tx, &account, wanted, &known).await;
    }
    let leg = named_leg(tx, wanted).await?;
    let organization = organizations::by_id(tx, wanted.organization_id).await?;
    let aside = Aside {
        wallet_id: row.wallet_id,
        currency: account.currency.clone(),
        hold: row.hold.clone(),
        is_call: wanted.leg.is_some(),
        amount: wanted.amount,
        threshold: account.minimum_threshold,
        calls_max: calls_max(organization),
    };
    let taken = aside.place(cache, now).await?;
    match write(tx, &mut account, &row, leg.as_ref(), now).await {
        Ok(announcement) => {
            let answer = told(StatusCode::CREATED, &row, &account.currency, &taken);
            Ok(Done { answer, announcement, afterwards: Afterwards::LookAgain(aside) })
        }
        Err(error) => {
            // Still under the lock: nobody else can have come to stand behind it.
            aside.drop_from(cache, now).await;
            Err(error.into())
        }
    }
}

fn calls_max(organization: Option<OrganizationRow>) -> Option<u32> {
    u32::try_from(organization?.concurrent_calls_max?).ok()
}

/// The leg under the name of its row, if it is about one.
async fn named_leg(tx: &mut Tx, wanted: &Wanted) -> Result<Option<LegKey>, Failure> {
    let Some(asked) = &wanted.leg else { return Ok(None) };
    let leg = call_leg_names::leg_of(tx, asked).await?.unwrap_or_else(|| asked.clone());
    if call_legs::settled(tx, std::slice::from_ref(&leg)).await?.contains(&leg) {
        let words = "The call is over, and was paid for.";
        return Err(Failure::Decided(Refusal::conflict("leg_settled", words)));
    }
    Ok(Some(leg))
}

async fn write(
    tx: &mut Tx,
    account: &mut Account,
    row: &AuthorizationRow,
    leg: Option<&LegKey>,
    now: OffsetDateTime,
) -> Result<Announcement, sqlx::Error> {
    authorizations::insert(tx, row, leg, now).await?;
    // Whoever is loading the wallet at this moment must see that it has moved.
    account.version += 1;
    wallets::update(tx, std::slice::from_ref(account), now).await?;
    let standings = wallets::standings(tx, &[account.wallet_id]).await?;
    Ok(Announcement {
        wallets: vec![account.state()],
        notices: standings.iter().map(announce::held).collect(),
        dropped: Vec::new(),
    })
}

async fn repeated(
    tx: &mut Tx,
    account: &Account,
    wanted: &Wanted,
    known: &AuthorizationRow,
) -> Result<Done, Failure> {
    if known.amount != wanted.amount {
        let words = format!("The reference was used before, for {}.", known.amount);
        return Err(Failure::Decided(Refusal::conflict("reference_used", words)));
    }
    let standing = super::standing(tx, account.wallet_id).await?;
    let taken = Taken { amount: known.amount, balance: standing.balance, held: standing.held };
    Ok(Done::told(told(StatusCode::OK, known, &account.currency, &taken)))
}

fn told(status: StatusCode, row: &AuthorizationRow, currency: &str, taken: &Taken) -> Answer {
    let authorized = Authorized {
        authorization_id: row.id,
        held: taken.held,
        available: taken.available(),
        currency: currency.to_owned(),
        expires_at: row.due_at,
    };
    Answer::new(status, &authorized)
}
