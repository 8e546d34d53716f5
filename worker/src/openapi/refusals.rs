//! The problems that a path may answer with: each code with its status and what it means, and an example of it.

use serde_json::{Value, json};

/// For the examples.
const REQUEST_ID: &str = "0199b2a4-6f1e-7c3a-9a51-2f6f0f6f2a11";

/// Every path may answer with these.
pub(super) const EVERYWHERE: [&str; 3] = ["unauthorized", "internal", "unavailable"];
/// Every path that reads a body too.
pub(super) const OF_BODIES: [&str; 5] =
    ["malformed_body", "body_timeout", "body_too_large", "unsupported_media_type", "invalid_body"];
/// Every path that moves money too.
pub(super) const OF_MONEY: [&str; 2] = ["idempotency_key_required", "idempotency_key_reused"];

/// Code, status, meaning.
pub(super) const ALL: [(&str, &str, &str); 35] = [
    ("invalid_parameter", "400", "A parameter of the query is not what it must be; see `detail`."),
    ("malformed_body", "400", "The body is no JSON, or broke off."),
    ("idempotency_key_required", "400", "`Idempotency-Key` is missing, or cannot be one."),
    ("unauthorized", "401", "A service token is needed: `Authorization: Bearer <token>`."),
    ("insufficient_funds", "402", "There is not enough; see `required` and `available`."),
    ("not_found", "404", "What the request names is not there; see `detail`."),
    ("no_recording", "404", "The call has no recording, or none any more."),
    ("body_timeout", "408", "The body took too long to come."),
    ("suspended", "409", "The wallet is suspended."),
    ("no_wallet", "409", "The organization has no wallet yet: it comes with its first user."),
    ("reference_used", "409", "The reference stands for something else."),
    ("too_many_calls", "409", "As many calls run as may run at once."),
    ("leg_settled", "409", "The call is over, and was paid for."),
    ("leg_authorized", "409", "The call has asked already, and may begin."),
    ("call_is_not_captured", "409", "A call is settled when it ends."),
    ("already_captured", "409", "It was captured before."),
    ("already_released", "409", "It was released before."),
    ("already_settled", "409", "The call is over, and was paid for."),
    ("expired", "409", "Its time was over."),
    ("amount_overflow", "409", "The balance would not fit."),
    ("refund_exceeds_charge", "409", "Not so much of the charge is left; see `remaining`."),
    ("not_refundable", "409", "The row of the ledger is no charge."),
    (
        "not_accepted",
        "409",
        "The letter is no conflict, or not one of how a call ended; see `detail`.",
    ),
    ("different", "409", "It is there already, and something that does not change differs."),
    ("email_taken", "409", "Another user has that email."),
    ("body_too_large", "413", "The body is longer than 64 KiB."),
    ("unsupported_media_type", "415", "The body must be `application/json`."),
    ("range_not_satisfiable", "416", "The recording has no such range."),
    ("invalid_body", "422", "The body is JSON, but not what is expected; see `detail`."),
    (
        "idempotency_key_reused",
        "422",
        "The `Idempotency-Key` was used before, for another request.",
    ),
    ("internal", "500", "Something went wrong on our side."),
    ("provider_failed", "502", "The provider does not hand out the recording."),
    (
        "unavailable",
        "503",
        "This cannot be done at the moment; ask again shortly, under the same key.",
    ),
    ("busy", "503", "As many recordings are listened to as may be at once."),
    ("provider_timed_out", "504", "The provider did not answer in time."),
];

/// A body of a problem.
pub(super) fn example(code: &str, status: &str, meaning: &str) -> Value {
    let mut example = json!({
        "title": title(code, status),
        "status": status.parse::<u16>().unwrap_or_default(),
        "code": code,
        "detail": meaning,
        "requestId": REQUEST_ID,
    });
    let amounts: &[(&str, &str)] = match code {
        "insufficient_funds" => {
            &[("required", "2.0000"), ("available", "1.0000"), ("currency", "USD")]
        }
        "refund_exceeds_charge" => &[("remaining", "0.4000"), ("currency", "USD")],
        _ => &[],
    };
    for (name, value) in amounts {
        example[*name] = (*value).into();
    }
    example
}

/// As [`crate::http::Refusal`] says it.
fn title(code: &str, status: &str) -> &'static str {
    match (code, status) {
        ("insufficient_funds", _) => "Insufficient Funds",
        ("no_recording", _) => "No Recording",
        ("busy", _) => "Busy",
        (_, "400") => "Bad Request",
        (_, "401") => "Unauthorized",
        (_, "404") => "Not Found",
        (_, "408") => "Request Timeout",
        (_, "409") => "Conflict",
        (_, "413") => "Content Too Large",
        (_, "415") => "Unsupported Media Type",
        (_, "416") => "Range Not Satisfiable",
        (_, "422") => "Unprocessable Content",
        (_, "502") => "Bad Gateway",
        (_, "503") => "Service Unavailable",
        (_, "504") => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}
