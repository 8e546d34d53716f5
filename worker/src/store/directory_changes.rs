//! What has changed in the directory, as the cache takes it: each field whole, however little of it is new.

use std::collections::BTreeMap;

use curbe_domain::providers::Provider;
use curbe_platform::credit::{
    AccountEntry, Field, IdentityEntry, NumberEntry, OrganizationEntry, UserNumber,
};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, transaction};

/// Fields of the directory as they were at a revision.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The revision.
    pub revision: i64,
    /// The fields and what they hold, in JSON.
    pub fields: Vec<(Field, String)>,
}

/// The number of the last change.
///
/// # Errors
/// What the database says.
pub async fn revision(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select revision from directory_revision").fetch_one(&mut *tx).await
}

/// Everything that has changed after a revision, in one snapshot.
///
/// # Errors
/// What the database says.
pub async fn since(tx: &mut Tx, known: i64) -> Result<Changes, sqlx::Error> {
    transaction::in_one_snapshot(tx).await?;
    let revision = revision(tx).await?;
    let mut changes = Changes { revision, fields: Vec::new() };
    if revision > known {
        organizations(tx, known, &mut changes).await?;
        numbers(tx, known, &mut changes).await?;
        identities(tx, known, &mut changes).await?;
        accounts(tx, known, &mut changes).await?;
    }
    Ok(changes)
}

impl Changes {
    fn add(&mut self, field: Field, value: &impl Serialize) {
        // Names, numbers and ids always serialize.
        self.fields.push((field, serde_json::to_string(value).unwrap_or_default()));
    }
}

async fn organizations(tx: &mut Tx, known: i64, changes: &mut Changes) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select o.id as "id!", w.id as "wallet?", coalesce(o.rate_deck, 'default') as "rate_deck!",
            o.currency as "currency!", o.language as "language!", o.concurrent_calls_max as "concurrent_calls_max?",
            o.blocked_prefixes as "blocked_prefixes!"
        from organizations o left join wallets w on w.organization_id = o.id
        where o.directory_revision > $1
        "#,
        known,
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let entry = OrganizationEntry {
            wallet: row.wallet,
            rate_deck: row.rate_deck,
            currency: row.currency,
            language: row.language,
            calls_max: row.concurrent_calls_max.and_then(|max| u32::try_from(max).ok()),
            blocked_prefixes: row.blocked_prefixes,
        };
        changes.add(Field::Organization(row.id), &entry);
    }
    Ok(())
}

async fn numbers(tx: &mut Tx, known: i64, changes: &mut Changes) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select p.e164, p.user_id, u.organization_id, p.provider, p.inbound_target, p.valid_from, p.valid_to
        from phone_numbers p join users u on u.id = p.user_id
        where p.e164 in (select e164 from phone_numbers where directory_revision > $1)
            or p.user_id in (select user_id from phone_numbers where directory_revision > $1)
        order by p.valid_from nulls first, p.e164
        "#,
        known,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut of_numbers: BTreeMap<String, Vec<NumberEntry>> = BTreeMap::new();
    let mut of_users: BTreeMap<Uuid, Vec<UserNumber>> = BTreeMap::new();
    for row in rows {
        let (from, to) = (row.valid_from.map(micros), row.valid_to.map(micros));
        of_users.entry(row.user_id).or_default().push(UserNumber {
            number: row.e164.clone(),
            provider: row.provider,
            from,
            to,
        });
        of_numbers.entry(row.e164).or_default().push(NumberEntry {
            user: row.user_id,
            organization: row.organization_id,
            from,
            to,
            target: row.inbound_target,
        });
    }
    let changed = sqlx::query!(
        "select distinct e164, user_id from phone_numbers where directory_revision > $1",
        known,
    )
    .fetch_all(&mut *tx)
    .await?;
    // Of the others, only a part was read.
    for row in changed {
        if let Some(entries) = of_numbers.remove(&row.e164) {
            changes.add(Field::Number(row.e164), &entries);
        }
        if let Some(own) = of_users.remove(&row.user_id) {
            changes.add(Field::User(row.user_id), &own);
        }
    }
    Ok(())
}

async fn identities(tx: &mut Tx, known: i64, changes: &mut Changes) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select i.identity, i.user_id, u.organization_id, i.provider, i.account
        from identities i join users u on u.id = i.user_id
        where i.identity in (select identity from identities where directory_revision > $1)
        order by i.identity
        "#,
        known,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut entries: BTreeMap<String, Vec<IdentityEntry>> = BTreeMap::new();
    for row in rows {
        entries.entry(row.identity).or_default().push(IdentityEntry {
            user: row.user_id,
            organization: row.organization_id,
            provider: row.provider,
            account: row.account,
        });
    }
    for (identity, entries) in entries {
        changes.add(Field::Identity(identity), &entries);
    }
    Ok(())
}

async fn accounts(tx: &mut Tx, known: i64, changes: &mut Changes) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select provider, account, organization_id
        from provider_accounts
        where directory_revision > $1
        "#,
        known,
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let Some(provider) = Provider::parse(&row.provider) else { continue };
        let entry = AccountEntry { organization: row.organization_id };
        changes.add(Field::Account(provider.as_str(), row.account), &[entry]);
    }
    Ok(())
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
