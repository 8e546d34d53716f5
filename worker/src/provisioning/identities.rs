//! Client and SIP names: whose calls from a softphone or a PBX are.

use curbe_domain::phone::Address;
use curbe_domain::providers::Provider;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Change, Error};
use crate::store::identities::{self, IdentityRow};
use crate::store::{Tx, transaction, users};

/// An identity as it should be assigned.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// The name, see [`canonical`].
    pub identity: String,
    /// To whom.
    pub user_id: Uuid,
    /// At this provider alone.
    pub provider: Option<Provider>,
    /// In this account of that provider alone.
    pub account: Option<String>,
}

/// An identity that is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The row's id.
    pub id: Uuid,
    /// What was done.
    pub change: Change,
    /// Whose it was until now.
    pub taken_from: Option<Uuid>,
}

/// The canonical spelling of a client or SIP name: `client:alice`, `sip:alice@example.com`.
///
/// # Errors
/// It is none.
pub fn canonical(text: &str) -> Result<String, String> {
    match Address::parse(&super::text(text)?) {
        Address::Identity(name) => Ok(name),
        Address::Number(_) => {
            Err("is a number: numbers are assigned by `numbers assign`".to_owned())
        }
        Address::Other => Err("is neither client:NAME nor sip:USER@HOST".to_owned()),
    }
}

/// Assigns an identity. It has one owner at a time in its scope; what was settled for another stays his.
///
/// # Errors
/// [`Error::UnknownUser`].
pub async fn assign(pool: &PgPool, wanted: NewIdentity) -> Result<Identity, Error> {
    transaction::attempt(pool, |tx| Box::pin(async move { assign_in(tx, wanted).await })).await
}

async fn assign_in(tx: &mut Tx, wanted: NewIdentity) -> Result<Identity, Error> {
    let user = users::by_id(tx, wanted.user_id).await?;
    user.ok_or(Error::UnknownUser(wanted.user_id))?;
    transaction::take_turns(tx, &wanted.identity).await?;
    let provider = wanted.provider.map(Provider::as_str);
    let known = identities::lock(tx, &wanted.identity, provider, wanted.account.as_deref()).await?;
    let taken_from = known.as_ref().map(|row| row.user_id).filter(|owner| *owner != wanted.user_id);
    let change = match (&known, taken_from) {
        (None, _) => Change::Created,
        (Some(_), Some(_)) => Change::Updated,
        (Some(_), None) => Change::Unchanged,
    };
    let row = IdentityRow {
        id: known.map_or_else(Uuid::now_v7, |row| row.id),
        identity: wanted.identity,
        user_id: wanted.user_id,
        provider: provider.map(str::to_owned),
        account: wanted.account,
    };
    if change != Change::Unchanged {
        identities::upsert(tx, &row).await?;
    }
    Ok(Identity { id: row.id, change, taken_from })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        for (text, expected) in [
            ("client:alice", "client:alice"),
            ("CLIENT:Alice", "client:Alice"),
            ("sips:bob@PBX.example:5061;transport=tls", "sip:bob@pbx.example"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected));
        }
        for bad in ["", "alice", "sip:alice", "client:", "+525512345678"] {
            assert!(canonical(bad).is_err(), "{bad}");
        }
    }
}
