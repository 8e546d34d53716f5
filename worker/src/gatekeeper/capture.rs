//! Debiting what money was set aside for, at its real cost.

use curbe_domain::money::Money;
use curbe_platform::credit::{CreditCache, Dropped};
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::action::Action;
use super::failure::Failure;
use super::hold::Aside;
use super::kept::{Afterwards, Done};
use super::request::Asked;
use crate::http::answer::Answer;
use crate::http::{Refusal, json};
use crate::ledger::{Account, Entry, Posting, TransactionType};
use crate::settlement::announce::{self, Announcement};
use crate::store::authorizations::{self, AuthorizationRow};
use crate::store::wallets::Standing;
use crate::store::{Tx, wallet_transactions, wallets};

/// What it costs after all.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CaptureRequest {
    /// More than nothing.
    amount: Money,
}

/// It is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Captured {
    /// The row of the ledger.
    transaction_id: Uuid,
    /// What was paid.
    amount: Money,
    balance: Money,
    /// What is set aside of it.
    held: Money,
    /// What is left.
    available: Money,
    /// ISO 4217.
    currency: String,
    /// The row's number in its wallet.
    seq: i64,
}

/// The amount of a request.
///
/// # Errors
/// It is not what is expected.
pub(super) fn read(asked: &Asked) -> Result<Money, Refusal> {
    let CaptureRequest { amount } = json::parse(&asked.body)?;
    if amount <= Money::ZERO {
        return Err(json::invalid("amount is not more than nothing."));
    }
    Ok(amount)
}

/// Debits once.
pub(super) async fn capture(
    tx: &mut Tx,
    cache: &CreditCache,
    id: Uuid,
    amount: Money,
    now: OffsetDateTime,
) -> Result<Done, Failure> {
    let (mut account, row) = super::lock(tx, id).await?;
    let kind = judge(&row, now)?;
    if account.balance < amount {
        let refusal = Refusal::insufficient_funds(amount, account.balance, &account.currency);
        return Err(Failure::Decided(refusal));
    }
    let grown = grow(cache, &account, &row, amount, now).await?;
    match write(tx, &mut account, &row, (kind, amount), now).await {
        Ok((posting, standing)) => Ok(done(&posting, &account, row, &standing)),
        Err(failure) => {
            if let Some(grown) = grown {
                // Still under the lock. Where even this fails, too much is held until the next try.
                Aside { amount: row.amount, ..grown }.place(cache, now).await.ok();
            }
            Err(failure)
        }
    }
}

/// As what an authorization may be captured.
fn judge(row: &AuthorizationRow, now: OffsetDateTime) -> Result<TransactionType, Failure> {
    let refuse = |code, words: &str| Err(Failure::Decided(Refusal::conflict(code, words)));
    let kind = Action::parse(&row.action).and_then(Action::transaction_type);
    match (kind, row.status.as_str()) {
        (None, _) => refuse("call_is_not_captured", "A call is settled when it ends."),
        (_, "captured") => refuse("already_captured", "It was captured before."),
        (_, "released") => refuse("already_released", "It was released before."),
        (Some(kind), "authorized") if now < row.due_at => Ok(kind),
        _ => refuse("expired", "Its time was over."),
    }
}

/// What costs more than was set aside takes the rest by the same script.
async fn grow(
    cache: &CreditCache,
    account: &Account,
    row: &AuthorizationRow,
    amount: Money,
    now: OffsetDateTime,
) -> Result<Option<Aside>, Failure> {
    if amount <= row.amount {
        return Ok(None);
    }
    let grown = Aside {
        wallet_id: row.wallet_id,
        currency: account.currency.clone(),
        hold: row.hold.clone(),
        is_call: false,
        amount,
        threshold: Money::ZERO,
        calls_max: None,
    };
    grown.place(cache, now).await?;
    Ok(Some(grown))
}

async fn write(
    tx: &mut Tx,
    account: &mut Account,
    row: &AuthorizationRow,
    (kind, amount): (TransactionType, Money),
    now: OffsetDateTime,
) -> Result<(Posting, Standing), Failure> {
    let entry = Entry {
        id: Uuid::now_v7(),
        amount: amount.negated(),
        kind,
        call_log_id: None,
        external_reference: row.reference.clone(),
    };
    let posting = account.post(entry).map_err(crate::wallet::Error::Overflow)?;
    account.version += 1;
    authorizations::close(tx, row.id, "captured", now).await?;
    wallet_transactions::insert(tx, std::slice::from_ref(&posting), now).await?;
    wallets::update(tx, std::slice::from_ref(account), now).await?;
    Ok((posting, super::standing(tx, account.wallet_id).await?))
}

fn done(posting: &Posting, account: &Account, row: AuthorizationRow, standing: &Standing) -> Done {
    let captured = Captured {
        transaction_id: posting.id,
        amount: posting.amount.negated(),
        balance: standing.balance,
        held: standing.held,
        available: standing.available(),
        currency: standing.currency.clone(),
        seq: posting.seq,
    };
    let frame = announce::posted(posting, account.organization_id, &account.currency);
    let announcement = Announcement {
        wallets: vec![account.state()],
        notices: vec![frame, announce::held(standing)],
        dropped: vec![Dropped { wallet_id: row.wallet_id, hold: row.hold }],
    };
    let answer = Answer::new(StatusCode::OK, &captured);
    Done { answer, announcement, afterwards: Afterwards::Nothing }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

    fn judged(action: &str, status: &str, due_at: OffsetDateTime) -> Result<&'static str, String> {
        let row = AuthorizationRow {
            id: Uuid::nil(),
            wallet_id: Uuid::nil(),
            action: action.to_owned(),
            amount: Money::ZERO,
            reference: None,
            status: status.to_owned(),
            due_at,
            hold: String::new(),
        };
        match judge(&row, NOW) {
            Ok(kind) => Ok(kind.as_str()),
            Err(Failure::Decided(refusal)) => Err(refusal.code().to_owned()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_open_is_captured_as_what_it_is() {
        let later = NOW + time::Duration::seconds(1);
        for (action, kind) in [
            ("number_purchase", "number_purchase"),
            ("setup", "setup_fee"),
            ("subscription", "subscription"),
            ("sms", "sms_charge"),
        ] {
            assert_eq!(judged(action, "authorized", later), Ok(kind));
        }
    }

    #[test]
    fn what_is_not_open_says_why() {
        let later = NOW + time::Duration::seconds(1);
        for (action, status, due_at, code) in [
            ("sms", "authorized", NOW, "expired"),
            ("sms", "expired", later, "expired"),
            ("sms", "captured", NOW, "already_captured"),
            ("sms", "released", NOW, "already_released"),
            ("call", "authorized", later, "call_is_not_captured"),
        ] {
            assert_eq!(judged(action, status, due_at), Err(code.to_owned()), "{action} {status}");
        }
    }
}
