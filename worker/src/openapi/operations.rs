//! What each path is asked and answers.

use utoipa::openapi::path::HttpMethod::{self, Get, Post, Put};

/// One operation.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: HttpMethod,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// What its query may say: each name with what it means.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The type of its body.
    pub(super) body: Option<&'static str>,
    /// What it answers when all is well: each status with what it means; the type of their body.
    pub(super) answers: (&'static [(&'static str, &'static str)], Option<&'static str>),
    /// The codes of the problems it may answer with, besides those of all.
    pub(super) refusals: &'static [&'static str],
    /// Whether it needs an `Idempotency-Key`.
    pub(super) moves_money: bool,
}

const DONE: &[(&str, &str)] = &[("200", "It is done, now or before.")];
const MOVED: &[(&str, &str)] =
    &[("201", "It is posted."), ("200", "It was posted before, under this reference.")];
const MADE: &[(&str, &str)] = &[("201", "It is new."), ("200", "It was there; see `change`.")];
const IDENTITY: &str = "Whose a client or SIP name is; percent-encoded in the path";
const RECORDING: &[&str] = &[
    "not_found",
    "no_recording",
    "range_not_satisfiable",
    "provider_failed",
    "busy",
    "provider_timed_out",
];

const fn money(path: &'static str, id: &'static str, tag: &'static str) -> Operation {
    let answers = (DONE, None);
    Operation {
        path,
        method: Post,
        id,
        tag,
        summary: "",
        query: &[],
        body: None,
        answers,
        refusals: &[],
        moves_money: true,
    }
}

