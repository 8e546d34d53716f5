//! Who owns what, and what a minute costs, as a call that begins must know it. The worker brings it in and keeps it up to
//! date: what was read at a later revision replaces what is there.

use std::sync::LazyLock;

use ::redis::{AsyncCommands, Script};
use curbe_domain::phone::E164;
use curbe_domain::rating::Rate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CreditCache, CreditError, Epoch, SWEEP_BUDGET, within};

static SET_NEWER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("set_newer.lua")));

const REVISION: &str = "revision";
/// As many as are written in one step: others wait for it.
const CHUNK: usize = 500;

/// A field of the directory. What it holds is a list of entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`NumberEntry`]s of a number.
    Number(String),
    /// [`IdentityEntry`]s of a client or SIP name.
    Identity(String),
    /// [`AccountEntry`] of a provider's account.
    Account(&'static str, String),
    /// [`UserNumber`]s of a user.
    User(Uuid),
    /// The [`OrganizationEntry`] of an organization, alone and in no list.
    Organization(Uuid),
}

impl Field {
    /// Its name in the hash.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Number(number) => format!("n:{number}"),
            Self::Identity(name) => format!("i:{name}"),
            Self::Account(provider, account) => format!("a:{provider}:{account}"),
            Self::User(id) => format!("u:{id}"),
            Self::Organization(id) => format!("o:{id}"),
        }
    }
}

/// A number as it was assigned for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberEntry {
    /// To whom.
    pub user: Uuid,
    /// Of which organization.
    pub organization: Uuid,
    /// From then on, in microseconds of Unix time; none: for all time before.
    pub from: Option<i64>,
    /// Until just before then.
    pub to: Option<i64>,
    /// Where its calls go.
    pub target: Option<String>,
}

/// A client or SIP name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityEntry {
    /// Whose.
    pub user: Uuid,
    /// Of which organization.
    pub organization: Uuid,
    /// At this provider alone.
    pub provider: Option<String>,
    /// In this account alone.
    pub account: Option<String>,
}

/// An account at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountEntry {
    /// Whose.
    pub organization: Uuid,
}

/// A number that a user has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserNumber {
    /// With its `+`.
    pub number: String,
    /// Who carries it.
    pub provider: String,
    /// From then on, in microseconds of Unix time.
    pub from: Option<i64>,
    /// Until just before then.
    pub to: Option<i64>,
}

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationEntry {
    /// Who pays; none before the first user.
    pub wallet: Option<Uuid>,
    /// The name of its deck.
    pub rate_deck: String,
    /// ISO 4217.
    pub currency: String,
    /// `es` or `en`.
    pub language: String,
    /// As many calls may run at once.
    pub calls_max: Option<u32>,
    /// Prefixes that its people may not call.
    pub blocked_prefixes: Vec<String>,
}

/// A deck that is in force or will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeckEntry {
    /// Which.
    pub id: Uuid,
    /// ISO 4217.
    pub currency: String,
    /// From then on, in microseconds of Unix time.
    pub effective_from: i64,
    /// The hash of its rates.
    pub key: String,
}

fn directory_key(epoch: &Epoch) -> String {
    format!("directory:{}", epoch.nonce)
}

fn decks_key(epoch: &Epoch) -> String {
    format!("decks:{}", epoch.nonce)
}

/// The hash of a deck's rates as they were at a revision.
fn rates_key(epoch: &Epoch, deck: Uuid, revision: i64) -> String {
    format!("rates:{}:{deck}:{revision}", epoch.nonce)
}

