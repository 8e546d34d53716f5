//! The fields of a webhook body by name, whether it is a form or a flat JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::form::Form;
use crate::json::misread;
use crate::legs::event::EventError;

/// Far above what any provider sends; more is not worth reading.
const FIELDS_MAX: usize = 200;
const ID_LENGTH_MAX: usize = 200;

/// What the `Content-Type` header says of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::providers) enum MediaType {
    Form,
    Json,
    Other,
}

impl MediaType {
    pub(in crate::providers) fn of(content_type: Option<&str>) -> Self {
        let essence =
            content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::Form
        } else if essence.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else {
            Self::Other
        }
    }
}

/// The fields of one body, repeats included.
pub(in crate::providers) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// One value: text, or of a shape that no field we read may have.
enum Value<'a> {
    Text(Cow<'a, str>),
    Misshapen,
}

impl<'a> Fields<'a> {
    /// Reads a body. Only its frame is judged here; what a field holds is judged where it is asked for.
    pub(in crate::providers) fn read(
        content_type: Option<&str>,
        body: &'a [u8],
    ) -> Result<Self, EventError> {
        let fields = match MediaType::of(content_type) {
            MediaType::Form => Self::of_form(body)?,
            MediaType::Json => serde_json::from_slice(body)
                .map_err(|error| unreadable(format!("no flat JSON object: {}", misread(&error))))?,
            MediaType::Other => {
                return Err(unreadable("the content type is neither form nor JSON"));
            }
        };
        if fields.0.len() > FIELDS_MAX {
            return Err(unreadable(format!("more than {FIELDS_MAX} fields")));
        }
        Ok(fields)
    }

    fn of_form(body: &'a [u8]) -> Result<Self, EventError> {
        let form = Form::decode(body).map_err(|error| unreadable(error.to_string()))?;
        let field = |(name, value)| (text(name), Value::Text(text(value)));
        Ok(Self(form.into_pairs().map(field).collect()))
    }

    /// The value of a field; an empty one is as good as none.
    ///
    /// A field told twice with different values is refused: the signature does not cover the order of values, so
    /// nobody can say which of them was meant.
    pub(in crate::providers) fn get(&self, name: &str) -> Result<Option<&str>, EventError> {
        let mut found: Option<&str> = None;
        for (_, value) in self.0.iter().filter(|(field, _)| field == name) {
            let Value::Text(value) = value else {
                return Err(unreadable(format!("{name} is neither text nor a number")));
            };
            if found.is_some_and(|found| found != value) {
                return Err(unreadable(format!("{name} has two different values")));
            }
            found = Some(value);
        }
        match found {
            // No column of text can hold one.
            Some(value) if value.contains('\0') => Err(unreadable(format!("{name} holds a NUL"))),
            Some("") | None => Ok(None),
            Some(value) => Ok(Some(value)),
        }
    }

    /// A provider's id; one of another form than ids have is refused, since it becomes a key, a subject and a label.
    pub(in crate::providers) fn id(&self, name: &str) -> Result<Option<&str>, EventError> {
        match self.get(name)? {
            Some(id) if !is_id(id) => Err(unreadable(format!("{name} is not an id"))),
            id => Ok(id),
        }
    }

    /// Whether one of these fields is there and not empty.
    pub(in crate::providers) fn has_any(&self, names: &[&str]) -> bool {
        let filled = |value: &Value<'_>| match value {
            Value::Text(value) => !value.is_empty(),
            Value::Misshapen => true,
        };
        self.0.iter().any(|(field, value)| names.contains(&field.as_ref()) && filled(value))
    }
}

/// The error of a body that is not what the provider documents.
pub(in crate::providers) fn unreadable(words: impl Into<String>) -> EventError {
    EventError::Unreadable(words.into())
}

/// Whether it has the form that ids of providers have.
pub(in crate::providers) fn is_id(id: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-');
    (1..=ID_LENGTH_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

fn text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

impl<'de> Deserialize<'de> for Fields<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

/// Keeps repeated names, which a map type would swallow.
struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(Cow<'static, str>, Value<'static>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, JsonValue>()? {
            fields.push((Cow::Owned(name), value.into()));
        }
        Ok(fields)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonValue {
    Text(String),
    Number(serde_json::Number),
    Null(()),
    Other(IgnoredAny),
}

impl From<JsonValue> for Value<'_> {
    fn from(value: JsonValue) -> Self {
        match value {
            JsonValue::Text(text) => Self::Text(Cow::Owned(text)),
            JsonValue::Number(number) => Self::Text(Cow::Owned(number.to_string())),
            JsonValue::Null(()) => Self::Text(Cow::Borrowed("")),
            JsonValue::Other(_) => Self::Misshapen,
        }
    }
}
