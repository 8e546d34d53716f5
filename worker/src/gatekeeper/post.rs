//! Money put into a wallet, corrected, or given back.

use curbe_domain::money::Money;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::failure::Failure;
use super::kept::{Afterwards, Done};
use super::request::Asked;
use super::wanted::is_reference;
use crate::http::answer::Answer;
use crate::http::{Refusal, json};
use crate::settlement::announce;
use crate::store::Tx;
use crate::store::wallets::Standing;
use crate::wallet::refund::{self, Refund};
use crate::wallet::{self, Kind, Moved, Movement};

/// An amount, under a name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MovementRequest {
    /// Of a refill more than nothing, of an adjustment in either direction.
    amount: Money,
    /// The caller's own name for it, unique in its wallet and kind: said again, it answers with the first.
    #[schema(min_length = 1, max_length = 200)]
    reference: String,
}

/// What is given back, and of which charge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundRequest {
    /// More than nothing.
    amount: Money,
    /// The caller's own name for it, unique in its wallet: said again, it answers with the first.
    #[schema(min_length = 1, max_length = 200)]
    reference: String,
    /// The charge: a spent row of the wallet's ledger.
    transaction_id: Uuid,
}

/// A row of the ledger, and how its wallet stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    transaction_id: Uuid,
    /// `refill`, `adjustment` or `refund`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// As it stands in the ledger: negative, spent.
    amount: Money,
    /// Of the wallet, now.
    balance: Money,
    /// What is set aside of it.
    held: Money,
    /// What is left.
    available: Money,
    /// ISO 4217.
    currency: String,
    /// The row's number in its wallet.
    seq: i64,
    reference: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// A refill or an adjustment as it is asked for.
///
/// # Errors
/// It is not what is expected.
pub(super) fn read(asked: &Asked, organization_id: Uuid, kind: Kind) -> Result<Movement, Refusal> {
    let MovementRequest { amount, reference } = json::parse(&asked.body)?;
    named(&reference)?;
    Ok(Movement { organization_id, kind, amount, reference })
}

/// A refund as it is asked for.
///
/// # Errors
/// It is not what is expected.
pub(super) fn read_refund(asked: &Asked, organization_id: Uuid) -> Result<Refund, Refusal> {
    let RefundRequest { amount, reference, transaction_id } = json::parse(&asked.body)?;
    named(&reference)?;
    if amount <= Money::ZERO {
        return Err(json::invalid("amount is not more than nothing."));
    }
    Ok(Refund { organization_id, amount, reference, transaction_id })
}

fn named(reference: &str) -> Result<(), Refusal> {
    match is_reference(reference) {
        true => Ok(()),
        false => Err(json::invalid("reference is not of 1 to 200 characters.")),
    }
}

/// Refills or adjusts.
pub(super) async fn post(
    tx: &mut Tx,
    movement: &Movement,
    now: OffsetDateTime,
) -> Result<Done, Failure> {
    movement.judge()?;
    let moved = wallet::post_in(tx, movement, now).await?;
    done(tx, moved).await
}

/// Gives back.
pub(super) async fn give_back(
    tx: &mut Tx,
    wanted: &Refund,
    now: OffsetDateTime,
) -> Result<Done, Failure> {
    let moved = refund::post_in(tx, wanted, now).await?;
    done(tx, moved).await
}

async fn done(tx: &mut Tx, moved: Moved) -> Result<Done, Failure> {
    let standing = super::standing(tx, moved.posting.wallet_id).await?;
    let answer = told(&moved, &standing);
    let mut announcement = moved.announcement;
    announcement.notices.push(announce::held(&standing));
    Ok(Done { answer, announcement, afterwards: Afterwards::Nothing })
}

fn told(moved: &Moved, standing: &Standing) -> Answer {
    let row = &moved.posting;
    let transaction = Transaction {
        transaction_id: row.id,
        kind: row.kind.as_str(),
        amount: row.amount,
        balance: standing.balance,
        held: standing.held,
        available: standing.available(),
        currency: moved.currency.clone(),
        seq: row.seq,
        reference: row.external_reference.clone().unwrap_or_default(),
        created_at: moved.created_at,
    };
    Answer::new(if moved.is_repeat { StatusCode::OK } else { StatusCode::CREATED }, &transaction)
}
