//! The paths, made from the table of operations.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, Required, Response, ResponseBuilder};

use super::operations::{OPERATIONS, Operation};
use super::refusals::{ALL, EVERYWHERE, OF_BODIES, OF_MONEY, example};
use crate::http::problem::MEDIA_TYPE;

const JSON: &str = "application/json";

/// Every path with its operation.
pub(super) fn paths() -> Paths {
    let paths = OPERATIONS.iter().fold(PathsBuilder::new(), |paths, operation| {
        let method = operation.method.clone();
        paths.path(operation.path, PathItem::new(method, described(operation)))
    });
    paths.build()
}

fn described(operation: &Operation) -> OperationBuilder {
    let mut described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .tag(operation.tag)
        .summary(Some(operation.summary))
        .request_body(operation.body.map(|body| request_body(operation, body)));
    for name in names(operation.path) {
        described = described.parameter(in_path(name));
    }
    for (name, words) in operation.query {
        described = described.parameter(in_query(name, words));
    }
    if operation.moves_money {
        described = described.parameter(idempotency_key());
    }
    let (statuses, body) = operation.answers;
    for (status, words) in statuses {
        described = described.response(*status, answer(words, body));
    }
    for (status, codes) in refusals(operation) {
        described = described.response(status, problem(status, &codes));
    }
    described
}

/// The names in braces.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path(name: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let schema: Object = match name {
        "id" => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).build(),
        "provider" => text.enum_values(Some(["twilio", "telnyx", "signalwire"])).build(),
        "number" => text.pattern(Some("^\\+[1-9][0-9]{0,14}$")).build(),
        _ => text.build(),
    };
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
    parameter.required(Required::True).schema(Some(schema)).build()
}

fn in_query(name: &str, words: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
    let parameter = parameter.description(Some(words)).required(Required::False);
    parameter.schema(Some(text)).build()
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]{1,255}$"));
    let parameter = ParameterBuilder::new().name("Idempotency-Key");
    let words = "Unique for each thing that is to happen: told again, it happens once.";
    let parameter = parameter.parameter_in(ParameterIn::Header).description(Some(words));
    parameter.required(Required::True).schema(Some(text)).build()
}

fn request_body(operation: &Operation, body: &str) -> RequestBody {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(body))).build();
    // To give something back needs no more words.
    let required = if operation.id == "release" { Required::False } else { Required::True };
    RequestBodyBuilder::new().content(JSON, content).required(Some(required)).build()
}

fn answer(words: &str, body: Option<&str>) -> Response {
    let (media_type, content) = match body {
        Some(body) => (JSON, ContentBuilder::new().schema(Some(Ref::from_schema_name(body)))),
        None => ("audio/*", ContentBuilder::new()),
    };
    ResponseBuilder::new().description(words).content(media_type, content.build()).build()
}

type Meaning = (&'static str, &'static str);

/// Its problems by their status: each code with what it means.
fn refusals(operation: &Operation) -> BTreeMap<&'static str, Vec<Meaning>> {
    let of_bodies = operation.body.map(|_| OF_BODIES.iter()).into_iter().flatten();
    let of_money = operation.moves_money.then(|| OF_MONEY.iter()).into_iter().flatten();
    let own = operation.refusals.iter().chain(&EVERYWHERE).chain(of_bodies).chain(of_money);
    let own: Vec<&str> = own.copied().collect();
    let mut by_status: BTreeMap<_, Vec<Meaning>> = BTreeMap::new();
    for (code, status, meaning) in ALL.iter().filter(|(code, ..)| own.contains(code)) {
        by_status.entry(*status).or_default().push((code, meaning));
    }
    by_status
}

fn problem(status: &str, codes: &[Meaning]) -> Response {
    let words = codes.iter().map(|(code, meaning)| format!("`{code}`: {meaning}"));
    let words = words.collect::<Vec<_>>().join("\n\n");
    let examples = codes.iter().map(|(code, meaning)| {
        let example = example(code, status, meaning);
        (*code, ExampleBuilder::new().summary(*meaning).value(Some(example)).build())
    });
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
    let content = content.examples_from_iter(examples).build();
    let header = |words| {
        let text = HeaderBuilder::new().schema(Some(Object::with_type(Type::String)));
        text.description(Some(words)).build()
    };
    let response = ResponseBuilder::new().description(words).content(MEDIA_TYPE, content);
    let response = response.header("X-Request-Id", header("The request it happened to."));
    match status {
        "401" => response.header("WWW-Authenticate", header("`Bearer`.")).build(),
        "503" => response
            .header("Retry-After", header("Seconds until it is worth asking again."))
            .build(),
        _ => response.build(),
    }
}
