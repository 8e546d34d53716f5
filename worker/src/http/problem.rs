//! The body of a problem.

use curbe_domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// How a problem is marked on the wire.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong (RFC 9457). There is no `type`, which means that `title` says what `status` means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// What went wrong, for people; the same words for every problem of this code.
    pub(super) title: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// What went wrong, for programs. New words may be added.
    pub(super) code: &'static str,
    /// What went wrong this time, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) detail: Option<String>,
    #[serde(flatten)]
    pub(super) funds: Funds,
    /// The request it happened to, as in the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, nullable = false)]
    pub(super) request_id: Option<String>,
}

/// How much there is, where that is what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Funds {
    /// Of `insufficient_funds`: what would be enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) required: Option<Money>,
    /// Of `insufficient_funds`: what the wallet has for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) available: Option<Money>,
    /// Of `refund_exceeds_charge`: what of the charge has not been given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) remaining: Option<Money>,
    /// Of all of them: ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) currency: Option<String>,
}
