//! What belongs to a customer, as the backend says it at sign-up: each under an id of its own, and said twice it is there
//! once. The same as the operators' `curbe`.

pub(crate) mod accounts;
pub(crate) mod identities;
pub(crate) mod numbers;
pub(crate) mod organizations;
pub(crate) mod users;

use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use curbe_platform::credit::CreditCache;
use hyper::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Refusal;
use super::answer::Answer;
use super::json::invalid;
use crate::credit::directory;
use crate::provisioning::{self, Error};

/// What is to be there, as far as the path says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Organization(Uuid),
    User(Uuid),
    Number(E164),
    Account(Provider, String),
    /// In its canonical spelling.
    Identity(String),
}

/// What was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Created,
    Updated,
    Unchanged,
}

/// What it works with.
#[derive(Clone)]
pub(crate) struct Resources {
    pool: PgPool,
    cache: CreditCache,
}

impl std::fmt::Debug for Resources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resources")
    }
}

impl Resources {
    pub(crate) fn new(pool: PgPool, cache: CreditCache) -> Self {
        Self { pool, cache }
    }

    /// Sees to it that something is there, as the body says. A caller that hangs up changes nothing.
    pub(crate) async fn put(&self, resource: Resource, body: &[u8]) -> Result<Answer, Refusal> {
        let (this, body) = (self.clone(), body.to_vec());
        let putting = tokio::spawn(async move {
            let answer = this.commit(resource, &body).await?;
            // A call may begin in the next moment; else the worker finds it within seconds.
            if let Err(error) = directory::tell(&this.pool, &this.cache).await {
                tracing::warn!(error = %format!("{error:#}"), "the directory is not brought up to date");
            }
            Ok(answer)
        });
        putting.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request panicked");
            Err(Refusal::internal())
        })
    }

    async fn commit(&self, resource: Resource, body: &[u8]) -> Result<Answer, Refusal> {
        match resource {
            Resource::Organization(id) => organizations::put(self, id, body).await,
            Resource::User(id) => users::put(&self.pool, id, body).await,
            Resource::Number(number) => numbers::put(&self.pool, number, body).await,
            Resource::Account(provider, account) => {
                accounts::put(&self.pool, provider, account, body).await
            }
            Resource::Identity(identity) => identities::put(&self.pool, identity, body).await,
        }
    }
}

impl From<provisioning::Change> for Change {
    fn from(change: provisioning::Change) -> Self {
        match change {
            provisioning::Change::Created => Self::Created,
            provisioning::Change::Updated => Self::Updated,
            provisioning::Change::Unchanged => Self::Unchanged,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::UnknownOrganization(_) | Error::UnknownUser(_) => {
                Self::not_found().with_detail(words)
            }
            Error::Different { .. } => Self::conflict("different", words),
            Error::EmailTaken { .. } => Self::conflict("email_taken", words),
            Error::NoWallet(_) => Self::conflict("no_wallet", words),
            Error::Transaction(error) => {
                tracing::error!(?error, "a request is not answered");
                Self::unavailable()
            }
        }
    }
}

/// 201 where it is new, else 200.
fn answer(change: Change, resource: &impl Serialize) -> Answer {
    let is_new = change == Change::Created;
    Answer::new(if is_new { StatusCode::CREATED } else { StatusCode::OK }, resource)
}

/// A member of the body, judged as the command line judges it.
fn judged<T>(name: &str, value: Result<T, String>) -> Result<T, Refusal> {
    value.map_err(|problem| invalid(format!("{name} {problem}.")))
}

/// Tells `null` from what is not said.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
