//! Who a valid token's user is now: his organization, his role, and the wallet that he may look at.

use uuid::Uuid;

use super::{Error, Store};

/// What a user may see of his organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// His own calls.
    Member,
    /// Everybody's.
    Admin,
}

/// A known user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) user_id: Uuid,
    /// What he may see.
    pub(crate) role: Role,
    /// His organization's wallet; none before it has one.
    pub(crate) wallet_id: Option<Uuid>,
}

impl Store {
    /// The user, if there is one.
    pub(crate) async fn caller(&self, user_id: Uuid) -> Result<Option<Caller>, Error> {
        let row = sqlx::query!(
            r#"select users.role, wallets.id as "wallet_id?"
               from users left join wallets on wallets.organization_id = users.organization_id
               where users.id = $1"#,
            user_id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| {
            // An unknown role sees least.
            let role = if row.role == "admin" { Role::Admin } else { Role::Member };
            Caller { user_id, role, wallet_id: row.wallet_id }
        }))
    }
}
