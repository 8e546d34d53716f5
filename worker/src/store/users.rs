//! `users`: the people of an organization.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;

/// A user as his row has him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// Unique, in whatever case.
    pub email: String,
    /// `member` or `admin`.
    pub role: String,
}

/// Adds a user. Returns whether he is new: one of that id or email stays as he is.
///
/// # Errors
/// What the database says.
pub async fn insert(tx: &mut Tx, user: &UserRow, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        insert into users (id, organization_id, email, role, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict do nothing
        "#,
        user.id,
        user.organization_id,
        user.email,
        user.role,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The user of that id.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query_as!(UserRow, "select id, organization_id, email, role from users where id = $1", id)
        .fetch_optional(&mut *tx)
        .await
}

/// The user of that email, in whatever case.
///
/// # Errors
/// What the database says.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query_as!(
        UserRow,
        "select id, organization_id, email, role from users where lower(email) = lower($1)",
        email
    )
    .fetch_optional(&mut *tx)
    .await
}
