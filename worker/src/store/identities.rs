//! `identities`: whose a client or SIP name is.

use uuid::Uuid;

use super::Tx;

/// An identity as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The row.
    pub id: Uuid,
    /// The name in its canonical spelling.
    pub identity: String,
    /// To whom.
    pub user_id: Uuid,
    /// At this provider alone.
    pub provider: Option<String>,
    /// In this account alone.
    pub account: Option<String>,
}

/// The row of that name in that scope, locked.
///
/// # Errors
/// What the database says.
pub async fn lock(
    tx: &mut Tx,
    identity: &str,
    provider: Option<&str>,
    account: Option<&str>,
) -> Result<Option<IdentityRow>, sqlx::Error> {
    sqlx::query_as!(
        IdentityRow,
        r#"
        select id, identity, user_id, provider, account
        from identities
        where identity = $1 and provider is not distinct from $2 and account is not distinct from $3
        for update
        "#,
        identity,
        provider,
        account,
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Adds an identity, or gives the one of that name and scope to its user.
///
/// # Errors
/// What the database says.
pub async fn upsert(tx: &mut Tx, identity: &IdentityRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into identities (id, identity, user_id, provider, account)
        values ($1, $2, $3, $4, $5)
        on conflict (identity, provider, account) do update set user_id = excluded.user_id
        "#,
        identity.id,
        identity.identity,
        identity.user_id,
        identity.provider,
        identity.account,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
