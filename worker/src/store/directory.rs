//! Who owns what a set of legs refers to: numbers, client and SIP names, provider accounts, and the wallets behind them.

use std::collections::HashMap;

use curbe_domain::ownership::{Directory, IdentityAssignment, Member, NumberAssignment};
use curbe_domain::providers::Provider;
use uuid::Uuid;

use super::Tx;

/// The wallet of an organization, and how its calls are rated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Who pays.
    pub wallet_id: Uuid,
    /// The deck of that organization.
    pub rate_deck: String,
}

/// What legs refer to.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Numbers in E.164.
    pub numbers: Vec<String>,
    /// Canonical client and SIP names.
    pub identities: Vec<String>,
    /// Providers' accounts.
    pub accounts: Vec<String>,
}

/// Reads the assignments of everything wanted.
///
/// # Errors
/// What the database says.
pub async fn read(tx: &mut Tx, wanted: &Wanted) -> Result<Directory, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select 'number' as "kind!", p.e164 as "name!", null as provider, null as account, p.user_id as "user_id?",
            u.organization_id as "organization_id!", p.valid_from, p.valid_to
        from phone_numbers p join users u on u.id = p.user_id
        where p.e164 = any($1)
        union all
        select 'identity', i.identity, i.provider, i.account, i.user_id, u.organization_id, null, null
        from identities i join users u on u.id = i.user_id
        where i.identity = any($2)
        union all
        select 'account', a.account, a.provider, null, null, a.organization_id, null, null
        from provider_accounts a
        where a.account = any($3)
        "#,
        &wanted.numbers,
        &wanted.identities,
        &wanted.accounts,
    )
    .fetch_all(&mut *tx)
    .await?;

    let mut directory = Directory::default();
    for row in rows {
        let organization_id = row.organization_id;
        let member = row.user_id.map(|user_id| Member { user_id, organization_id });
        let provider = row.provider.as_deref().and_then(Provider::parse);
        match (row.kind.as_str(), member, provider) {
            ("number", Some(member), _) => {
                let assignment =
                    NumberAssignment { member, valid_from: row.valid_from, valid_to: row.valid_to };
                directory.numbers.entry(row.name).or_default().push(assignment);
            }
            ("identity", Some(member), provider) => {
                let assignment = IdentityAssignment { member, provider, account: row.account };
                directory.identities.entry(row.name).or_default().push(assignment);
            }
            (_, _, Some(provider)) => {
                directory.accounts.insert((provider, row.name), organization_id);
            }
            (_, _, None) => {}
        }
    }
    Ok(directory)
}

/// The payers of these organizations. An organization without a user has no wallet yet and is not among them.
///
/// # Errors
/// What the database says.
pub async fn payers(
    tx: &mut Tx,
    organizations: &[Uuid],
) -> Result<HashMap<Uuid, Payer>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select o.id, w.id as wallet_id, coalesce(o.rate_deck, 'default') as "rate_deck!"
        from organizations o join wallets w on w.organization_id = o.id
        where o.id = any($1)
        "#,
        organizations,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Payer { wallet_id: row.wallet_id, rate_deck: row.rate_deck }))
        .collect())
}
