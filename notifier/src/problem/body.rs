//! The body of a problem.

use curbe_domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemCode};

/// What went wrong (RFC 9457). There is no `type`, which means that `title` says what `status` means.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// What went wrong, for people; the same words for every problem of this status.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time, for people.
    detail: &'a str,
    code: ProblemCode,
    /// The request it happened to, as in the header `X-Request-Id`.
    request_id: &'a str,
    /// The parameter that cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<&'a str>,
    /// Of `insufficient_funds`: what would be enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required: Option<Money>,
    /// Of `insufficient_funds`: what the wallet has for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available: Option<Money>,
    /// Of `insufficient_funds`: ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    currency: Option<&'a str>,
}

impl<'a> ProblemBody<'a> {
    /// As it happened to a request.
    pub(crate) fn new(problem: &'a Problem, request_id: &'a str) -> Self {
        let shortfall = problem.shortfall.as_ref();
        Self {
            title: problem.code.title(),
            status: problem.code.status().as_u16(),
            detail: &problem.detail,
            code: problem.code,
            request_id,
            parameter: problem.parameter.as_deref(),
            required: shortfall.map(|shortfall| shortfall.required),
            available: shortfall.map(|shortfall| shortfall.available),
            currency: shortfall.map(|shortfall| shortfall.currency.as_str()),
        }
    }
}
