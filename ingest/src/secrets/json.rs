//! JSON by hand, so that an error can say where it is and never what stands there: it may be a secret.

use std::fmt;

use curbe_domain::json::misread;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The JSON pointer; empty for the document.
    pub(super) pointer: String,
    /// Words without anything of the document.
    pub(super) reason: String,
}

/// A value. Names told twice are kept, so that they can be refused.
pub(super) enum Value {
    Object(Vec<(String, Value)>),
    List(Vec<Value>),
    Text(String),
    Whole(u64),
    Other,
}

/// A value and where it stands.
pub(super) struct Node<'a> {
    pub(super) pointer: String,
    value: &'a Value,
}

impl Misfit {
    pub(super) fn new(pointer: &str, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), reason: reason.into() }
    }
}

/// Reads a document.
pub(super) fn parse(content: &[u8]) -> Result<Value, Misfit> {
    serde_json::from_slice(content)
        .map_err(|error| Misfit::new("", format!("is {}", misread(&error))))
}

impl<'a> Node<'a> {
    /// The whole document.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { pointer: String::new(), value }
    }

    /// A misfit here.
    pub(super) fn misfit(&self, reason: impl Into<String>) -> Misfit {
        Misfit::new(&self.pointer, reason)
    }

    /// The fields of an object that may have these names and no other.
    pub(super) fn fields<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<Self>; N], Misfit> {
        let only = format!("has a name other than {}", names.join(", "));
        let entries = self.entries(|name| names.contains(&name), &only)?;
        let mut fields = names.map(|_| None);
        for (name, node) in entries {
            let place = names.iter().position(|known| *known == name);
            if let Some(field) = place.and_then(|place| fields.get_mut(place)) {
                *field = Some(node);
            }
        }
        Ok(fields)
    }

    /// The entries of an object whose names are right; `otherwise` is what is said of it if one is not, for a name in
    /// the wrong place may be a secret.
    pub(super) fn entries(
        &self,
        is_right: impl Fn(&str) -> bool,
        otherwise: &str,
    ) -> Result<Vec<(&'a str, Self)>, Misfit> {
        let Value::Object(entries) = self.value else {
            return Err(self.misfit("is no object"));
        };
        let mut nodes: Vec<(&str, Self)> = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            if !is_right(name) {
                return Err(self.misfit(otherwise));
            }
            nodes.push((name, Self { pointer: format!("{}/{name}", self.pointer), value }));
        }
        nodes.sort_by_key(|(name, _)| *name);
        match nodes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(pair[0].1.misfit("is there twice")),
            None => Ok(nodes),
        }
    }

    /// The items of a list that has one at least.
    pub(super) fn items(&self) -> Result<Vec<Self>, Misfit> {
        let Value::List(items) = self.value else {
            return Err(self.misfit("is no list"));
        };
        if items.is_empty() {
            return Err(self.misfit("is empty"));
        }
        let item = |(index, value)| Self { pointer: format!("{}/{index}", self.pointer), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A text.
    pub(super) fn text(&self) -> Result<&'a str, Misfit> {
        match self.value {
            Value::Text(text) if text.trim().is_empty() => Err(self.misfit("is empty")),
            Value::Text(text) => Ok(text),
            Value::Object(_) | Value::List(_) | Value::Whole(_) | Value::Other => {
                Err(self.misfit("is no text"))
            }
        }
    }

    /// Whether it is this number.
    pub(super) fn is(&self, number: u64) -> bool {
        matches!(self.value, Value::Whole(whole) if *whole == number)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }
}
