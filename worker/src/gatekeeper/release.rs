//! Giving back what was set aside for something that does not happen.

use curbe_domain::money::Money;
use curbe_platform::credit::Dropped;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::failure::Failure;
use super::kept::{Afterwards, Done};
use crate::http::answer::Answer;
use crate::http::{Refusal, json};
use crate::settlement::announce::{self, Announcement};
use crate::store::authorizations::{self, AuthorizationRow};
use crate::store::wallets::Standing;
use crate::store::{Tx, wallets};

/// Nothing more is to be said.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseRequest {}

impl ReleaseRequest {
    /// # Errors
    /// It says something.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() { Ok(Self {}) } else { json::parse(body) }
    }
}

/// It is given back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Released {
    authorization_id: Uuid,
    balance: Money,
    /// What is still set aside of it.
    held: Money,
    /// What is left.
    available: Money,
    /// ISO 4217.
    currency: String,
}

/// Gives it back; what was given back, or has ended by itself, stays so.
pub(super) async fn release(tx: &mut Tx, id: Uuid, now: OffsetDateTime) -> Result<Done, Failure> {
    let (mut account, row) = super::lock(tx, id).await?;
    match row.status.as_str() {
        "authorized" => {}
        "captured" => return refuse("already_captured", "It was captured before."),
        "settled" => return refuse("already_settled", "The call is over, and was paid for."),
        _ => return Ok(Done::told(told(&row, &super::standing(tx, row.wallet_id).await?))),
    }
    authorizations::close(tx, row.id, "released", now).await?;
    // Whoever is loading the wallet at this moment must see that it has moved.
    account.version += 1;
    wallets::update(tx, std::slice::from_ref(&account), now).await?;
    let standing = super::standing(tx, row.wallet_id).await?;
    let answer = told(&row, &standing);
    let (wallet_id, hold) = (row.wallet_id, row.hold);
    let mut announcement = Announcement {
        wallets: vec![account.state()],
        notices: vec![announce::held(&standing)],
        dropped: Vec::new(),
    };
    let afterwards = if row.action == "call" {
        Afterwards::DropAnnounced { wallet_id, hold }
    } else {
        announcement.dropped.push(Dropped { wallet_id, hold });
        Afterwards::Nothing
    };
    Ok(Done { answer, announcement, afterwards })
}

fn refuse(code: &'static str, words: &str) -> Result<Done, Failure> {
    Err(Failure::Decided(Refusal::conflict(code, words)))
}

fn told(row: &AuthorizationRow, standing: &Standing) -> Answer {
    let released = Released {
        authorization_id: row.id,
        balance: standing.balance,
        held: standing.held,
        available: standing.available(),
        currency: standing.currency.clone(),
    };
    Answer::new(StatusCode::OK, &released)
}
