//! Numbers: whose they are, and whose they were. A call is charged to whoever had the number when it started.

use curbe_domain::phone::{Address, E164};
use curbe_domain::providers::Provider;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, Error, now};
use crate::store::phone_numbers::{self, NumberRow};
use crate::store::{Tx, transaction, users};

/// A number as it should be assigned.
#[derive(Clone, Debug)]
pub struct NewNumber {
    /// Which.
    pub number: E164,
    /// To whom.
    pub user_id: Uuid,
    /// Who carries it.
    pub provider: Provider,
    /// What becomes of its target.
    pub target: Target,
}

/// What becomes of the place where a number's calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// It stays as it is; a new assignment has none.
    Keep,
    /// There is none: calls to the number are rejected.
    Remove,
    /// It is this one, a number, a client or a SIP address.
    Set(String),
}

impl Target {
    /// Reads a target; an empty text removes it.
    ///
    /// # Errors
    /// Nothing that could be called.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Remove);
        }
        match Address::parse(text) {
            Address::Number(_) | Address::Identity(_) => Ok(Self::Set(super::text(text)?)),
            Address::Other => Err("is neither +E164 nor client:NAME nor sip:USER@HOST".to_owned()),
        }
    }

    fn applied(&self, known: Option<String>) -> Option<String> {
        match self {
            Self::Keep => known,
            Self::Remove => None,
            Self::Set(target) => Some(target.clone()),
        }
    }
}

/// A number that is assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The assignment's id.
    pub id: Uuid,
    /// Where its calls go.
    pub inbound_target: Option<String>,
    /// What was done; a number that changed hands is a new assignment.
    pub change: Change,
    /// Whose it was until now.
    pub taken_from: Option<Uuid>,
}

/// Assigns a number. The first assignment covers all time before; another user's ends at the moment the new one begins.
///
/// # Errors
/// [`Error::UnknownUser`].
pub async fn assign(pool: &PgPool, wanted: NewNumber) -> Result<Number, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { assign_in(tx, &wanted, now()).await }))
        .await
}

async fn assign_in(tx: &mut Tx, wanted: &NewNumber, now: OffsetDateTime) -> Result<Number, Error> {
    let user = users::by_id(tx, wanted.user_id).await?;
    user.ok_or(Error::UnknownUser(wanted.user_id))?;
    transaction::take_turns(tx, &format!("number {}", wanted.number)).await?;
    let known = phone_numbers::of_number(tx, wanted.number.as_str()).await?;
    let is_first = known.is_empty();
    match known.into_iter().find(|row| row.valid_to.is_none()) {
        None => {
            let id = insert(tx, wanted, (!is_first).then_some(now)).await?;
            Ok(Number {
                id,
                inbound_target: wanted.target.applied(None),
                change: Change::Created,
                taken_from: None,
            })
        }
        Some(open) if open.user_id == wanted.user_id => update(tx, wanted, open).await,
        Some(open) => {
            // Clocks differ: an assignment never ends before it began.
            let at = open.valid_from.map_or(now, |from| from.max(now));
            let taken_from = Some(open.user_id);
            phone_numbers::update(tx, &NumberRow { valid_to: Some(at), ..open }).await?;
            let id = insert(tx, wanted, Some(at)).await?;
            let inbound_target = wanted.target.applied(None);
            Ok(Number { id, inbound_target, change: Change::Created, taken_from })
        }
    }
}

async fn insert(
    tx: &mut Tx,
    wanted: &NewNumber,
    valid_from: Option<OffsetDateTime>,
) -> Result<Uuid, sqlx::Error> {
    let row = NumberRow {
        id: Uuid::now_v7(),
        e164: wanted.number.to_string(),
        user_id: wanted.user_id,
        provider: wanted.provider.as_str().to_owned(),
        inbound_target: wanted.target.applied(None),
        valid_from,
        valid_to: None,
    };
    phone_numbers::insert(tx, &row).await?;
    Ok(row.id)
}

async fn update(tx: &mut Tx, wanted: &NewNumber, known: NumberRow) -> Result<Number, Error> {
    let news = NumberRow {
        provider: wanted.provider.as_str().to_owned(),
        inbound_target: wanted.target.applied(known.inbound_target.clone()),
        ..known.clone()
    };
    let change = if news == known {
        Change::Unchanged
    } else {
        phone_numbers::update(tx, &news).await?;
        Change::Updated
    };
    Ok(Number { id: known.id, inbound_target: news.inbound_target, change, taken_from: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_something_that_can_be_called() {
        let set = |text: &str| Ok(Target::Set(text.to_owned()));
        for (text, expected) in [
            ("+525512345678", set("+525512345678")),
            (" client:alice ", set("client:alice")),
            ("sip:a@pbx.example:5060;transport=tls", set("sip:a@pbx.example:5060;transport=tls")),
            ("", Ok(Target::Remove)),
        ] {
            assert_eq!(Target::parse(text), expected, "{text}");
        }
        for bad in ["alice", "525512345678", "sip:alice", "client:a\u{7}b"] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_target_that_is_not_named_stays() {
        let known = Some("client:alice".to_owned());
        assert_eq!(Target::Keep.applied(known.clone()), known);
        assert_eq!(Target::Remove.applied(known.clone()), None);
        assert_eq!(
            Target::Set("client:bob".to_owned()).applied(known).as_deref(),
            Some("client:bob")
        );
    }
}
