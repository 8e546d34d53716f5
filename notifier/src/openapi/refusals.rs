//! The problems that a path may answer with, for the description of the API: each code with an example of its body.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use curbe_domain::money::Money;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::{MEDIA_TYPE, Problem, ProblemBody, ProblemCode, Shortfall};

/// For the examples.
const REQUEST_ID: &str = "0199b2a4-6f1e-7c3a-9a51-2f6f0f6f2a11";
/// Every path that asks for a token may answer with these.
const EVERYWHERE: [ProblemCode; 3] =
    [ProblemCode::Unauthorized, ProblemCode::Internal, ProblemCode::Unavailable];

/// Names sets of codes; each set is what the paths that use it add to the codes in front of the colon.
macro_rules! refusals {
    ($($(#[$doc:meta])+ $name:ident: $always:expr, [$($code:ident),*];)+) => {$(
        $(#[$doc])+
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                described($always.iter().copied().chain([$(ProblemCode::$code),*]))
            }
        }
    )+};
}

refusals! {
    /// Of the balance.
    BalanceRefusals: EVERYWHERE, [NoWallet];
    /// Of a list.
    ListRefusals: EVERYWHERE, [InvalidParameter];
    /// Of one call.
    CallRefusals: EVERYWHERE, [NotFound];
    /// Of a call's recording.
    RecordingRefusals: EVERYWHERE, [
        NotFound, RecordingNotReady, RecordingGone, RangeNotSatisfiable, TooManyRecordings, ProviderUnavailable,
        RecordingsUnavailable
    ];
    /// Of the question whether a call could be made.
    CheckRefusals: EVERYWHERE, [
        MalformedBody, InsufficientFunds, Suspended, NoWallet, BodyTimeout, BodyTooLarge, UnsupportedMediaType,
        InvalidBody, InvalidNumber, NoRate
    ];
    /// Of a WebSocket that could not be opened.
    SocketRefusals: [ProblemCode::Internal], [
        SubprotocolRequired, OriginNotAllowed, UpgradeRequired, TooManySockets, Draining
    ];
}

fn described(codes: impl Iterator<Item = ProblemCode>) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<StatusCode, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.as_u16().to_string(), response(status, &codes).into()))
        .collect()
}

fn response(status: StatusCode, codes: &[ProblemCode]) -> Response {
    let meaning = |code: &ProblemCode| format!("`{}`: {}", word(*code), code.detail());
    let description = codes.iter().map(meaning).collect::<Vec<_>>().join("\n\n");
    let examples = codes.iter().map(|&code| {
        let example = ExampleBuilder::new().summary(code.detail()).value(Some(example(code)));
        (word(code), example.build())
    });
    let schema = Ref::from_schema_name(ProblemBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    let header = |description| {
        let text = HeaderBuilder::new().schema(Some(Object::with_type(Type::String)));
        text.description(Some(description)).build()
    };
    let response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content);
    let response = response.header("X-Request-Id", header("The request it happened to."));
    match status {
        StatusCode::UNAUTHORIZED => {
            response.header("WWW-Authenticate", header("`Bearer`.")).build()
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => response
            .header("Retry-After", header("Seconds until it is worth asking again."))
            .build(),
        _ => response.build(),
    }
}

fn word(code: ProblemCode) -> String {
    json!(code).as_str().unwrap_or_default().to_owned()
}

fn example(code: ProblemCode) -> Value {
    let problem = if code == ProblemCode::InvalidParameter {
        Problem::parameter("limit", "is no number between 1 and 200")
    } else if code == ProblemCode::InsufficientFunds {
        Problem::insufficient_funds(shortfall())
    } else {
        code.into()
    };
    json!(ProblemBody::new(&problem, REQUEST_ID))
}

fn shortfall() -> Shortfall {
    let amount = |units| Money::from_units(units).unwrap_or_default();
    Shortfall { required: amount(10_000), available: amount(2_500), currency: "USD".to_owned() }
}