const fn put(path: &'static str, id: &'static str, types: [&'static str; 2]) -> Operation {
    Operation {
        path,
        method: Put,
        id,
        tag: "customers",
        summary: "",
        query: &[],
        body: Some(types[0]),
        answers: (MADE, Some(types[1])),
        refusals: &["not_found"],
        moves_money: false,
    }
}

const fn letters(path: &'static str, method: HttpMethod, id: &'static str) -> Operation {
    let answers = (DONE, None);
    Operation {
        path,
        method,
        id,
        tag: "dead letters",
        summary: "",
        query: &[],
        body: None,
        answers,
        refusals: &["not_found"],
        moves_money: false,
    }
}

const FILTERS: &[(&str, &str)] = &[
    ("provider", "Only of this provider."),
    ("reason", "Only for this reason."),
    ("organizationId", "Only of this organization, as far as it is known whose they are."),
    ("since", "Only those given up at this time or later (RFC 3339)."),
    ("until", "Only those given up before this time (RFC 3339)."),
    ("status", "`open` (if not said), `replayed`, `discarded` or `all`."),
    ("limit", "At most so many: 50 if not said, at most 200."),
    ("cursor", "`nextCursor` of the page before."),
];

pub(super) const OPERATIONS: [Operation; 20] = [
    Operation {
        summary: "Whether something could be paid: a look, nothing is set aside",
        body: Some("CheckRequest"),
        answers: (&[("200", "There is enough.")], Some("Sufficient")),
        refusals: &["insufficient_funds", "suspended", "no_wallet", "not_found"],
        moves_money: false,
        ..money("/api/gatekeeper/check", "check", "gatekeeper")
    },
    Operation {
        summary: "Set money aside for something that costs",
        body: Some("AuthorizationRequest"),
        answers: (
            &[("201", "It is set aside."), ("200", "It was before, under this reference.")],
            Some("Authorized"),
        ),
        refusals: &[
            "insufficient_funds",
            "suspended",
            "too_many_calls",
            "reference_used",
            "leg_settled",
            "leg_authorized",
            "no_wallet",
            "not_found",
        ],
        ..money("/api/gatekeeper/authorizations", "authorize", "gatekeeper")
    },
    Operation {
        summary: "Pay what was set aside for, at its real cost",
        body: Some("CaptureRequest"),
        answers: (DONE, Some("Captured")),
        refusals: &[
            "insufficient_funds",
            "suspended",
            "already_captured",
            "already_released",
            "expired",
            "call_is_not_captured",
            "amount_overflow",
            "not_found",
        ],
        ..money("/api/gatekeeper/authorizations/{id}/capture", "capture", "gatekeeper")
    },
    Operation {
        summary: "Give back what was set aside; twice changes nothing",
        body: Some("ReleaseRequest"),
        answers: (DONE, Some("Released")),
        refusals: &["already_captured", "already_settled", "not_found"],
        ..money("/api/gatekeeper/authorizations/{id}/release", "release", "gatekeeper")
    },
    Operation {
        summary: "Money was paid in",
        body: Some("MovementRequest"),
        answers: (MOVED, Some("Transaction")),
        refusals: &["reference_used", "no_wallet", "amount_overflow", "not_found"],
        ..money("/api/organizations/{id}/refills", "refill", "money")
    },
    Operation {
        summary: "Correct a balance, in either direction",
        body: Some("MovementRequest"),
        answers: (MOVED, Some("Transaction")),
        refusals: &["reference_used", "no_wallet", "amount_overflow", "not_found"],
        ..money("/api/organizations/{id}/adjustments", "adjust", "money")
    },
    Operation {
        summary: "Give back something of a charge, never more than it was",
        body: Some("RefundRequest"),
        answers: (MOVED, Some("Transaction")),
        refusals: &[
            "refund_exceeds_charge",
            "not_refundable",
            "reference_used",
            "no_wallet",
            "amount_overflow",
            "not_found",
        ],
        ..money("/api/organizations/{id}/refunds", "refund", "money")
    },
    Operation {
        summary: "A customer",
        refusals: &["different", "no_wallet"],
        ..put("/api/organizations/{id}", "putOrganization", ["OrganizationRequest", "Organization"])
    },
    Operation {
        summary: "Somebody of a customer; the first one makes its wallet",
        refusals: &["different", "email_taken", "not_found"],
        ..put("/api/users/{id}", "putUser", ["UserRequest", "User"])
    },
    Operation {
        summary: "Whose a number is; calls that began before stay the former user's",
        ..put("/api/numbers/{number}", "putNumber", ["NumberRequest", "Number"])
    },
    Operation {
        summary: "Whose a whole account, project or connection is",
        ..put("/api/accounts/{provider}/{account}", "putAccount", ["AccountRequest", "Account"])
    },
    Operation {
        summary: IDENTITY,
        ..put("/api/identities/{identity}", "putIdentity", ["IdentityRequest", "Identity"])
    },
    Operation {
        path: "/api/recordings/{id}",
        method: Get,
        id: "getRecording",
        tag: "recordings",
        summary: "The audio of a call, by its call log; `Range` as usual",
        query: &[],
        body: None,
        answers: (&[("200", "All of it."), ("206", "The part that was asked for.")], None),
        refusals: RECORDING,
        moves_money: false,
    },
    Operation {
        summary: "Events that could not be used, the newest first",
        query: FILTERS,
        answers: (&[("200", "A page of them.")], Some("DeadLetterPage")),
        refusals: &["invalid_parameter"],
        ..letters("/api/dead-letters", Get, "listDeadLetters")
    },
    Operation {
        summary: "Send many through again, those that are named or open ones, the oldest first; what was charged before \
                  is not charged twice",
        body: Some("DeadLettersReplayRequest"),
        answers: (&[("200", "What came of it, or would.")], Some("DeadLetterReplay")),
        ..letters("/api/dead-letters/replay", Post, "replayDeadLetters")
    },
    Operation {
        summary: "Be asked about several no more",
        body: Some("DeadLettersDiscardRequest"),
        answers: (DONE, Some("DeadLettersDiscarded")),
        ..letters("/api/dead-letters/discard", Post, "discardDeadLetters")
    },
    Operation {
        summary: "One whole, with what would come of sending it through again now",
        answers: (&[("200", "It is there.")], Some("DeadLetterDetails")),
        ..letters("/api/dead-letters/{id}", Get, "getDeadLetter")
    },
    Operation {
        summary: "Send one through again; what was charged before is not charged twice",
        body: Some("DeadLetterReplayRequest"),
        answers: (&[("200", "What came of it, or would.")], Some("DeadLetterReplay")),
        ..letters("/api/dead-letters/{id}/replay", Post, "replayDeadLetter")
    },
    Operation {
        summary: "Let the word of a conflict stand in place of the first, and correct what was paid; once for a letter: \
                  told again, it answers with what was posted then. To let the first word stand, discard the letter",
        body: Some("DeadLetterAcceptRequest"),
        answers: (
            &[("200", "It stands, now or before; or what would be posted.")],
            Some("DeadLetterAcceptance"),
        ),
        refusals: &["not_accepted", "not_found"],
        ..letters("/api/dead-letters/{id}/accept", Post, "acceptDeadLetter")
    },
    Operation {
        summary: "Be asked about one no more",
        body: Some("DeadLetterDiscardRequest"),
        answers: (DONE, Some("DeadLettersDiscarded")),
        ..letters("/api/dead-letters/{id}/discard", Post, "discardDeadLetter")
    },
];
