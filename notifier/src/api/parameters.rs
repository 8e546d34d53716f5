//! The parameters of a request's address, judged strictly: a misspelt filter that is passed over shows the wrong rows.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use crate::problem::Problem;

/// What was given, by name.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Takes the query apart.
    pub(super) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let reason = match known {
                    [] => "is not known here: there are no parameters".to_owned(),
                    known => format!("is not one of {}", known.join(", ")),
                };
                return Err(Problem::parameter(&name, &reason));
            }
            if given.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::parameter(&name, "is given more than once"));
            }
        }
        Ok(Self(given))
    }

    /// Whether it was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// As it was given.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A number between two bounds.
    pub(super) fn number<T>(&self, name: &str, min: T, max: T) -> Result<Option<T>, Problem>
    where
        T: FromStr + PartialOrd + Display,
    {
        let read = |text: &str| text.parse().ok().filter(|number| min <= *number && *number <= max);
        self.read(name, read, &format!("is no number between {min} and {max}"))
    }

    /// One of these words.
    pub(super) fn word(&self, name: &str, words: &[&str]) -> Result<Option<String>, Problem> {
        let read = |text: &str| words.contains(&text).then(|| text.to_owned());
        self.read(name, read, &format!("is not one of {}", words.join(", ")))
    }

    /// Anything that `read` understands.
    pub(super) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        reason: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| Problem::parameter(name, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Parameters, Problem> {
        Parameters::parse(Some(query), &["limit", "status"])
    }

    #[test]
    fn values_are_judged_by_name() {
        let parameters = parse("limit=50&status=no%5Fanswer").unwrap();
        assert_eq!(parameters.number("limit", 1_i64, 200), Ok(Some(50)));
        assert_eq!(parameters.word("status", &["no_answer"]), Ok(Some("no_answer".to_owned())));
        assert_eq!(parameters.number("offset", 1_i64, 200), Ok(None));
        assert!(parameters.has("limit") && !parameters.has("offset"));
        for query in [
            "limit=",
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1e2",
            "limit=99999999999999999999",
        ] {
            let problem = parse(query).unwrap().number("limit", 1_i64, 200);
            assert_eq!(
                problem,
                Err(Problem::parameter("limit", "is no number between 1 and 200")),
                "{query}"
            );
        }
    }

    #[test]
    fn what_is_unknown_or_repeated_is_named() {
        let reason = "is not one of limit, status";
        assert_eq!(parse("limt=5").err(), Some(Problem::parameter("limt", reason)));
        let reason = "is given more than once";
        assert_eq!(parse("limit=5&limit=6").err(), Some(Problem::parameter("limit", reason)));
        assert!(Parameters::parse(None, &[]).is_ok());
    }
}