impl CreditCache {
    /// Up to which change the directory is complete; `None`: it is not.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn directory_revision(&self, epoch: &Epoch) -> Result<Option<i64>, CreditError> {
        self.revision(directory_key(epoch)).await
    }

    /// Up to which change the rates are complete; `None`: they are not.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn rate_revision(&self, epoch: &Epoch) -> Result<Option<i64>, CreditError> {
        self.revision(decks_key(epoch)).await
    }

    async fn revision(&self, key: String) -> Result<Option<i64>, CreditError> {
        let mut connection = self.connection()?;
        let known: Option<String> =
            within(SWEEP_BUDGET, connection.commands.hget(key, REVISION)).await?;
        Ok(known.and_then(|known| known.split('|').next()?.parse().ok()))
    }

    /// Writes fields as they were at a revision, then that everything up to it is there.
    ///
    /// # Errors
    /// [`CreditError`] when not all of it happened; it is to be said again.
    pub async fn write_directory(
        &self,
        epoch: &Epoch,
        revision: i64,
        fields: &[(Field, String)],
    ) -> Result<(), CreditError> {
        let fields: Vec<(String, &str)> =
            fields.iter().map(|(field, value)| (field.name(), value.as_str())).collect();
        self.write_newer(directory_key(epoch), revision, &fields).await
    }

    async fn write_newer(
        &self,
        key: String,
        revision: i64,
        fields: &[(String, &str)],
    ) -> Result<(), CreditError> {
        let last = [(REVISION.to_owned(), "")];
        for chunk in fields.chunks(CHUNK).chain([&last[..]]) {
            let mut connection = self.connection()?;
            let mut call = SET_NEWER.key(&key);
            call.arg(revision);
            for (field, value) in chunk {
                call.arg(field).arg(*value);
            }
            within(SWEEP_BUDGET, call.invoke_async::<()>(&mut connection.commands)).await?;
        }
        Ok(())
    }

    /// Writes the rates of a deck as they were at a revision of its own, unless they are there. Returns their hash.
    ///
    /// # Errors
    /// [`CreditError`] when not all of it happened; it is to be said again.
    pub async fn write_rates<'r>(
        &self,
        epoch: &Epoch,
        deck: Uuid,
        revision: i64,
        rates: impl Iterator<Item = &'r [Rate]>,
    ) -> Result<String, CreditError> {
        const COMPLETE: &str = "complete";
        let key = rates_key(epoch, deck, revision);
        let mut connection = self.connection()?;
        if within(SWEEP_BUDGET, connection.commands.hexists(&key, COMPLETE)).await? {
            return Ok(key);
        }
        let mut fields: Vec<(&str, String)> = Vec::with_capacity(CHUNK);
        for of_prefix in rates {
            let Some(first) = of_prefix.first() else { continue };
            fields.push((&first.prefix, serde_json::to_string(of_prefix)?));
            if fields.len() == CHUNK {
                self.write_fields(&key, &fields).await?;
                fields.clear();
            }
        }
        fields.push((COMPLETE, "1".to_owned()));
        self.write_fields(&key, &fields).await?;
        Ok(key)
    }

    async fn write_fields(&self, key: &str, fields: &[(&str, String)]) -> Result<(), CreditError> {
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, connection.commands.hset_multiple::<_, _, _, ()>(key, fields)).await
    }

    /// Writes which decks there are, each with its name, all at one instant, unless a later revision is there.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen, or may not have happened.
    pub async fn write_decks(
        &self,
        epoch: &Epoch,
        revision: i64,
        decks: &[(String, Vec<DeckEntry>)],
    ) -> Result<(), CreditError> {
        if self.rate_revision(epoch).await? >= Some(revision) {
            return Ok(());
        }
        let mut pipeline = ::redis::pipe();
        pipeline.atomic();
        for (name, entries) in decks {
            let value = serde_json::to_string(entries)?;
            pipeline.hset(decks_key(epoch), format!("d:{name}"), value).ignore();
        }
        pipeline.hset(decks_key(epoch), REVISION, revision).ignore();
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, pipeline.query_async::<()>(&mut connection.commands)).await
    }

    /// Removes rates and directories that nobody reads any more: of other epochs, and of decks as they were before.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn tidy(&self, epoch: &Epoch, kept_rates: &[String]) -> Result<(), CreditError> {
        let current = [directory_key(epoch), decks_key(epoch)];
        for pattern in ["directory:*", "decks:*", "rates:*"] {
            let mut connection = self.connection()?;
            let mut found: Vec<String> = Vec::new();
            let mut cursor = 0_u64;
            loop {
                let mut scan = ::redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
                let scanned = scan.query_async::<(u64, Vec<String>)>(&mut connection.commands);
                let (next, keys) = within(SWEEP_BUDGET, scanned).await?;
                found.extend(keys);
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
            found.retain(|key| !current.contains(key) && !kept_rates.contains(key));
            if !found.is_empty() {
                within(SWEEP_BUDGET, connection.commands.unlink::<_, ()>(found)).await?;
            }
        }
        Ok(())
    }
}

/// Whether a text is a number that can be rated.
pub(super) fn dialled(text: Option<&str>) -> String {
    text.and_then(|text| E164::parse(text.trim()))
        .map(|number| number.to_string())
        .unwrap_or_default()
}
