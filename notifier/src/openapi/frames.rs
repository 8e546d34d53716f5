//! `frames.schema.json`: every message of `curbe.v1.json`, in both directions, made from the types that are sent.

use std::collections::BTreeMap;

use curbe_domain::frames::{Frame, HeldNotice};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::websocket::{FromBrowser, ToBrowser};

const DESCRIPTION: &str = "\
Messages on the WebSocket at /api/ws, told apart by `type`: what a browser says (`FromBrowser`), what it is told \
(`ToBrowser`), the numbered frames (`Frame`), and how much is set aside now (`HeldNotice`), which has no number: whoever \
misses one is told by the next, or asks the API. A type that is not known is to be passed over: there may be more of \
them one day.";
/// Where a description of an API keeps its types.
const COMPONENTS: &str = "#/components/schemas/";
/// Where a JSON schema keeps them.
const DEFINITIONS: &str = "#/$defs/";

/// A JSON schema with the types that it refers to, in the order in which it is to be read.
#[derive(Serialize)]
struct Document {
    #[serde(rename = "$schema")]
    dialect: &'static str,
    title: &'static str,
    description: &'static str,
    #[serde(rename = "oneOf")]
    one_of: [Ref; 4],
    #[serde(rename = "$defs")]
    definitions: BTreeMap<String, RefOr<Schema>>,
}

/// The schema as it is committed.
#[must_use]
pub fn schema() -> String {
    let mut types = Vec::new();
    add::<FromBrowser>(&mut types);
    add::<ToBrowser>(&mut types);
    add::<Frame>(&mut types);
    add::<HeldNotice>(&mut types);
    tag(&mut types, &HeldNotice::name(), "held_updated");
    let document = Document {
        dialect: "https://json-schema.org/draft/2020-12/schema",
        title: "curbe.v1.json",
        description: DESCRIPTION,
        one_of: ["FromBrowser", "ToBrowser", "Frame", "HeldNotice"].map(Ref::from_schema_name),
        definitions: types.into_iter().collect(),
    };
    // Texts and numbers always serialize.
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.replace(COMPONENTS, DEFINITIONS) + "\n"
}

fn add<T: ToSchema>(types: &mut Vec<(String, RefOr<Schema>)>) {
    types.push((T::name().into_owned(), T::schema()));
    T::schemas(types);
}

/// What derives a schema passes over the tag of a type that is no enum.
fn tag(types: &mut [(String, RefOr<Schema>)], name: &str, word: &str) {
    let found = types.iter_mut().find(|(known, _)| known == name);
    if let Some((_, RefOr::T(Schema::Object(object)))) = found {
        let tag = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word]));
        object.properties.insert("type".to_owned(), tag.into());
        object.required.push("type".to_owned());
    }
}
