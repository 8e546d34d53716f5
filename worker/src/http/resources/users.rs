//! `PUT /api/users/{id}`.

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, answer, judged};
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::http::json;
use crate::provisioning::email;
use crate::provisioning::users::{self, NewUser};

/// Somebody, as he should be there. Once he is, he stays like this.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserRequest {
    /// Whose; not said: an organization of his own.
    #[serde(default)]
    #[schema(nullable = false)]
    organization_id: Option<Uuid>,
    /// Unique, in whatever case.
    email: String,
    #[serde(default)]
    #[schema(nullable = false)]
    role: Option<Role>,
}

/// What he may see: a member his own calls, an admin those of the organization.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Member,
    Admin,
}

/// Somebody.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: Uuid,
    organization_id: Uuid,
    /// Of that organization.
    #[schema(required)]
    wallet_id: Option<Uuid>,
    email: String,
    #[schema(value_type = Role)]
    role: String,
    change: Change,
}

/// Sees to it that he is there.
pub(super) async fn put(pool: &PgPool, id: Uuid, body: &[u8]) -> Result<Answer, Refusal> {
    let request: UserRequest = json::parse(body)?;
    let email = judged("email", email(&request.email))?;
    let role = request.role.map(|role| match role {
        Role::Member => "member".to_owned(),
        Role::Admin => "admin".to_owned(),
    });
    let organization_id = request.organization_id;
    let wanted = NewUser { id: Some(id), organization_id, email: email.clone(), role };
    let user = users::create(pool, wanted).await?;
    let user = User {
        id: user.id,
        organization_id: user.organization_id,
        wallet_id: user.wallet_id,
        email,
        role: user.role,
        change: user.change.into(),
    };
    Ok(answer(user.change, &user))
}
