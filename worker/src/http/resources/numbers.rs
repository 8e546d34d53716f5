//! `PUT /api/numbers/{number}`.

use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, answer, judged, said};
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::http::json;
use crate::provisioning::numbers::{self, NewNumber, Target};

/// Whose a number is from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NumberRequest {
    user_id: Uuid,
    /// Who carries it.
    provider: Provider,
    /// Where its calls go: `+E164`, `client:NAME` or `sip:USER@HOST`; `null`: nowhere. Not said: as before.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    inbound_target: Option<Option<String>>,
}

/// A number.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Number {
    number: String,
    user_id: Uuid,
    #[schema(value_type = Provider)]
    provider: &'static str,
    #[schema(required)]
    inbound_target: Option<String>,
    /// Of this assignment; a number that changes hands has a new one.
    assignment_id: Uuid,
    /// Whose it was until now.
    #[schema(required)]
    taken_from: Option<Uuid>,
    change: Change,
}

/// Sees to it that a number is somebody's.
pub(super) async fn put(pool: &PgPool, number: E164, body: &[u8]) -> Result<Answer, Refusal> {
    let request: NumberRequest = json::parse(body)?;
    let target = match request.inbound_target {
        None => Target::Keep,
        Some(target) => judged("inboundTarget", Target::parse(&target.unwrap_or_default()))?,
    };
    let (user_id, provider) = (request.user_id, request.provider);
    let wanted = NewNumber { number: number.clone(), user_id, provider, target };
    let assigned = numbers::assign(pool, wanted).await?;
    let number = Number {
        number: number.to_string(),
        user_id,
        provider: provider.as_str(),
        inbound_target: assigned.inbound_target,
        assignment_id: assigned.id,
        taken_from: assigned.taken_from,
        change: assigned.change.into(),
    };
    Ok(answer(number.change, &number))
}
