//! `provider_accounts`: whose an account, project or connection at a provider is.

use uuid::Uuid;

use super::Tx;

/// The organization of an account, its row locked.
///
/// # Errors
/// What the database says.
pub async fn lock(tx: &mut Tx, provider: &str, account: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select organization_id
        from provider_accounts
        where provider = $1 and account = $2
        for update
        "#,
        provider,
        account,
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Gives an account to an organization.
///
/// # Errors
/// What the database says.
pub async fn upsert(
    tx: &mut Tx,
    provider: &str,
    account: &str,
    organization_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into provider_accounts (provider, account, organization_id)
        values ($1, $2, $3)
        on conflict (provider, account) do update set organization_id = excluded.organization_id
        "#,
        provider,
        account,
        organization_id,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
